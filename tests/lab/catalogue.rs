//! The whole catalogue, every scenario in one run, on every release of the product that the lab offers. The clock
//! runs: with so many tests at once something always has a turn, and a paused clock would stand still.

use crate::rig::Rig;
use mtvtest::event::{Event, Outcome, Verdict};
use mtvtest::lab::fault::Faults;
use mtvtest::lab::mtv_release;
use mtvtest::lab::world::WorldSpec;
use mtvtest::scenario::Catalogue;
use std::collections::BTreeMap;

/// Scenarios that the default world cannot run, and what their reason says.
const NEVER: [(&str, &str); 2] =
    [("copyoffload/warm-rdm-virtual-disk", "known issue MTV-5622"), ("ova/cold", "source of type `ova`")];

/// Runs everything, and tells what was skipped beside what no release runs, with the reasons.
async fn catalogue_on(change: impl FnOnce(&mut WorldSpec)) -> BTreeMap<String, String> {
    let rig = Rig::with_world(change, &Faults::default());
    let tests = rig.tests(&Catalogue::embedded().unwrap());
    let ended = Box::pin(rig.run_all(&tests)).await;
    assert_eq!(ended.outcomes.len(), tests.len());
    let mut failed = Vec::new();
    let mut skipped = BTreeMap::new();
    for (name, outcome) in ended.outcomes {
        match outcome {
            Outcome::Passed => {}
            Outcome::Skipped { reason } => {
                skipped.insert(name, reason);
            }
            other => failed.push(format!("{name}: {other:?}")),
        }
    }
    assert_eq!(failed, Vec::<String>::new());
    let failed_checks: Vec<String> = (ended.events.iter())
        .filter_map(|event| match event {
            Event::CheckJudged { test, report } => match &report.verdict {
                Verdict::Failed { .. } | Verdict::Inconclusive { .. } => {
                    Some(format!("{test}: {}: {:?}", report.check, report.verdict))
                }
                Verdict::Passed { .. } | Verdict::NotApplicable { .. } => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(failed_checks, Vec::<String>::new());
    assert_eq!(ended.leftovers, []);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
    for (name, why) in NEVER {
        let reason = skipped.remove(name).unwrap_or_default();
        assert!(reason.contains(why), "{name}: {reason}");
    }
    skipped
}

/// Runs everything on a release; all that is skipped must name `release` and the version that it lacks.
async fn release(short: &str, lacking: &[(&str, &str)]) {
    let full = mtv_release(short).unwrap();
    let skipped = Box::pin(catalogue_on(|spec| spec.cluster.mtv.clone_from(&full))).await;
    let expected: Vec<(&str, String)> =
        (lacking.iter()).map(|(name, wants)| (*name, format!("needs MTV {wants}, this is {full}"))).collect();
    let told: Vec<(&str, String)> = skipped.iter().map(|(name, reason)| (name.as_str(), reason.clone())).collect();
    assert_eq!(told, expected, "MTV {full}");
}

const PLACED: &str = "2.10.0 or later for target labels, affinity and node selector";
const WARM_OFFLOAD: &str = "2.10.0 or later for warm copy-offload";
const XFS: &str = ">=2.10";
const PER_NIC: &str = "2.11.0 or later for a network map per NIC";

#[tokio::test]
async fn everything_passes_on_the_default_world() {
    let skipped = Box::pin(catalogue_on(|_| {})).await;
    assert_eq!(skipped, BTreeMap::new());
    assert!(Catalogue::embedded().unwrap().scenarios.len() - NEVER.len() >= 30);
}

#[tokio::test]
async fn every_source_passes_what_is_for_it() {
    let rig = Rig::new();
    let tests = rig.tests_everywhere(&Catalogue::embedded().unwrap());
    let ended = Box::pin(rig.run_all(&tests)).await;
    let mut passed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, outcome) in &ended.outcomes {
        let (scenario, source) = name.split_once('@').unwrap();
        match outcome {
            Outcome::Passed => passed.entry(source).or_default().push(scenario),
            Outcome::Skipped { .. } => {}
            other => panic!("{name}: {other:?}"),
        }
    }
    let cold = ["cold/comprehensive", "cold/sanity", "hooks/post-hook-retain-failed-vm", "remote/cold"];
    let with_disks = [&["cold/2disks2nics"][..], &cold[..]].concat();
    assert_eq!(passed["ovirt-4.4"], with_disks);
    assert_eq!(passed["openstack-17.1"], with_disks);
    assert_eq!(passed["openshift-local"], cold);
    assert_eq!(passed["ova-nfs"], ["ova/cold"]);
    assert!(passed["vsphere-8"].len() >= 40, "{passed:?}");
    assert_eq!(ended.leftovers, []);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test]
async fn on_2_8() {
    let power = "2.9.0 or later for a target power state";
    let comprehensive = format!("{PLACED}, this is {full}; needs MTV {power}", full = mtv_release("2.8").unwrap());
    let xfs = format!("{XFS}, this is {full}; needs MTV {power}", full = mtv_release("2.8").unwrap());
    let lacking = [
        ("cold/comprehensive", comprehensive.as_str()),
        ("cold/disconnected-nic", PER_NIC),
        ("cold/dual-nic-same-network", PER_NIC),
        ("cold/xfs", xfs.as_str()),
        ("copyoffload/warm", WARM_OFFLOAD),
        ("hooks/post-hook-retain-failed-vm", power),
        ("warm/comprehensive", comprehensive.as_str()),
        ("warm/xfs", xfs.as_str()),
    ];
    Box::pin(release("2.8", &lacking)).await;
}

#[tokio::test]
async fn on_2_9() {
    let lacking = [
        ("cold/comprehensive", PLACED),
        ("cold/disconnected-nic", PER_NIC),
        ("cold/dual-nic-same-network", PER_NIC),
        ("cold/xfs", XFS),
        ("copyoffload/warm", WARM_OFFLOAD),
        ("warm/comprehensive", PLACED),
        ("warm/xfs", XFS),
    ];
    Box::pin(release("2.9", &lacking)).await;
}

#[tokio::test]
async fn on_2_10() {
    let lacking = [("cold/disconnected-nic", PER_NIC), ("cold/dual-nic-same-network", PER_NIC)];
    Box::pin(release("2.10", &lacking)).await;
}

#[tokio::test]
async fn on_2_11() {
    Box::pin(release("2.11", &[])).await;
}

#[tokio::test]
async fn on_2_12() {
    Box::pin(release("2.12", &[])).await;
}

/// Before OpenShift 4.20 the serial is another one: the check knows both rules.
#[tokio::test]
async fn on_openshift_4_19() {
    assert_eq!(Box::pin(catalogue_on(|spec| spec.cluster.openshift = Some("4.19.12".into()))).await, BTreeMap::new());
}
