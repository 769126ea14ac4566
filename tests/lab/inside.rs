//! Looks inside the guests: what is found, what is told when nothing can be found, and who is not disturbed twice.

use crate::rig::{Ran, Rig};
use mtvtest::config::SshTunnel;
use mtvtest::event::{Outcome, Verdict};
use mtvtest::facts::{GuestEvidence, LoginOutcome};
use mtvtest::lab::fault::{TransportEffect, TransportFault};
use mtvtest::lab::world::{Boots, Commands, GuestSpec, Language, NetworkTool, Says, SshMethod, SshPort, SshStage};
use std::time::Duration;

const LINUX: &str = "\
description: A Linux VM that runs.
virtual_machines:
  - {name: mtv-tests-rhel8, source_vm_power: on}
";

const WINDOWS: &str = "\
description: A Windows VM with static addresses, a secondary one among them.
virtual_machines:
  - {name: mtv-win2022-ip-3disks, source_vm_power: on}
preserve_static_ips: true
";

/// A lab whose VM `name` has another guest.
fn rig(name: &str, change: impl FnOnce(&mut GuestSpec)) -> Rig {
    Rig::with_vm(name, |vm| change(&mut vm.guest))
}

fn verdict<'a>(ran: &'a Ran, check: &str) -> &'a Verdict {
    &ran.reports()
        .find(|report| report.check == check)
        .unwrap_or_else(|| panic!("no {check}: {:?}", ran.outcome))
        .verdict
}

/// What the run stored of its first guest.
fn evidence(rig: &Rig) -> GuestEvidence {
    let path = rig.run_directory().join("evidence/cold/sanity.json");
    let stored: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    serde_json::from_value(stored["vms"][0]["guest"].clone()).unwrap()
}

const CLOUD_INIT: &str = "\
description: A VM whose cloud-init is awaited.
virtual_machines:
  - {name: mtv-tests-rhel8, wait_for_cloud_init: true}
";

#[tokio::test(start_paused = true)]
async fn a_vm_whose_cloud_init_is_awaited_is_migrated_running() {
    let rig = Rig::new();
    let ran = Box::pin(rig.run(CLOUD_INIT)).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    assert!(matches!(verdict(&ran, "ssh"), Verdict::Passed { .. }), "{:?}", verdict(&ran, "ssh"));
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_guest_without_cloud_init_or_without_tools_ends_the_wait() {
    let rig = rig("mtv-tests-rhel8", |guest| guest.agent = false);
    let ran = Box::pin(rig.run(CLOUD_INIT)).await;
    assert!(ran.reason().contains("wait for cloud-init in the guest of VM"), "{}", ran.reason());
    assert!(ran.reason().contains("it reported no network in time"), "{}", ran.reason());
    rig.lab.stop().await;
    let rig = Rig::new();
    let ran = Box::pin(rig.run(&CLOUD_INIT.replace("mtv-tests-rhel8", "mtv-win2019-3disks"))).await;
    assert!(ran.reason().contains("it runs Windows"), "{}", ran.reason());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn guests_of_every_kind_are_read_alike() {
    let linux = |network, commands| {
        move |guest: &mut GuestSpec| {
            guest.network = Some(network);
            guest.commands = Some(commands);
        }
    };
    for (network, commands) in [
        (NetworkTool::NetworkManager, Commands::Modern),
        (NetworkTool::NetworkManager, Commands::Old),
        (NetworkTool::Netplan, Commands::Modern),
        (NetworkTool::Ifcfg, Commands::Ancient),
        (NetworkTool::None, Commands::Modern),
    ] {
        let rig = rig("mtv-tests-rhel8", linux(network, commands));
        let ran = rig.run(LINUX).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{network:?} {commands:?}");
        let facts = evidence(&rig).facts.unwrap();
        assert_eq!(facts.hostname.as_deref(), Some("mtv-tests-rhel8"), "{network:?} {commands:?}");
        assert_eq!(facts.nics.len(), 3, "{network:?} {commands:?}: {facts:?}");
        assert_eq!(facts.nics[0].addresses[0].ip, "10.6.68.11", "{network:?} {commands:?}: {facts:?}");
        assert!(facts.boot_id.is_some() && !facts.disks.is_empty(), "{network:?} {commands:?}: {facts:?}");
        rig.lab.stop().await;
    }
    for (language, commands) in [
        (Language::En, Commands::Modern),
        (Language::De, Commands::Modern),
        (Language::En, Commands::Old),
        (Language::De, Commands::Old),
        (Language::Fr, Commands::Old),
        (Language::Ja, Commands::Old),
    ] {
        let rig = rig("mtv-win2022-ip-3disks", |guest| {
            guest.language = language;
            guest.commands = Some(commands);
        });
        let ran = rig.run(WINDOWS).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{language:?} {commands:?}");
        assert!(matches!(verdict(&ran, "static-ip"), Verdict::Passed { .. }), "{language:?} {commands:?}");
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_way_to_log_in_is_taken() {
    for method in [SshMethod::Password, SshMethod::KeyboardInteractive] {
        let rig = rig("mtv-tests-rhel8", |guest| guest.ssh.methods = vec![method]);
        let ran = rig.run(LINUX).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{method:?}");
        assert_eq!(evidence(&rig).login, LoginOutcome::In("root".into()), "{method:?}");
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_cannot_be_looked_into_is_told_by_its_reason() {
    type Change = fn(&mut GuestSpec);
    let cases: [(&str, Change, &str); 6] = [
        ("another password", |guest| drop(guest.users.insert("root".into(), "other".into())), "login refused"),
        ("never boots", |guest| guest.ssh.boots = Boots::Never, "no answer within"),
        ("no server", |guest| guest.ssh.port = SshPort::None, "refused"),
        ("breaks off", |guest| guest.ssh.closes_in = Some(SshStage::Command), "ssh to root@"),
        ("no text", |guest| guest.ssh.says = Says::Binary, "was answered with"),
        ("no handshake", |guest| guest.ssh.closes_in = Some(SshStage::Handshake), "ssh to root@"),
    ];
    for (what, change, words) in cases {
        let mut rig = rig("mtv-tests-rhel8", change);
        rig.settings.timeouts.ssh = Duration::from_secs(20);
        let ran = rig.run(LINUX).await;
        assert_eq!(ran.failed_checks(), ["ssh"], "{what}: {:?}", ran.outcome);
        assert!(ran.reason().contains(words), "{what}: {}", ran.reason());
        ran.assert_empty_world();
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_boots_slowly_is_waited_for() {
    let rig = rig("mtv-tests-rhel8", |guest| guest.ssh.boots = Boots::Slow);
    let ran = rig.run(LINUX).await;
    assert_eq!(ran.outcome, Outcome::Passed);
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_closed_way_says_nothing_of_the_guest() {
    let rig = Rig::new();
    let (verb, path) = ("GET".to_owned(), "/portforward/22/tcp$".to_owned());
    let effect = TransportEffect::Status(403);
    rig.faults().disturb(TransportFault { verb, path, after: 0, times: None, effect });
    let ran = rig.run(LINUX).await;
    let Verdict::Inconclusive { reason } = verdict(&ran, "ssh") else { panic!("{:?}", ran.outcome) };
    assert!(reason.contains("virtualmachineinstances/portforward"), "{reason}");
    assert_eq!(ran.failed_checks(), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_off_is_left_alone_unless_something_inside_is_asked_for() {
    let off = LINUX.replace("source_vm_power: on", "source_vm_power: off");
    let rig = Rig::new();
    let ran = rig.run(&off).await;
    assert_eq!(ran.outcome, Outcome::Passed);
    let Verdict::NotApplicable { reason } = verdict(&ran, "ssh") else { panic!() };
    assert!(reason.contains("off"), "{reason}");
    rig.lab.stop().await;

    let rig = Rig::new();
    let ran = rig.run(&format!("{off}integrity: {{marker: true, manifest: [/etc/fstab, /etc/os-release]}}\n")).await;
    assert_eq!(ran.outcome, Outcome::Passed);
    assert!(matches!(verdict(&ran, "integrity"), Verdict::Passed { .. }), "{:?}", verdict(&ran, "integrity"));
    assert!(matches!(verdict(&ran, "power"), Verdict::Passed { .. }), "the look is no change of power");
    let integrity = evidence(&rig).integrity.unwrap();
    assert_eq!(integrity.before.len(), 2);
    assert!(integrity.marker.unwrap().1.contains("cold/sanity"));
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_guest_without_tools_is_marked_over_ssh() {
    let rig = rig("mtv-tests-rhel8", |guest| guest.agent = false);
    let ran = rig.run(&format!("{LINUX}integrity: {{marker: true}}\n")).await;
    let said = ran.reason().to_owned();
    assert!(said.contains("mark the guest of"), "{said}");
    assert!(said.contains("reports no address"), "nobody tells its address: {said}");
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_for_a_look_is_told_before_anything_is_made() {
    let mut rig = Rig::new();
    let mut providers: serde_json::Value = serde_json::from_str(&rig.lab.providers_json()).unwrap();
    let entry = providers["vsphere-8"].as_object_mut().unwrap();
    entry.remove("guest_vm_win_user");
    entry.remove("guest_vm_win_password");
    rig.providers_json = providers.to_string();
    assert_eq!(rig.preflight(LINUX).await, Vec::<String>::new());
    rig.seed += 1;
    let problems = rig.preflight(WINDOWS).await;
    let expected = "looks into the Windows guest of mtv-win2022-ip-3disks, but the entry vsphere-8 of the providers \
                    file has no login for it: add guest_vm_win_user and guest_vm_win_password or guest_vm_win_private_key";
    assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?}");
    rig.seed += 1;
    let closed = format!(
        "{}checks: {{skip: {{ssh: no login, static-ip: no login}}}}\n",
        WINDOWS.replace("preserve_static_ips: true\n", "")
    );
    assert_eq!(rig.preflight(&closed).await, Vec::<String>::new());
    assert_eq!(rig.settings.ssh.tunnel, SshTunnel::Native);
    rig.lab.stop().await;
}
