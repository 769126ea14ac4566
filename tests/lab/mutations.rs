//! The mutation table: each product fault is caught by exactly one check, and by no other; unharmed migrations pass every
//! check, in every release of the product that the lab offers.
//!
//! A few scenarios exercise many options at once, so that the other checks really judge.

use crate::rig::{Ran, Rig};
use mtvtest::check::CHECKS;
use mtvtest::engine::{self, Environment};
use mtvtest::event::{Outcome, Verdict};
use mtvtest::lab::fault::{FaultRow, Faults, HARMLESS, Need, PRODUCT_FAULTS, ProductFault};
use mtvtest::lab::mtv_release;
use std::collections::BTreeSet;

/// A running Windows VM with secure boot, three disks, three NICs, snapshots and a name that no object can have;
/// everything that a cold plan can say about it.
const FULL: &str = "\
description: Everything that a cold plan can say.
virtual_machines:
  - name: mtv-win2022-ip-3disks
    source_vm_power: on
    guest_agent: true
    snapshots: 2
    clone_name: Full_Test
    preserve_name_format: true
vm_target_namespace: full-vms
pvc_name_template: '{{ .VmName | lower | replace \"_\" \"-\" }}-disk-{{ .DiskIndex }}'
target_node_selector: {mtv-mutations: null}
target_labels: {mtv-mutations: null, team: qa}
target_affinity:
  podAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 50
        podAffinityTerm:
          labelSelector: {matchLabels: {app: test}}
          topologyKey: kubernetes.io/hostname
enable_nested_virtualization: true
expect:
  VirtualMachine:
    spec:
      template:
        spec:
          domain:
            cpu: {features: [{name: vmx, policy: optional}]}
            machine: {type: q35}
            devices: {disks: [{disk: {bus: virtio}}], interfaces: [{model: virtio}]}
";

/// A VM that is off and stays off: EFI without secure boot, one disk, exact names of claims.
const STILL: &str = "\
description: A VM that is off.
virtual_machines:
  - {name: xcopy-template-test, source_vm_power: off}
pvc_name_template: '{{ .VmName }}-{{ .DiskIndex }}'
pvc_name_template_use_generate_name: false
";

/// A VM with a NIC that starts disconnected, on the network of another one: only since MTV 2.11 each of them can have a
/// row of its own in the map (forklift-api.md section 3).
const LOOSE: &str = "\
description: A NIC that is not connected.
min_mtv_version: 2.11.0
virtual_machines:
  - {name: mtv-tests-rhel8, source_vm_power: on, guest_agent: true, add_nic: true, add_nic_start_connected: false}
per_nic_network_map: true
";

/// A running VM of which no agent is asked, with BIOS, and snapshots.
const MOVING: &str = "\
description: A VM that runs.
virtual_machines:
  - {name: mtv-rhel8-warm-2disks2nics, source_vm_power: on, snapshots: 1}
pvc_name_template: '{{ .VmName }}-disk-{{ .DiskIndex }}'
";

const WARM: &str = "\
description: A warm migration with a cutover after two precopies.
virtual_machines:
  - {name: mtv-rhel8-warm-2disks2nics, source_vm_power: on, guest_agent: true}
warm_migration: true
cutover: {after_precopies: 2}
target_power_state: on
pvc_name_template: '{{ .VmName }}-disk-{{ .DiskIndex }}'
";

const OFFLOAD: &str = "\
description: The array copies two disks, and the host a third.
virtual_machines:
  - name: xcopy-template-test
    source_vm_power: off
    guest_agent: true
    add_disks:
      - {size_gb: 2}
      - {size_gb: 3, datastore_id: non_xcopy_datastore_id}
copyoffload: true
target_power_state: off
";

/// A running Linux VM with static addresses on both of its NICs, which are on one network: since MTV 2.11, as above.
const FIXED: &str = "\
description: Static addresses, secondary ones too.
min_mtv_version: 2.11.0
virtual_machines:
  - {name: mtv-tests-rhel9-dual-nic, source_vm_power: on, guest_agent: true}
per_nic_network_map: true
preserve_static_ips: true
target_power_state: on
";

/// A running Linux VM with files to lose, and an old XFS on its second disk.
const INSIDE: &str = "\
description: What is inside a guest.
virtual_machines:
  - {name: mtv-feature-rhel8-2xfs, source_vm_power: on}
integrity: {marker: true, manifest: [/srv/data, /etc/hostname]}
xfs_check: {command: /usr/sbin/xfs_info, mount_point: /sdb1, expected_output: crc=0}
";

/// A running Windows VM with a static address, whose files are compared, too.
const WINDOWS: &str = "\
description: What is inside a Windows guest.
virtual_machines:
  - {name: mtv-win2019-3disks, source_vm_power: on}
integrity: {marker: true, manifest: ['C:\\Data']}
";

/// A running Windows VM in which nothing is compared.
const PLAIN_WINDOWS: &str = "\
description: A Windows VM that runs.
virtual_machines:
  - {name: mtv-win2019-79, source_vm_power: on}
";

/// A running VM with an encrypted disk.
const LUKS: &str = "\
description: An encrypted guest.
virtual_machines:
  - {name: mtv-tests-rhel9-luks, source_vm_power: on, luks: true, luks_passphrase: lab-luks}
";

/// A running VM of an engine that records how VMs are switched off.
const RECORDED: &str = "\
description: A VM that runs on oVirt.
virtual_machines:
  - {name: mtv-rhel8-warm-2disks2nics, source_vm_power: on}
";

const SITUATIONS: [(&str, &str); 11] = [
    ("full", FULL),
    ("still", STILL),
    ("moving", MOVING),
    ("loose", LOOSE),
    ("warm", WARM),
    ("offload", OFFLOAD),
    ("fixed", FIXED),
    ("inside", INSIDE),
    ("windows", WINDOWS),
    ("luks", LUKS),
    ("recorded", RECORDED),
];

/// The releases that the lab offers.
const RELEASES: [&str; 5] = ["2.8", "2.9", "2.10", "2.11", "2.12"];

/// The scenario that has what a fault needs, and the release of MTV where it matters.
fn situation(need: Need) -> (&'static str, Option<&'static str>) {
    match need {
        Need::Anything
        | Need::Agent
        | Need::SeveralCores
        | Need::Nested
        | Need::SecureBoot
        | Need::VmwareSerial
        | Need::Renamed
        | Need::SeveralNics
        | Need::SeveralDisks
        | Need::SharedStorage
        | Need::PrefixedClaims
        | Need::Snapshots
        | Need::Selector
        | Need::Labels
        | Need::Affinity
        | Need::Expect => (FULL, None),
        Need::Stopped | Need::OpenEfi | Need::ExactClaims => (STILL, None),
        Need::Running | Need::Reachable => (MOVING, None),
        Need::RecordedStop => (RECORDED, None),
        Need::LooseNic => (LOOSE, None),
        Need::Warm | Need::CountedWarm => (WARM, None),
        Need::Offload | Need::OffloadElsewhere => (OFFLOAD, None),
        Need::OffloadTold => (OFFLOAD, Some("2.12")),
        Need::StaticAddress | Need::SeveralStaticNics => (FIXED, None),
        Need::Integrity | Need::Xfs => (INSIDE, None),
        Need::Luks => (LUKS, None),
    }
}

fn rig(release: Option<&str>) -> Rig {
    let mtv = release.map(|release| mtv_release(release).unwrap());
    Rig::with_world(|world| world.cluster.mtv = mtv.unwrap_or(world.cluster.mtv.clone()), &Faults::default())
}

/// A rig on the provider of a situation.
fn rig_for(scenario: &str, release: Option<&str>) -> Rig {
    let mut rig = rig(release);
    if scenario == RECORDED {
        "ovirt-4.4".clone_into(&mut rig.provider);
    }
    rig
}

/// The checks whose reports are no pass.
fn caught(ran: &Ran) -> BTreeSet<String> {
    ran.reports()
        .filter(|report| matches!(report.verdict, Verdict::Failed { .. } | Verdict::Inconclusive { .. }))
        .map(|report| report.check.clone())
        .collect()
}

/// Runs the situation of a row with its fault, and says what is wrong with the outcome.
async fn trial(row: &FaultRow) -> Result<(), String> {
    let (scenario, release) = situation(row.needs);
    trial_in(row, scenario, release).await
}

/// As [`trial`], in another situation.
async fn trial_in(row: &FaultRow, scenario: &str, release: Option<&str>) -> Result<(), String> {
    let rig = rig_for(scenario, release);
    rig.faults().harm(row.fault);
    let ran = rig.run(scenario).await;
    let answer = judge(row, &ran).map_err(|why| format!("{}: {why}; {:?}", row.fault, ran.outcome));
    rig.lab.stop().await;
    answer
}

fn judge(row: &FaultRow, ran: &Ran) -> Result<(), String> {
    let caught = caught(ran);
    if caught != BTreeSet::from([row.caught_by.to_owned()]) {
        return Err(format!("caught by {caught:?} instead of {}", row.caught_by));
    }
    let told = ran.reason().contains("rule:") || ran.reason().contains("inconclusive");
    if !matches!(ran.outcome, Outcome::Failed { .. }) || !told {
        return Err("the scenario did not fail with the rule".to_owned());
    }
    // Under a name that is not in the ledger a VM is not ours to touch: it is reported, and stays. Our own clone under
    // another name is a leftover besides.
    let stray = match row.fault {
        ProductFault::StrayClone => Some("-copy"),
        ProductFault::RenamedSource => Some("-migrated"),
        _ => None,
    };
    let is_stray = |one: &String| stray.is_some_and(|end| one.starts_with("+ ") && one.ends_with(end));
    let left = ran.differences.len() != usize::from(stray.is_some()) || !ran.differences.iter().all(is_stray);
    let renamed = row.fault == ProductFault::RenamedSource;
    if left || ran.leftovers.len() != usize::from(renamed) {
        return Err(format!("left behind: {:?} {:?}", ran.differences, ran.leftovers));
    }
    Ok(())
}

/// A test for each check, so that they run beside each other.
macro_rules! mutations_by_check {
    ($($test:ident $check:literal,)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $test() {
                let mut wrong = Vec::new();
                for row in PRODUCT_FAULTS.iter().filter(|row| row.caught_by == $check) {
                    wrong.extend(trial(row).await.err());
                }
                assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            }
        )+

        const TRIED: &[&str] = &[$($check,)+];
    };
}

mutations_by_check! {
    provider_tls "provider-tls",
    power "power",
    cpu "cpu",
    memory "memory",
    firmware "firmware",
    serial "serial",
    name "name",
    nics "nics",
    network "network",
    storage "storage",
    disk_order "disk-order",
    pvc_names "pvc-names",
    snapshots "snapshots",
    guest_agent "guest-agent",
    ssh "ssh",
    static_ip "static-ip",
    integrity "integrity",
    guest_command "guest-command",
    encryption "encryption",
    node "node",
    labels "labels",
    affinity "affinity",
    warm "warm",
    xcopy "xcopy",
    source "source",
    shutdown "shutdown",
    expect "expect",
}

/// The same in Windows, whose guests are asked otherwise.
#[tokio::test(start_paused = true)]
async fn faults_inside_windows_are_caught_too() {
    let mut wrong = Vec::new();
    for row in PRODUCT_FAULTS {
        let text = match row.needs {
            Need::Reachable => PLAIN_WINDOWS,
            Need::Integrity => WINDOWS,
            Need::StaticAddress => FULL,
            _ => continue,
        };
        wrong.extend(trial_in(row, text, None).await.err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What looks odd and is no fault fails nothing.
#[tokio::test(start_paused = true)]
async fn what_is_harmless_fails_nothing() {
    for row in HARMLESS {
        for text in [FULL, FIXED] {
            let rig = rig(None);
            rig.faults().harm(row.fault);
            let ran = rig.run(text).await;
            assert_eq!(caught(&ran), BTreeSet::new(), "{}: {}", row.fault, ran.reason());
            assert_eq!(ran.outcome, Outcome::Passed, "{}", row.fault);
            rig.lab.stop().await;
        }
    }
}

#[test]
fn every_check_has_a_fault_and_every_fault_a_check_that_is_tried() {
    assert!(PRODUCT_FAULTS.len() >= 60, "{}", PRODUCT_FAULTS.len());
    let keys: Vec<&str> = CHECKS.iter().map(|check| check.key).collect();
    assert_eq!(keys, TRIED);
    for key in &keys {
        assert!(PRODUCT_FAULTS.iter().any(|row| row.caught_by == *key), "{key} has no fault");
    }
    for row in PRODUCT_FAULTS {
        assert!(keys.contains(&row.caught_by), "{}: no check is called {}", row.fault, row.caught_by);
    }
}

/// Each row of the page has the faults that the check catches, and no other.
#[test]
fn the_page_of_the_checks_names_every_fault() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/checks.md")).unwrap();
    for check in CHECKS {
        let start = format!("| `{}` |", check.key);
        let line = page.lines().find(|line| line.starts_with(&start)).unwrap();
        let keys: Vec<String> = PRODUCT_FAULTS
            .iter()
            .filter(|row| row.caught_by == check.key)
            .map(|row| format!("`{}`", row.fault))
            .collect();
        let expected = format!(" | {} |", keys.join(", "));
        assert!(line.ends_with(&expected), "docs/checks.md: the row of {} must end with{expected}", check.key);
    }
}

/// Runs the unharmed situations in a release; what it cannot do is skipped for a reason of versions.
async fn unharmed(release: &str) -> BTreeSet<String> {
    let mut judged = BTreeSet::new();
    for (name, text) in SITUATIONS {
        let rig = rig_for(text, Some(release));
        // Before MTV 2.11 the product must be told (forklift-api.md section 10).
        let switched = text == OFFLOAD && ["2.8", "2.9", "2.10"].contains(&release);
        let told = if switched { "forklift_controller: {feature_copy_offload: true}\n" } else { "" };
        let text = format!("{text}{told}");
        let skip = skip_reason(&rig, &text);
        if let Some(reason) = skip {
            assert!(reason.starts_with("needs MTV 2."), "{name} on {release} is skipped: {reason}");
        } else {
            let ran = rig.run(&text).await;
            assert_eq!(caught(&ran), BTreeSet::new(), "{name} on {release}: {}", ran.reason());
            assert_eq!(ran.outcome, Outcome::Passed, "{name} on {release}: {}", ran.reason());
            ran.assert_empty_world();
            let passed = ran.reports().filter(|report| matches!(report.verdict, Verdict::Passed { .. }));
            judged.extend(passed.map(|report| report.check.clone()));
        }
        rig.lab.stop().await;
    }
    judged
}

fn skip_reason(rig: &Rig, text: &str) -> Option<String> {
    let providers = rig.providers();
    let entry = providers.get(&rig.provider).unwrap();
    let environment = Environment {
        cluster: rig.lab.api_url(),
        mtv: Some(rig.lab.world().spec.cluster.mtv.clone()),
        openshift: None,
        storage_class: String::new(),
    };
    engine::skip_reason(&rig.test(text).scenario, entry, &rig.settings, Some(&environment))
}

/// A test for each release, so that they run beside each other. Which checks had something to judge is asserted, too.
macro_rules! unharmed_in_release {
    ($($test:ident $release:literal $($idle:literal)*,)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $test() {
                let judged = unharmed($release).await;
                let idle: Vec<&str> =
                    CHECKS.iter().map(|check| check.key).filter(|key| !judged.contains(*key)).collect();
                let expected: &[&str] = &[$($idle,)*];
                assert_eq!(idle, expected);
            }
        )+

        const UNHARMED: &[&str] = &[$($release,)+];
    };
}

unharmed_in_release! {
    unharmed_2_8 "2.8" "guest-agent" "node" "labels" "affinity" "warm" "xcopy" "expect",
    unharmed_2_9 "2.9" "node" "labels" "affinity" "expect",
    unharmed_2_10 "2.10",
    unharmed_2_11 "2.11",
    unharmed_2_12 "2.12",
}

#[test]
fn every_release_is_tried() {
    assert_eq!(UNHARMED, RELEASES);
    assert!(
        mtv_release("2.13").unwrap_err().contains(&format!("MTV {}", RELEASES.join(", "))),
        "a release is not tried"
    );
}
