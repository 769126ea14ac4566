//! OVA files on a share: nobody but the product can read them, so the inventory decides, and what arrived is judged.

use crate::rig::{Ran, Rig};
use mtvtest::config::{MapEnvironment, Providers};
use mtvtest::event::{Outcome, Verdict};
use mtvtest::lab::Lab;
use mtvtest::lab::fault::{Failure, Faults, ProductFault};
use serde_json::Value;
use std::collections::BTreeMap;

const NFS: &str = "ova-nfs";
const PLAIN: &str = "description: d\nvirtual_machines: [{name: mtv-win2019-3disks}]\n";

fn rig() -> Rig {
    Rig::on(NFS)
}

/// The verdicts of a run by the check's key.
fn verdicts(ran: &Ran) -> BTreeMap<String, Verdict> {
    ran.reports().map(|report| (report.check.clone(), report.verdict.clone())).collect()
}

fn objects(lab: &Lab, kind: &str) -> Vec<Value> {
    lab.api().objects().into_iter().filter(|object| object["kind"] == kind).collect()
}

#[tokio::test(start_paused = true)]
async fn a_file_migrates_as_it_is_and_its_destination_is_judged() {
    let mut rig = rig();
    let mut migrated = Vec::new();
    let ran = rig.run_and_look(PLAIN, |lab| migrated = objects(lab, "VirtualMachine")).await;
    assert_eq!(ran.outcome, Outcome::Passed);
    ran.assert_empty_world();
    let name = migrated[0]["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("auto-") && name.contains("mtv-win2019-3disks"), "{name}");
    assert_eq!(migrated[0]["metadata"]["annotations"]["openshift.io/display-name"], "mtv-win2019-3disks");
    let found = verdicts(&ran);
    for judged in ["power", "cpu", "memory", "firmware", "serial", "name", "nics", "network", "storage"] {
        assert!(matches!(found[judged], Verdict::Passed { .. }), "{judged}: {:?}", found[judged]);
    }
    for idle in ["provider-tls", "snapshots", "disk-order", "source"] {
        assert!(matches!(found[idle], Verdict::NotApplicable { .. }), "{idle}: {:?}", found[idle]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_shipped_scenario_passes() {
    let scenario = include_str!("../../scenarios/ova/cold.yaml");
    let ran = rig().run(scenario).await;
    assert_eq!(ran.outcome, Outcome::Passed);
    ran.assert_empty_world();
    let found = verdicts(&ran);
    for judged in ["power", "labels", "affinity", "guest-agent"] {
        assert!(matches!(found[judged], Verdict::Passed { .. }), "{judged}: {:?}", found[judged]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_is_not_named_after_its_vm_is_mapped_and_those_of_others_are_not() {
    let mut rig = rig();
    for (vm, disks) in [("1nisim-rhel9-efi", 1), ("mtv-win2019", 1), ("mtv-win2019-3disks", 3)] {
        let mut maps = Vec::new();
        let scenario = format!("description: d\nvirtual_machines: [{{name: {vm}}}]\n");
        let ran = rig.run_and_look(&scenario, |lab| maps = objects(lab, "StorageMap")).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{vm}");
        let rows = maps[0]["spec"]["map"].as_array().unwrap();
        assert_eq!(rows.len(), disks, "{vm}: {rows:?}");
        assert!(rows.iter().all(|row| row["source"]["id"].is_string()), "{rows:?}");
        rig = self::rig();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_on_the_way_is_found_on_the_destination() {
    for (fault, check) in [
        (ProductFault::LostDisk, "storage"),
        (ProductFault::ShrunkDisk, "storage"),
        (ProductFault::LostCore, "cpu"),
        (ProductFault::HalvedMemory, "memory"),
        (ProductFault::WrongFirmware, "firmware"),
        (ProductFault::WrongSerial, "serial"),
        (ProductFault::WrongName, "name"),
        (ProductFault::LostNic, "nics"),
        (ProductFault::SwappedNetworks, "network"),
        (ProductFault::WrongPower, "power"),
    ] {
        let rig = rig();
        rig.faults().harm(fault);
        let ran = rig.run(PLAIN).await;
        assert_eq!(ran.failed_checks(), [check], "{fault}");
        ran.assert_empty_world();
    }
}

#[tokio::test(start_paused = true)]
async fn a_share_that_is_mounted_late_is_waited_for() {
    let faults = Faults::default();
    faults.fail(Failure::ProviderConnection { message: "mount.nfs: Connection timed out".into() });
    let mut rig = Rig::with_world(|_| {}, &faults);
    rig.provider = NFS.to_owned();
    let failed = |lab: &Lab| objects(lab, "Provider").iter().any(|one| one["status"]["phase"] == "ConnectionFailed");
    let passing = async {
        rig.until(failed).await;
        rig.faults().heal();
    };
    let (ran, ()) = futures::join!(rig.run(PLAIN), passing);
    assert_eq!(ran.outcome, Outcome::Passed);
    ran.assert_empty_world();
}

#[tokio::test(start_paused = true)]
async fn a_share_that_never_comes_ends_with_the_words_of_the_product() {
    let rig = rig();
    rig.faults().fail(Failure::ProviderConnection { message: "mount.nfs: Connection timed out".into() });
    let (session, ..) = rig.session(PLAIN).await;
    let Err((parts, error)) = session else { panic!("the provider is ready") };
    let words = format!("{error:?}");
    assert!(words.contains("ConnectionFailed") && words.contains("mount.nfs: Connection timed out"), "{words}");
    assert_eq!(parts.tear_down().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_share_that_the_server_does_not_have_is_told() {
    let mut rig = rig();
    rig.providers_json = rig.providers_json.replace("/exports/ova", "/exports/other");
    let (session, ..) = rig.session(PLAIN).await;
    let Err((parts, error)) = session else { panic!("the provider is ready") };
    assert!(format!("{error:?}").contains("No such file or directory"), "{error:?}");
    assert_eq!(parts.tear_down().await.unwrap(), []);
}

#[test]
fn a_malformed_share_is_refused_with_its_place() {
    let parse = |share: &str| {
        let text = format!("{{\"ova\": {{\"type\": \"ova\", \"version\": \"1\", \"api_url\": {share:?}}}}}");
        Providers::parse(&text, "providers.json", &MapEnvironment::default()).unwrap_err().to_string()
    };
    for (share, fault) in [
        ("nfs://nas/ova", "is a URL, not an NFS share"),
        ("nas.example.com/ova", "is not an NFS share"),
        (":/ova", "names no NFS server"),
        ("nas:/a/../../etc", "has a path that leaves the share"),
    ] {
        let words = parse(share);
        assert!(words.contains(fault) && words.contains("SERVER:/PATH") && words.contains("api_url"), "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_in_no_file_ends_at_the_deadline_with_the_nearest_names() {
    let rig = rig();
    let ran = rig.run("description: d\nvirtual_machines: [{name: mtv-win2019-2disks}]\n").await;
    let Outcome::Failed { reason } = &ran.outcome else { panic!("{:?}", ran.outcome) };
    assert!(reason.contains("no VM named \"mtv-win2019-2disks\" among 3 in the inventory"), "{reason}");
    assert!(reason.contains("mtv-win2019-3disks"), "{reason}");
    ran.assert_empty_world();
}
