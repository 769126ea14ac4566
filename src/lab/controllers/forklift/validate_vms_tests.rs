use super::*;
use crate::facts::Firmware;
use crate::lab::world::{Disk, GuestNet, NamedRef, Nic};
use serde_json::json;
use std::sync::Arc;

/// A VM with one disk and these NICs (network MoRefs).
pub(crate) fn vm(name: &str, networks: &[&str]) -> Vm {
    let nics = networks
        .iter()
        .enumerate()
        .map(|(index, network)| Nic {
            key: 4000,
            label: format!("Network adapter {index}"),
            class: "VirtualVmxnet3".into(),
            mac: format!("00:50:56:00:00:0{index}"),
            network: (*network).to_owned(),
            connected: true,
            guest: vec![GuestNet { ip: "10.0.0.5".into(), prefix_length: 24, is_static: false, gateway: None }],
        })
        .collect();
    let disk = Disk {
        key: 2000,
        label: "Hard disk 1".into(),
        controller_key: 1000,
        bus: "scsi".into(),
        unit: 0,
        size_bytes: 1 << 30,
        datastore: "datastore-1".into(),
        file: format!("[ds1] {name}/{name}.vmdk"),
        mode: "persistent".into(),
        thin: true,
        eager: false,
        uuid: "6000C29".into(),
        lun: None,
        shared: false,
        partitions: Vec::new(),
    };
    Vm {
        moref: format!("vm-{name}"),
        name: name.to_owned(),
        uuid: "4217c0de-0102-0304-0506-0708090a0b0c".into(),
        instance_uuid: String::new(),
        template: false,
        power: Power::Off,
        host: "host-1".into(),
        guest_id: "rhel8_64Guest".into(),
        hostname: name.to_owned(),
        tools: true,
        inside: Arc::default(),
        firmware: Firmware::Bios,
        secure_boot: false,
        cpus: 4,
        cores_per_socket: 2,
        memory_mib: 2048,
        disks: vec![disk],
        nics,
        snapshots: Vec::new(),
        extra_config: Vec::new(),
        revision: 1,
    }
}

pub(crate) fn facts_of(vms: Vec<(Value, Option<Vm>)>) -> PlanFacts {
    let named = |moref: &str, name: &str| NamedRef { moref: moref.into(), name: name.into() };
    PlanFacts {
        source_provider: None,
        source: None,
        to_host: true,
        pools: true,
        offload: false,
        storage_map: Some(Arc::new(json!({"spec": {"map": [
            {"source": {"name": "ds1"}, "destination": {"storageClass": "ceph", "accessMode": "ReadWriteMany"}}]}}))),
        network_map: Some(Arc::new(json!({"spec": {"map": [
            {"source": {"name": "VM Network"}, "destination": {"type": "pod"}},
            {"source": {"id": "network-8"}, "destination": {"type": "multus", "namespace": "n", "name": "nad-1"}},
            {"source": {"id": "network-8"}, "destination": {"type": "multus", "namespace": "n", "name": "nad-2"}},
            {"source": {"id": "network-9"}, "destination": {"type": "ignored"}}]}}))),
        networks: vec![named("network-7", "VM Network"), named("network-8", "b"), named("network-9", "c")],
        datastores: vec![named("datastore-1", "ds1")],
        vms: vms
            .into_iter()
            .map(|(entry, vm)| PlannedVm { entry, vm, ambiguous: false, left_out: Vec::new() })
            .collect(),
    }
}

fn kinds(plan: &Value, facts: &PlanFacts, existing: Vec<Existing>) -> Vec<String> {
    let context = Context { plan, facts, existing, minor: 11, patch: 3, warm: false, seed: 0 };
    validate(&context).into_iter().map(|one| one.kind).collect()
}

fn of(vm: Vm) -> PlanFacts {
    facts_of(vec![(json!({"name": vm.name}), Some(vm))])
}

#[test]
fn a_sound_plan_has_no_conditions() {
    let plan = json!({"spec": {"targetNamespace": "n"}});
    assert_eq!(kinds(&plan, &of(vm("a", &["network-7", "network-8", "network-9"])), vec![]), Vec::<String>::new());
}

#[test]
fn each_fault_has_its_condition() {
    let plan = json!({"metadata": {"name": "p"}, "spec": {"targetNamespace": "n"}});
    assert_eq!(kinds(&plan, &of(vm("a", &["network-66"])), vec![]), ["VMNetworksNotMapped"]);
    assert_eq!(kinds(&plan, &of(vm("a", &["network-7", "network-7"])), vec![]), ["VMMultiplePodNetworkMappings"]);
    assert_eq!(kinds(&plan, &of(vm("A_b", &[])), vec![]), ["TargetNameNotValid"]);
    let missing = facts_of(vec![(json!({"name": "x"}), None), (json!({}), None)]);
    assert_eq!(kinds(&plan, &missing, vec![]), ["VMRefNotValid", "VMNotFound"]);
    let twice = facts_of(vec![(json!({"name": "a"}), Some(vm("a", &[]))), (json!({"name": "a"}), Some(vm("a", &[])))]);
    assert_eq!(kinds(&plan, &twice, vec![]), ["DuplicateVM"]);
    let mut on = vm("a", &[]);
    (on.power, on.tools) = (Power::On, false);
    assert_eq!(kinds(&plan, &of(on), vec![]), ["GuestToolsIssue"]);
    let mut elsewhere = vm("a", &[]);
    elsewhere.disks[0].datastore = "datastore-9".into();
    assert_eq!(kinds(&plan, &of(elsewhere), vec![]), ["VMStorageNotMapped"]);
    let mut silent = vm("a", &["network-7"]);
    silent.nics[0].guest.clear();
    assert_eq!(kinds(&plan, &of(silent), vec![]), ["VMMissingGuestIPs"]);
}

#[test]
fn names_and_macs_on_the_destination_are_taken() {
    let plan = json!({"spec": {"targetNamespace": "n"}});
    let taken = |of_this_plan| {
        vec![Existing { namespace: "n".into(), name: "a".into(), of_this_plan, macs: vec!["00:50:56:00:00:00".into()] }]
    };
    let facts = of(vm("a", &["network-7"]));
    assert_eq!(kinds(&plan, &facts, taken(false)), ["VMAlreadyExists", "MacConflicts"]);
    assert!(kinds(&plan, &facts, taken(true)).is_empty());
}

#[test]
fn a_pool_gives_each_nic_its_own_attachment() {
    let facts = of(vm("a", &[]));
    let pooled = facts.attachments(&vm("a", &["network-8", "network-8", "network-8"]));
    let names: Vec<Option<Attachment>> =
        ["n/nad-1", "n/nad-2", "n/nad-1"].map(|name| Some(Attachment::Multus(name.to_owned()))).to_vec();
    assert_eq!(pooled, names);
}

#[test]
fn templates_that_give_no_label_are_refused() {
    let plan = json!({"spec": {"targetNamespace": "n", "pvcNameTemplate": "{{ .FileName }}"}});
    assert_eq!(kinds(&plan, &of(vm("a", &[])), vec![]), ["NotValid"]);
}

#[test]
fn a_pool_with_the_pod_network_gives_it_to_one_nic() {
    let mut facts = of(vm("a", &[]));
    let row = |destination: Value| json!({"source": {"id": "network-5"}, "destination": destination});
    let nad = row(json!({"type": "multus", "namespace": "n", "name": "nad-5"}));
    facts.network_map = Some(Arc::new(json!({"spec": {"map": [row(json!({"type": "pod"})), nad]}})));
    let pooled = facts.attachments(&vm("a", &["network-5", "network-5"]));
    assert_eq!(pooled, [Some(Attachment::Pod), Some(Attachment::Multus("n/nad-5".to_owned()))]);
}
