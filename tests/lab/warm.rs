//! Warm migrations, whole: how they are cut over, with hooks, to the remote destination, cancelled between two copies.

use crate::rig::Rig;
use mtvtest::event::{Event, Outcome, Verdict};
use mtvtest::facts::Power;
use mtvtest::lab::fault::Faults;
use mtvtest::lab::{Baseline, Lab};
use serde_json::Value;
use std::time::Duration;

const VM: &str = "mtv-rhel8-warm-2disks2nics";

fn warm(more: &str) -> String {
    format!(
        "description: Warm.\nwarm_migration: true\nvirtual_machines:\n  - {{name: {VM}, source_vm_power: \"on\", \
         guest_agent: true}}\n{more}"
    )
}

fn objects(lab: &Lab, kind: &str) -> Vec<Value> {
    lab.api().objects().into_iter().filter(|object| object["kind"] == kind).collect()
}

/// Runs and expects it to pass; tells how many copies there were.
async fn passes(rig: &mut Rig, scenario: &str, look: impl FnOnce(&Lab)) -> u32 {
    let ran = Box::pin(rig.run_and_look(scenario, look)).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    let judged = ran.reports().find(|report| report.check == "warm").unwrap();
    assert!(matches!(judged.verdict, Verdict::Passed { .. }), "{judged:?}");
    ran.assert_empty_world();
    let measured = ran.events.iter().find_map(|event| match event {
        Event::MigrationMeasured { precopies, downtime_ms, copied_mib, .. } => {
            assert!(downtime_ms.is_some() && *copied_mib > 0, "{event:?}");
            *precopies
        }
        _ => None,
    });
    measured.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_cutover_comes_after_as_many_copies_as_asked() {
    let mut rig = Rig::new();
    let copies = passes(&mut rig, &warm("cutover: {after_precopies: 3}\n"), |lab| {
        let [migration] = &objects(lab, "Migration")[..] else { panic!("one Migration") };
        assert!(migration["spec"]["cutover"].is_string(), "{}", migration["spec"]);
    })
    .await;
    assert!(copies >= 4, "{copies} with the last one");
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cutover_that_is_past_still_makes_a_whole_copy() {
    let mut rig = Rig::new();
    rig.settings.mins_before_cutover = Duration::ZERO;
    assert_eq!(passes(&mut rig, &warm(""), |_| {}).await, 2);
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn hooks_run_before_the_first_copy_and_after_the_vm_is_made() {
    let mut rig = Rig::new();
    let hooks = "pre_hook: {expected_result: succeed}\npost_hook: {expected_result: succeed}\n";
    passes(&mut rig, &warm(hooks), |lab| {
        let [migration] = &objects(lab, "Migration")[..] else { panic!("one Migration") };
        let steps = migration["status"]["vms"][0]["pipeline"].as_array().unwrap();
        let at = |name: &str| steps.iter().position(|step| step["name"] == name).unwrap();
        assert!(at("PreHook") < at("DiskTransfer") && at("DiskTransfer") < at("Cutover"));
        assert!(at("VirtualMachineCreation") < at("PostHook"));
        assert!(steps.iter().all(|step| step["phase"] == "Completed"), "{steps:?}");
        assert_eq!(objects(lab, "Hook").len(), 2);
    })
    .await;
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_post_hook_that_must_fail_leaves_a_warm_vm_that_is_judged() {
    let rig = Rig::new();
    let hooks = "post_hook: {expected_result: fail}\nexpected_migration_result: fail\n";
    let ran = Box::pin(rig.run(&warm(hooks))).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    assert!(ran.reports().any(|report| report.check == "warm" && matches!(report.verdict, Verdict::Passed { .. })));
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_remote_destination_takes_warm_migrations() {
    let mut rig = Rig::new();
    passes(&mut rig, &warm("destination: remote\nvm_target_namespace: remote-warm\n"), |lab| {
        let [vm] = &objects(lab, "VirtualMachine")[..] else { panic!("one VM") };
        assert_eq!(vm["metadata"]["namespace"], "remote-warm");
    })
    .await;
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_between_two_copies_it_leaves_no_snapshot_and_no_setting() {
    let mut rig = Rig::with_world(|_| {}, &Faults::default());
    // The VM itself is migrated, so that what the cancelled migration leaves on it shows.
    rig.lab.world().sources[0].change(|inventory| {
        let vm = inventory.vms.iter_mut().find(|vm| vm.name == VM).unwrap();
        vm.power = Power::On;
        vm.extra_config.push(("ctkEnabled".into(), "true".into()));
        for disk in &vm.disks {
            let key = format!("{}0:{}.ctkEnabled", disk.bus, disk.unit);
            vm.extra_config.push((key, "true".into()));
        }
    });
    rig.baseline = Baseline::take(&rig.lab);
    let (session, test, _collected) =
        Box::pin(rig.session(&warm("skip_clone: true\ncutover: {after_precopies: 50}\n"))).await;
    let session = session.map_err(|(_, error)| error).unwrap();
    let source = |lab: &Lab| lab.world().sources[0].read().vms.iter().find(|vm| vm.name == VM).unwrap().clone();
    let interrupt = async {
        let copied = |lab: &Lab| {
            objects(lab, "Migration").iter().any(|one| one["status"]["vms"][0]["warm"]["successes"].as_u64() >= Some(2))
        };
        rig.until(copied).await;
        assert_eq!(source(&rig.lab).snapshots.len(), 1);
        rig.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(mtvtest::engine::run_test(&session, &test), interrupt);
    assert_eq!(outcome, Outcome::Cancelled);
    assert_eq!(session.close().await.tear_down().await.unwrap(), []);
    let after = source(&rig.lab);
    assert!(after.snapshots.is_empty() && after.power == Power::On, "{:?}", after.snapshots);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}
