//! OpenStack: runs on the lab's cloud from end to end, and what the cloud answers when things go wrong.

use crate::rig::{Ran, Rig};
use futures::future::join_all;
use mtvtest::config::{MapEnvironment, Providers};
use mtvtest::event::{Outcome, Verdict};
use mtvtest::facts::{Cpu, Firmware, Power, chain};
use mtvtest::http::{RequestCounter, TlsPolicy};
use mtvtest::lab::Lab;
use mtvtest::lab::fault::{Failure, TransportEffect, TransportFault};
use mtvtest::lab::world::openstack::Quota;
use mtvtest::lab::world::{Source, SourceSpec, WorldSpec};
use mtvtest::provider::{CloneRequest, DiskType, ProviderError, Removal, SourceProvider, VmRef, connect};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const CLOUD: &str = "openstack-17.1";
const SANITY: &str = include_str!("../../scenarios/cold/sanity.yaml");

fn rig() -> Rig {
    Rig::on(CLOUD)
}

fn rig_with(change: impl FnOnce(&mut Quota)) -> Rig {
    let edit = |spec: &mut WorldSpec| {
        let cloud = spec.sources.iter_mut().find_map(|source| match source {
            SourceSpec::Openstack(cloud) => Some(cloud),
            _ => None,
        });
        change(&mut cloud.unwrap().quota);
    };
    let mut rig = Rig::with_world(edit, &mtvtest::lab::fault::Faults::default());
    CLOUD.clone_into(&mut rig.provider);
    rig
}

fn source(lab: &Lab) -> &Arc<Source> {
    lab.world().source(CLOUD).unwrap()
}

/// What is in the cloud beside its servers, the image of the world left out.
fn parts(lab: &Lab) -> Vec<String> {
    let mut all = source(lab).openstack().unwrap().cloud().parts();
    all.retain(|name| name != "image mtv-image-booted-image");
    all
}

async fn client_as(rig: &Rig, providers: &str) -> Result<Arc<dyn SourceProvider>, ProviderError> {
    let providers = Providers::parse(providers, "p.json", &MapEnvironment::default()).unwrap();
    let entry = providers.get(CLOUD).unwrap();
    connect(entry, TlsPolicy::SystemRoots, rig.network.as_ref(), RequestCounter::default()).await
}

async fn client(rig: &Rig) -> Arc<dyn SourceProvider> {
    client_as(rig, &rig.lab.providers_json()).await.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

async fn clone_of(sdk: &dyn SourceProvider, name: &str, clone: &str) -> Result<VmRef, ProviderError> {
    let source = sdk.find_vm(name).await.unwrap();
    sdk.clone_vm(&CloneRequest::new(source, clone), &CancellationToken::new()).await
}

fn words<T>(answer: Result<T, ProviderError>) -> String {
    chain(&answer.err().unwrap())
}

fn verdicts(ran: &Ran) -> BTreeMap<String, Verdict> {
    ran.reports().map(|report| (report.check.clone(), report.verdict.clone())).collect()
}

fn requests_meet(rig: &Rig, verb: &str, path: &str, (after, times): (u32, Option<u32>), effect: TransportEffect) {
    let (verb, path) = (verb.to_owned(), path.to_owned());
    rig.faults().disturb(TransportFault { verb, path, after, times, effect });
}

#[tokio::test(start_paused = true)]
async fn the_shipped_scenarios_pass_and_leave_nothing() {
    for scenario in [
        SANITY,
        include_str!("../../scenarios/cold/2disks2nics.yaml"),
        include_str!("../../scenarios/cold/comprehensive.yaml"),
        include_str!("../../scenarios/remote/cold.yaml"),
    ] {
        let rig = rig();
        let ran = rig.run(scenario).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{scenario}: {:?}", ran.failed_checks());
        ran.assert_empty_world();
        assert_eq!(parts(&rig.lab), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn checks_judge_what_the_cloud_tells_and_say_what_it_does_not() {
    let ran = rig().run(SANITY).await;
    assert_eq!(ran.outcome, Outcome::Passed);
    let found = verdicts(&ran);
    for judged in ["provider-tls", "power", "cpu", "memory", "firmware", "name", "nics", "network", "storage", "source"]
    {
        assert!(matches!(found[judged], Verdict::Passed { .. }), "{judged}: {:?}", found[judged]);
    }
    for idle in ["serial", "warm"] {
        assert!(
            found.get(idle).is_none_or(|verdict| matches!(verdict, Verdict::NotApplicable { .. })),
            "{idle}: {:?}",
            found.get(idle)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_booted_from_an_image_is_migrated_with_its_root_disk() {
    let rig = rig();
    let ran =
        rig.run("description: d\nskip_clone: true\nvirtual_machines: [{name: mtv-image-booted, clone: false}]\n").await;
    assert_eq!(ran.outcome, Outcome::Passed, "{:?}", ran.failed_checks());
    ran.assert_empty_world();
}

#[tokio::test(start_paused = true)]
async fn facts_come_from_five_services() {
    let rig = rig();
    let sdk = client(&rig).await;
    let about = sdk.test().await.unwrap();
    assert_eq!((about.product.as_str(), about.version.as_str()), ("OpenStack, Keystone 3.14", "3.14"));
    let vm = sdk.find_vm("mtv-rhel8-warm-2disks2nics").await.unwrap();
    let facts = sdk.vm_facts(&vm).await.unwrap();
    assert_eq!((facts.power, facts.memory_bytes), (Power::Off, 4 << 30));
    assert_eq!(facts.cpu, Cpu { sockets: 2, cores: 2, threads: 1 });
    assert_eq!((facts.firmware, facts.windows), (Some(Firmware::Efi), false));
    let disks: Vec<(u64, &str)> =
        facts.disks.iter().map(|disk| (disk.size_bytes >> 30, disk.storage.as_str())).collect();
    assert_eq!(disks, [(16, "tripleo"), (5, "fast")]);
    let nics: Vec<(&str, &str)> =
        facts.nics.iter().map(|nic| (nic.network.as_str(), nic.addresses[0].ip.as_str())).collect();
    assert_eq!(nics, [("private", "10.8.68.12"), ("storage", "10.9.68.12")]);
    assert_eq!(facts.nics[0].addresses[0].gateway.as_deref(), Some("10.8.68.254"));
    assert!(facts.nics.iter().all(|nic| nic.mac.starts_with("fa:16:3e:")));
    let windows = sdk.find_vm("mtv-win2019-3disks").await.unwrap();
    let facts = sdk.vm_facts(&windows).await.unwrap();
    assert_eq!((facts.power, facts.windows, facts.firmware), (Power::Off, true, Some(Firmware::Bios)));
    let root = sdk.vm_facts(&sdk.find_vm("mtv-image-booted").await.unwrap()).await.unwrap();
    let disks: Vec<(u64, &str)> =
        root.disks.iter().map(|disk| (disk.size_bytes >> 30, disk.storage.as_str())).collect();
    assert_eq!(disks, [(10, "glance"), (2, "fast")]);
}

#[tokio::test(start_paused = true)]
async fn a_clone_keeps_order_types_and_networks_and_goes_with_everything() {
    let rig = rig();
    let sdk = client(&rig).await;
    for name in ["mtv-win2019-3disks", "mtv-rhel8-warm-2disks2nics", "mtv-image-booted"] {
        let original = sdk.vm_facts(&sdk.find_vm(name).await.unwrap()).await.unwrap();
        let vm = clone_of(sdk.as_ref(), name, "s-clone").await.unwrap();
        let facts = sdk.vm_facts(&vm).await.unwrap();
        assert_eq!(facts.power, Power::Off);
        assert_eq!(
            (facts.cpu, facts.memory_bytes, facts.firmware),
            (original.cpu, original.memory_bytes, original.firmware)
        );
        let sizes =
            |facts: &mtvtest::facts::SourceVm| facts.disks.iter().map(|disk| disk.size_bytes).collect::<Vec<_>>();
        assert_eq!(sizes(&facts), sizes(&original));
        let networks =
            |facts: &mtvtest::facts::SourceVm| facts.nics.iter().map(|nic| nic.network.clone()).collect::<Vec<_>>();
        assert_eq!(networks(&facts), networks(&original));
        assert!(facts.nics.iter().all(|nic| original.nics.iter().all(|own| own.mac != nic.mac)));
        let names: Vec<&str> = facts.disks.iter().map(|disk| disk.name.as_str()).collect();
        assert_eq!(names[..2], ["s-clone-boot-vol", "s-clone-data-vol-1"]);
        if name != "mtv-image-booted" {
            let types = |facts: &mtvtest::facts::SourceVm| {
                facts.disks.iter().map(|disk| disk.storage.clone()).collect::<Vec<_>>()
            };
            assert_eq!(types(&facts), types(&original));
        }
        assert_eq!(parts(&rig.lab), [""; 0], "image and snapshots are deleted when the clone is there");
        assert_eq!(sdk.vms_with_prefix("s-").await.unwrap(), std::slice::from_ref(&vm));
        assert_eq!(sdk.delete_vm("s-clone", Some(&vm.id)).await.unwrap(), Removal::Removed);
        assert_eq!(sdk.delete_vm("s-clone", Some(&vm.id)).await.unwrap(), Removal::AlreadyGone);
        assert_eq!(parts(&rig.lab), [""; 0]);
    }
    assert!(rig.baseline.differences(&rig.lab).is_empty());
}

#[tokio::test(start_paused = true)]
async fn power_and_snapshots_come_and_go() {
    let rig = rig();
    let sdk = client(&rig).await;
    let vm = sdk.find_vm("mtv-rhel8-warm-2disks2nics").await.unwrap();
    for power in [Power::On, Power::On, Power::Off, Power::Off] {
        sdk.set_power(&vm, power).await.unwrap();
        assert_eq!(sdk.vm_facts(&vm).await.unwrap().power, power);
    }
    let id = sdk.create_snapshot(&vm, "one").await.unwrap();
    let facts = sdk.vm_facts(&vm).await.unwrap();
    assert_eq!((facts.snapshots.len(), facts.snapshots[0].name.as_str()), (1, "one"));
    assert_eq!(parts(&rig.lab), ["snapshot one", "snapshot one"]);
    assert_eq!(sdk.remove_snapshot(&vm, "one", Some(&id)).await.unwrap(), Removal::Removed);
    assert_eq!(sdk.remove_snapshot(&vm, "one", Some(&id)).await.unwrap(), Removal::AlreadyGone);
    assert_eq!(parts(&rig.lab), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_once_and_an_expired_token_is_renewed_once() {
    let rig = rig();
    let wrong = rig.lab.providers_json().replace("lab-openstack", "wrong");
    assert_eq!(
        words(client_as(&rig, &wrong).await),
        "log in to https://openstack.lab.mtvtest/identity/v3 as mtv: The request you have made requires authentication; \
         correct username and password of this source in providers.json, and see that the account is neither locked nor \
         expired"
    );
    let sdk = client(&rig).await;
    sdk.find_vm("mtv-tests-rhel8").await.unwrap();
    let before = sdk.requests();
    source(&rig.lab).openstack().unwrap().expire_tokens();
    let looks = [sdk.find_vm("mtv-tests-rhel8"), sdk.find_vm("mtv-win2019-79"), sdk.find_vm("mtv-image-booted")];
    assert!(join_all(looks).await.iter().all(Result::is_ok));
    assert_eq!(source(&rig.lab).openstack().unwrap().cloud().tokens.len(), 1, "one of the calls renewed it");
    assert!(sdk.requests() - before <= 10);
    sdk.disconnect().await;
}

#[tokio::test(start_paused = true)]
async fn every_form_of_domain_and_project_logs_in() {
    let rig = rig();
    let file: serde_json::Value = serde_json::from_str(&rig.lab.providers_json()).unwrap();
    let project = source(&rig.lab).openstack().unwrap().project_id.clone();
    for keys in [
        vec![("user_domain_id", "default"), ("project_id", project.as_str())],
        vec![("user_domain_name", "Default"), ("project_name", "mtv"), ("project_domain_name", "Default")],
        vec![("user_domain_name", "Default"), ("project_name", "mtv"), ("project_domain_id", "default")],
        // The id counts.
        vec![
            ("user_domain_name", "wrong"),
            ("user_domain_id", "default"),
            ("project_id", project.as_str()),
            ("project_name", "wrong"),
        ],
    ] {
        let mut file = file.clone();
        let entry = file[CLOUD].as_object_mut().unwrap();
        entry.retain(|key, _| !key.contains("domain") && !key.starts_with("project"));
        entry.extend(keys.iter().map(|(key, value)| ((*key).to_owned(), serde_json::json!(value))));
        let sdk = client_as(&rig, &file.to_string()).await;
        assert!(sdk.is_ok(), "{keys:?}: {}", words(sdk));
        let mut rig = self::rig();
        rig.providers_json = file.to_string();
        if keys.len() < 4 {
            let ran = rig.run("description: d\nvirtual_machines: [{name: mtv-tests-rhel8}]\n").await;
            assert_eq!(ran.outcome, Outcome::Passed, "{keys:?}");
        }
    }
    let region = rig.lab.providers_json().replace("regionOne", "regionTwo");
    assert_eq!(
        words(client_as(&rig, &region).await),
        "no public endpoint \"compute in region regionTwo\" on the source; the nearest are regionOne; correct region_name of \
         this source in providers.json, and see that the project may use the service"
    );
}

#[tokio::test(start_paused = true)]
async fn names_that_several_servers_have_are_told_with_their_ids() {
    let rig = rig();
    source(&rig.lab).change(|inventory| {
        let mut twin = inventory.vms[0].clone();
        "00000000-0000-4000-8000-000000000001".clone_into(&mut twin.moref);
        twin.disks.clear();
        inventory.vms.push(twin);
    });
    let sdk = client(&rig).await;
    let found = words(sdk.find_vm("mtv-tests-rhel8").await);
    assert!(
        found.starts_with("2 VMs on the source are named \"mtv-tests-rhel8\": 00000000-0000-4000-8000-000000000001, "),
        "{found}"
    );
    assert!(found.ends_with("; rename or delete all but one, or name another VM"), "{found}");
    let found = words(sdk.find_vm("mtv-tests-rhel9").await);
    assert!(
        found.starts_with("no VM or template named \"mtv-tests-rhel9\" on the source; the nearest are mtv-tests-rhel8"),
        "{found}"
    );
    // A name is no pattern.
    assert!(matches!(sdk.find_vm("mtv-tests.rhel8").await, Err(ProviderError::NotFound { .. })));
}

#[tokio::test(start_paused = true)]
async fn quotas_and_failed_volumes_are_told_in_the_services_own_words_and_leave_nothing() {
    for (change, expected) in [
        (
            (|quota| quota.volumes = 8) as fn(&mut Quota),
            "create volume on s-clone-boot-vol: overLimit: VolumeLimitExceeded: Maximum number of volumes allowed (8) exceeded \
             for quota 'volumes'; free what the project does not need, or raise its quota, and run again",
        ),
        (
            |quota| quota.instances = 5,
            "create server on s-clone: forbidden: Quota exceeded for instances: Requested 1, but already used 5 of 5 \
             instances; free what the project does not need, or raise its quota, and run again",
        ),
        (|quota| quota.snapshots = 1, "createImage on VM mtv-rhel8-warm-2disks2nics"),
    ] {
        let rig = rig_with(change);
        let sdk = client(&rig).await;
        let found = words(clone_of(sdk.as_ref(), "mtv-rhel8-warm-2disks2nics", "s-clone").await);
        assert!(found.starts_with(expected), "{found}");
        assert!(found.ends_with("and run again"), "{found}");
        assert_eq!(parts(&rig.lab), [""; 0], "{expected}");
    }
    let rig = rig();
    rig.faults().fail(Failure::VolumeStuck {
        message: "schedule allocate volume: Could not find any available weighted backend.".into(),
    });
    let sdk = client(&rig).await;
    let found = words(clone_of(sdk.as_ref(), "mtv-tests-rhel8", "s-clone").await);
    assert!(found.starts_with("volume s-clone-boot-vol ("), "{found}");
    assert!(
        found.ends_with(
            "): it is in state error: schedule allocate volume: Could not find any available weighted backend; look at the \
             service's log on the source for this id, and see that its storage has room"
        ),
        "{found}"
    );
    assert_eq!(parts(&rig.lab), [""; 0]);
    rig.faults().heal();
    rig.faults()
        .fail(Failure::CloneFails { fault: "No valid host was found. There are not enough hosts available.".into() });
    let found = words(clone_of(sdk.as_ref(), "mtv-tests-rhel8", "s-clone").await);
    assert!(found.contains("it is in state ERROR: No valid host was found"), "{found}");
    assert_eq!(parts(&rig.lab), [""; 0]);
    assert!(rig.baseline.differences(&rig.lab).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_only_vsphere_can_do_is_refused_before_anything_is_made() {
    let rig = rig();
    let sdk = client(&rig).await;
    let mut request = CloneRequest::new(sdk.find_vm("mtv-tests-rhel8").await.unwrap(), "s-clone");
    request.disk_type = Some(DiskType::Thin);
    let found = words(sdk.clone_vm(&request, &CancellationToken::new()).await);
    assert!(
        found.ends_with(
            "sources of type openstack know no disk_type; leave that out of the scenario, or take a source of type vsphere"
        ),
        "{found}"
    );
    request.disk_type = None;
    "mtv-win2019-79".clone_into(&mut request.name);
    assert!(matches!(sdk.clone_vm(&request, &CancellationToken::new()).await, Err(ProviderError::NameTaken { .. })));
    assert!(sdk.find_vm("mtv-win2019-79").await.is_ok(), "a namesake that is not ours is left alone");
    assert!(rig.baseline.differences(&rig.lab).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_clone_that_is_cut_off_anywhere_leaves_nothing_after_its_undo() {
    for path in ["/action$", "/volume/v3", "/compute/v2.1/servers$", "/images"] {
        for (verb, after) in [("POST", 0), ("GET", 1), ("DELETE", 0)] {
            let rig = rig();
            let sdk = client(&rig).await;
            requests_meet(&rig, verb, path, (after, Some(1)), TransportEffect::ResetAfter);
            let made = clone_of(sdk.as_ref(), "mtv-rhel8-warm-2disks2nics", "s-clone").await;
            rig.faults().heal();
            sdk.delete_vm("s-clone", made.ok().map(|vm| vm.id).as_deref()).await.unwrap();
            assert_eq!(sdk.delete_vm("s-clone", None).await.unwrap(), Removal::AlreadyGone, "{verb} {path}");
            assert_eq!(parts(&rig.lab), [""; 0], "{verb} {path}");
            assert!(rig.baseline.differences(&rig.lab).is_empty(), "{verb} {path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn parts_of_a_clone_without_a_server_are_found_by_its_name() {
    let rig = rig();
    let sdk = client(&rig).await;
    // Neither the clone's own clean-up nor its server gets through.
    requests_meet(&rig, "POST", "/compute/v2.1/servers$", (0, Some(1)), TransportEffect::Status(500));
    requests_meet(&rig, "DELETE", "/", (0, Some(1)), TransportEffect::Status(500));
    assert!(clone_of(sdk.as_ref(), "mtv-tests-rhel8", "s-clone").await.is_err());
    assert_ne!(parts(&rig.lab), [""; 0]);
    let found = sdk.vms_with_prefix("s-").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, "s-clone");
    assert_eq!(sdk.delete_vm("s-clone", Some(&found[0].id)).await.unwrap(), Removal::Removed);
    assert_eq!(parts(&rig.lab), [""; 0]);
    assert_eq!(sdk.vms_with_prefix("s-").await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_clone_ends_at_once_and_leaves_nothing() {
    let rig = rig();
    let sdk = client(&rig).await;
    let cancel = CancellationToken::new();
    let request = CloneRequest::new(sdk.find_vm("mtv-tests-rhel8").await.unwrap(), "s-clone");
    rig.faults().disturb(TransportFault {
        verb: "POST".into(),
        path: "/volumes".into(),
        after: 0,
        times: Some(1),
        effect: TransportEffect::ResetAfter,
    });
    let stop = async {
        rig.until(|lab| !parts(lab).is_empty()).await;
        cancel.cancel();
    };
    let (made, ()) = futures::join!(sdk.clone_vm(&request, &cancel), stop);
    assert!(made.is_err());
    assert_eq!(parts(&rig.lab), [""; 0]);
    assert!(rig.baseline.differences(&rig.lab).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_somebody_deletes_meanwhile_is_told_and_its_deletion_is_no_error() {
    let rig = rig();
    let sdk = client(&rig).await;
    let vm = clone_of(sdk.as_ref(), "mtv-tests-rhel8", "s-clone").await.unwrap();
    source(&rig.lab).change(|inventory| inventory.vms.retain(|other| other.moref != vm.id));
    let found = words(sdk.set_power(&vm, Power::On).await);
    assert!(
        found.contains("itemNotFound") && found.ends_with("it was deleted meanwhile; find out by whom and run again"),
        "{found}"
    );
    assert_eq!(sdk.delete_vm("s-clone", Some(&vm.id)).await.unwrap(), Removal::AlreadyGone);
}

#[tokio::test(start_paused = true)]
async fn an_inventory_that_never_learns_of_a_clone_ends_at_the_deadline() {
    let rig = rig();
    rig.faults().fail(Failure::InventoryStale);
    let ran = rig.run(SANITY).await;
    let words = ran.reason();
    assert!(words.contains("in the inventory, with its NICs and disks: not within"), "{words}");
    ran.assert_empty_world();
    assert_eq!(parts(&rig.lab), [""; 0]);
}
