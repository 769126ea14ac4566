//! Harms of objects as data. What each fault does to a migration is the mutation table's matter.

use super::super::kinds::{CLAIM, DATA_VOLUME, INSTANCE, Kind, MIGRATION, POPULATOR, VIRTUAL_MACHINE};
use super::{harm_created, harm_guest, harm_line, harm_patch, harm_status};
use crate::lab::clock::Pace;
use crate::lab::fault::{HARMLESS, PRODUCT_FAULTS, ProductFault};
use crate::lab::world::{World, WorldSpec};
use serde_json::{Value, json};
use std::sync::Arc;

fn world(fault: ProductFault) -> World {
    let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
    world.faults.harm(fault);
    world
}

fn vm() -> Value {
    let nic = |name: &str| json!({"name": name, "macAddress": format!("m-{name}"), "model": "virtio", "bridge": {}});
    let disk = |name: &str| json!({"name": name, "disk": {"bus": "virtio"}});
    let volume = |name: &str| json!({"name": name, "persistentVolumeClaim": {"claimName": format!("claim-{name}")}});
    let preference = json!({"weight": 50, "podAffinityTerm": {"topologyKey": "zone"}});
    let mut vm = json!({
        "metadata": {"name": "a", "labels": {}, "annotations": {"openshift.io/display-name": "A"}},
        "spec": {"runStrategy": "Always", "template": {
            "metadata": {"labels": {"app": "a", "team": "x"}},
            "spec": {
                "nodeSelector": {"n": "1"},
                "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}},
                "domain": {
                    "cpu": {"sockets": 2, "cores": 2, "features": []}, "memory": {"guest": "2Gi"},
                    "machine": {"type": "q35"},
                    "firmware": {"bootloader": {"efi": {"secureBoot": true}}, "serial": "VMware-42 17-c0 de"},
                    "devices": {
                        "disks": [disk("d0"), disk("d1"), disk("d2")], "interfaces": [nic("n0"), nic("n1"), nic("n2")],
                        "tpm": {"enabled": false},
                    },
                },
                "networks": [
                    {"name": "n0", "pod": {}}, {"name": "n1", "multus": {"networkName": "s/b"}},
                    {"name": "n2", "multus": {"networkName": "s/c"}}],
                "volumes": [volume("d0"), volume("d1"), volume("d2")],
            },
        }},
    });
    let pod = &mut vm["spec"]["template"]["spec"]["domain"]["devices"];
    pod["disks"][0]["bootOrder"] = json!(1);
    pod["interfaces"][1]["state"] = json!("down");
    vm
}

fn harmed(fault: ProductFault, kind: Kind, healthy: &Value) -> Value {
    let mut object = healthy.clone();
    harm_created(&world(fault), kind, &mut object);
    object
}

#[test]
fn every_fault_of_the_target_changes_a_vm_of_several_parts() {
    let of_vm =
        ["power", "cpu", "memory", "firmware", "serial", "name", "nics", "network", "disk-order", "labels", "affinity"];
    let healthy = vm();
    let mut changed = 0;
    for row in PRODUCT_FAULTS.iter().filter(|row| of_vm.contains(&row.caught_by)) {
        let known = harmed(row.fault, VIRTUAL_MACHINE, &healthy) != healthy;
        let other = matches!(row.fault, ProductFault::StuckStart | ProductFault::UnaskedStart);
        assert!(known != other, "{}", row.fault);
        changed += usize::from(known);
    }
    assert!(changed >= 35, "{changed}");
}

/// And nothing but the copy: what the source keeps is the source's.
#[test]
fn every_fault_of_a_guest_changes_its_copy() {
    let inside = ["ssh", "static-ip", "integrity", "guest-command", "encryption"];
    let faults = PRODUCT_FAULTS.iter().filter(|row| inside.contains(&row.caught_by)).chain(HARMLESS);
    for row in faults {
        let world = world(row.fault);
        let vms = world.sources[0].read().vms.clone();
        let mut guest = vms.iter().find(|vm| vm.name == "mtv-tests-rhel9-dual-nic").unwrap().clone();
        let encrypted = vms.iter().find(|vm| vm.name == "mtv-tests-rhel9-luks").unwrap();
        guest.disks.extend(encrypted.disks.clone());
        Arc::make_mut(&mut guest.inside).files.insert("/var/tmp/mtvtest-marker".into(), b"x".to_vec());
        let (before, source) = (format!("{guest:?}"), guest.clone());
        harm_guest(&world, &mut guest);
        assert_ne!(format!("{guest:?}"), before, "{}", row.fault);
        assert_eq!(format!("{source:?}"), before, "{}", row.fault);
    }
}

#[test]
fn what_does_not_fit_is_left_alone() {
    let bare = json!({"metadata": {"name": "a"}, "spec": {}});
    let line = "xcopy without a verdict";
    for row in PRODUCT_FAULTS {
        for kind in [VIRTUAL_MACHINE, INSTANCE, DATA_VOLUME, CLAIM] {
            harmed(row.fault, kind, &bare);
        }
        let world = world(row.fault);
        for kind in [INSTANCE, MIGRATION] {
            let mut status = json!({});
            harm_status(&world, kind, &bare, &mut status);
            assert_eq!(status, json!({}), "{}", row.fault);
        }
        assert_eq!(harm_patch(&world, POPULATOR, &json!({"spec": {}})), json!({"spec": {}}), "{}", row.fault);
        assert_eq!(harm_line(&world, line.to_owned()), [line], "{}", row.fault);
    }
}

#[test]
fn claims_are_renamed_with_what_fills_them() {
    let claim = json!({
        "metadata": {"name": "vm-disk-0-0a1b2c3d", "labels": {"vmID": "vm-1"},
            "annotations": {"forklift.konveyor.io/disk-index": "0"}},
        "spec": {"dataSourceRef": {"name": "vm-disk-0-0a1b2c3d"}},
    });
    let named = |fault| harmed(fault, CLAIM, &claim);
    let from_one = named(ProductFault::ClaimsFromOne);
    assert_eq!(from_one["metadata"]["name"], "vm-disk-1-0a1b2c3d");
    assert_eq!(from_one["spec"]["dataSourceRef"]["name"], "vm-disk-1-0a1b2c3d");
    assert_eq!(named(ProductFault::LostClaimSuffix)["metadata"]["name"], "vm-disk-0");
    let mut owned = claim.clone();
    owned["metadata"]["ownerReferences"] = json!([{"kind": "DataVolume"}]);
    assert_eq!(harmed(ProductFault::ClaimsFromOne, CLAIM, &owned), owned, "a DataVolume's claim has its name");
}

#[test]
fn a_record_of_copies_is_harmed_once_the_migration_has_succeeded() {
    let copy = |number: u32| json!({"snapshot": format!("s-{number}"), "end": "t"});
    let mut status = json!({"vms": [{"warm": {"precopies": [copy(1), copy(2), copy(3)]}}]});
    let healthy = status.clone();
    let world = world(ProductFault::EarlyCutover);
    harm_status(&world, MIGRATION, &json!({}), &mut status);
    assert_eq!(status, healthy);
    status["conditions"] = json!([{"type": "Succeeded", "status": "True"}]);
    harm_status(&world, MIGRATION, &json!({}), &mut status);
    assert_eq!(status["vms"][0]["warm"]["precopies"], json!([copy(1), copy(3)]));
    let once = status.clone();
    harm_status(&world, MIGRATION, &json!({}), &mut status);
    assert_eq!(status, once);
}

#[test]
fn an_instance_that_has_its_node_keeps_it() {
    let world = world(ProductFault::WrongNode);
    let mut status = json!({"nodeName": "worker-0"});
    harm_status(&world, INSTANCE, &json!({"status": {}}), &mut status);
    assert_eq!(status["nodeName"], "worker-1");
    harm_status(&world, INSTANCE, &json!({"status": {"nodeName": "worker-1"}}), &mut status);
    assert_eq!(status["nodeName"], "worker-1");
}

#[test]
fn a_copy_that_falls_back_late_says_so_last() {
    let world = world(ProductFault::LateFallback);
    let lines = harm_line(&world, "x \"copy-offload finished\" pvc=\"p\"".into());
    assert_eq!(lines, ["x \"xcopy\" pvc=\"p\" xcopyUsed=0", "x \"copy-offload finished\" pvc=\"p\""]);
}
