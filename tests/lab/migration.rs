//! Migrations that go well.

use crate::rig::{COLD, Rig, all_files};
use mtvtest::event::{Event, Outcome, StepName, Verdict};
use mtvtest::lab::fault::{TransportEffect, TransportFault};
use mtvtest::wait::pause;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_cold_migration_passes_every_check_and_leaves_nothing() {
    let rig = Rig::new();
    let ran = rig.run(COLD).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{:#?}", ran.events);
    ran.assert_empty_world();
    let keys: Vec<&str> = ran.reports().map(|report| report.check.as_str()).collect();
    let all: Vec<&str> = mtvtest::check::CHECKS.iter().map(|check| check.key).collect();
    assert_eq!(keys, all);
    // The scenario asks for nothing that these judge.
    let inside = ["static-ip", "integrity", "guest-command", "encryption"];
    let idle =
        ["pvc-names", "node", "labels", "affinity", "warm", "xcopy", "shutdown", "expect"].into_iter().chain(inside);
    let idle: Vec<&str> = idle.collect();
    for report in ran.reports() {
        let passed = matches!(report.verdict, Verdict::Passed { .. });
        assert_eq!(passed, !idle.contains(&report.check.as_str()), "{report:?}");
    }
    let steps: Vec<StepName> = (ran.events.iter())
        .filter_map(|event| match event {
            Event::StepFinished { step, outcome: Outcome::Passed, .. } => Some(*step),
            _ => None,
        })
        .collect();
    let all = [
        StepName::Prepare,
        StepName::StorageMap,
        StepName::NetworkMap,
        StepName::Plan,
        StepName::Migrate,
        StepName::Check,
        StepName::CleanUp,
    ];
    assert_eq!(steps, all);
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn clone_options_reach_the_clone_and_the_migrated_vm() {
    let rig = Rig::new();
    let ran = rig
        .run(
            "description: Options.\ntarget_power_state: \"on\"\nvm_target_namespace: mtvtest-custom\nvirtual_machines:\n  - name: \
             mtv-tests-rhel8\n    guest_agent: true\n    source_vm_power: \"on\"\n    clone_name: My_Clone\n    \
             disk_type: thick-lazy\n    add_disks:\n      - {size_gb: 3, provision_type: thin}\n",
        )
        .await;
    assert_eq!(ran.outcome, Outcome::Passed, "{:#?}", ran.events);
    let storage = ran.reports().find(|report| report.check == "storage").unwrap();
    assert_eq!(storage.verdict, Verdict::Passed { seen: "2 disks".into() });
    let power = ran.reports().find(|report| report.check == "power").unwrap();
    assert_eq!(power.verdict, Verdict::Passed { seen: "on".into() });
    let clone = format!("{}-my-clone-", rig.session_id());
    let made = ran.events.iter().any(|event| matches!(event, Event::Made { what, .. } if what.contains(&clone)));
    assert!(made, "no clone was named {clone}");
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_was_there_before_is_used_and_kept() {
    let rig = Rig::new();
    let client = rig.lab.client();
    let namespaces: kube::Api<k8s_openapi::api::core::v1::Namespace> = kube::Api::all(client);
    let body = serde_json::from_value(serde_json::json!({ "metadata": { "name": "stays" } })).unwrap();
    namespaces.create(&kube::api::PostParams::default(), &body).await.unwrap();
    let scenario = format!("{COLD}vm_target_namespace: stays\n");
    let ran = rig.run(&scenario).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    assert!(namespaces.get_opt("stays").await.unwrap().is_some());
    assert_eq!(rig.leftovers(), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn dropped_watches_expired_versions_and_busy_servers_are_survived() {
    for (verb, path, effect) in [
        ("WATCH", "/migrations", TransportEffect::DropWatch),
        ("WATCH", "/migrations", TransportEffect::ExpireWatch),
        ("WATCH", "/plans", TransportEffect::Status(429)),
        ("WATCH", "/providers", TransportEffect::Status(500)),
        ("LIST", "/migrations", TransportEffect::Reset),
        ("GET", "/persistentvolumeclaims", TransportEffect::Status(500)),
        ("POST", "/plans", TransportEffect::ResetAfter),
        ("POST", "/migrations", TransportEffect::Status(429)),
        ("DELETE", "/plans", TransportEffect::ResetAfter),
        ("DELETE", "/namespaces", TransportEffect::Reset),
    ] {
        let rig = Rig::new();
        let fault = TransportFault { verb: verb.into(), path: path.into(), after: 0, times: Some(2), effect };
        rig.faults().disturb(fault);
        let ran = rig.run(COLD).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{verb} {path} {effect:?}: {}", ran.reason());
        ran.assert_empty_world();
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_wait_costs_no_requests() {
    let rig = Rig::new();
    let (session, test, _collected) = rig.session(COLD).await;
    let session = session.map_err(|(_, error)| error).unwrap();
    rig.faults().fail(mtvtest::lab::fault::Failure::MigrationStalls);
    let minutes = 4;
    let watched = async {
        rig.migration_exists().await;
        pause(Duration::from_secs(60)).await;
        let parts = session.parts();
        let before = (parts.cluster.requests(), parts.source_requests.total());
        pause(Duration::from_secs(60 * minutes)).await;
        let after = (parts.cluster.requests(), parts.source_requests.total());
        rig.cancel.cancel();
        (before, after)
    };
    let (outcome, (before, after)) = tokio::join!(mtvtest::engine::run_test(&session, &test), watched);
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(before.0 > 10 && before.1 > 5, "{before:?}");
    // A watch is opened anew before its five minutes are over; nothing else is asked.
    assert!(after.0 <= before.0 + 1, "{before:?} {after:?}");
    assert_eq!(after.1, before.1);
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_secret_reaches_a_file_of_the_run() {
    const MARKER: &str = "marker-k3Zq9-password";
    let rig = Rig::with_world(
        |spec| {
            let password = &mut spec.sources[0].vsphere_mut().unwrap().password;
            MARKER.clone_into(password);
        },
        &mtvtest::lab::fault::Faults::default(),
    );
    let ran = rig.run(COLD).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    let text = all_files(&rig.run_directory()) + &serde_json::to_string(&ran.events).unwrap();
    assert!(text.contains("mtv-tests-rhel8"));
    assert!(!text.contains(MARKER) && !text.contains(rig.lab.admin_token()));
    rig.lab.stop().await;
}
