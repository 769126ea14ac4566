//! Copy-offload, whole: every array, both ways to tell an ESXi host, and a proof that is not to be had.

use crate::rig::Rig;
use mtvtest::config::StorageVendor;
use mtvtest::event::{CheckReport, Outcome, Verdict};
use mtvtest::lab::fault::{Faults, TransportEffect, TransportFault};
use mtvtest::lab::world::{ArraySpec, WorldSpec};

const SMALL: &str = "description: By the array.\ncopyoffload: true\nvirtual_machines:\n  - {name: \
                     xcopy-template-test, source_vm_power: \"off\", disk_type: thin}\n";

fn array(spec: &mut WorldSpec) -> &mut ArraySpec {
    let array = &mut spec.sources[0].vsphere_mut().unwrap().array;
    array.as_mut().unwrap()
}

/// The values that each array needs of its own. Source: original-suite.md section 4.
fn own_keys(vendor: StorageVendor) -> &'static [&'static str] {
    match vendor {
        StorageVendor::Ontap => &["ontap_svm"],
        StorageVendor::Vantara => &["vantara_storage_id", "vantara_storage_port", "vantara_hostgroup_id_list"],
        StorageVendor::PureFlashArray => &["pure_cluster_prefix"],
        StorageVendor::Powerflex => &["powerflex_system_id"],
        StorageVendor::Powermax => &["powermax_symmetrix_id"],
        StorageVendor::Primera3par
        | StorageVendor::Powerstore
        | StorageVendor::Infinibox
        | StorageVendor::Flashsystem => &[],
    }
}

fn xcopy<'a>(mut reports: impl Iterator<Item = &'a CheckReport>) -> &'a Verdict {
    &reports.find(|report| report.check == "xcopy").unwrap().verdict
}

#[tokio::test(start_paused = true)]
async fn every_array_copies() {
    for vendor in StorageVendor::ALL {
        let change = |spec: &mut WorldSpec| {
            let array = array(spec);
            vendor.as_str().clone_into(&mut array.vendor);
            array.keys = own_keys(vendor).iter().map(|key| ((*key).to_owned(), format!("a {key}"))).collect();
        };
        let rig = Rig::with_world(change, &Faults::default());
        let ran = Box::pin(rig.run(SMALL)).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{vendor:?}: {}", ran.reason());
        assert!(matches!(xcopy(ran.reports()), Verdict::Passed { .. }), "{vendor:?}");
        ran.assert_empty_world();
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn over_ssh_the_key_is_on_the_host_until_the_end() {
    for mtv in ["2.9.9", "2.11.3"] {
        let change = |spec: &mut WorldSpec| {
            mtv.clone_into(&mut spec.cluster.mtv);
            array(spec).clone_method = Some("ssh".into());
        };
        let mut rig = Rig::with_world(change, &Faults::default());
        let look = |lab: &mtvtest::lab::Lab| {
            let keys = lab.world().sources[0].read().authorized_keys.clone();
            assert!(keys.values().any(|lines| lines.len() == 1), "{keys:?}");
        };
        let ran = Box::pin(rig.run_and_look(SMALL, look)).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{mtv}: {}", ran.reason());
        assert!(matches!(xcopy(ran.reports()), Verdict::Passed { .. }), "{mtv}");
        ran.assert_empty_world();
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_the_array_does_not_hold_falls_back_and_is_proven_to() {
    let rig = Rig::new();
    let ran = Box::pin(rig.run(include_str!("../../scenarios/copyoffload/mixed-datastore.yaml"))).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    let Verdict::Passed { seen } = xcopy(ran.reports()) else { panic!("{:?}", xcopy(ran.reports())) };
    assert!(seen.contains('1'), "{seen}");
    ran.assert_empty_world();
    rig.lab.stop().await;
}

/// Before MTV 2.12 only the pods' logs tell; whoever cannot read them knows nothing, and must not pass.
#[tokio::test(start_paused = true)]
async fn what_nobody_saw_is_no_proof() {
    let faults = Faults::default();
    let effect = TransportEffect::Status(404);
    faults.disturb(TransportFault { verb: "GET".into(), path: "/log$".into(), after: 0, times: None, effect });
    let rig = Rig::with_world(|_| {}, &faults);
    let ran = Box::pin(rig.run(SMALL)).await;
    assert!(matches!(ran.outcome, Outcome::Failed { .. }), "{:?}", ran.outcome);
    assert!(matches!(xcopy(ran.reports()), Verdict::Inconclusive { .. }), "{:?}", xcopy(ran.reports()));
    assert!(ran.reason().contains("neither a pod nor a task told"), "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}
