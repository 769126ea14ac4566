use super::*;
use crate::cluster::testing::{Fake, list, not_found};
use serde_json::{Value, json};

fn running_vm() -> Value {
    json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine",
        "metadata": {"name": "v", "namespace": "n", "uid": "vm-uid", "labels": {"vmID": "vm-7"},
            "annotations": {"openshift.io/display-name": "V_"}},
        "spec": {"runStrategy": "Always", "template": {
            "metadata": {"labels": {"app": "v", "static-label": "x"}},
            "spec": {
                "nodeSelector": {"disk": "fast"}, "affinity": {"nodeAffinity": {}},
                "domain": {
                    "cpu": {"sockets": 2, "cores": 4},
                    "memory": {"guest": "4Gi"},
                    "resources": {},
                    "firmware": {"serial": "420F-1", "bootloader": {"efi": {"secureBoot": false}}},
                    "devices": {"tpm": {"persistent": true},
                        "disks": [{"name": "vol-1", "bootOrder": 1, "disk": {"bus": "virtio"}}, {"name": "vol-0"}, {"name": "ci"}],
                        "interfaces": [
                            {"name": "net-0", "masquerade": {}, "macAddress": "00:50:56:AA:BB:01"},
                            {"name": "net-1", "bridge": {}, "state": "down"},
                            {"name": "net-2", "bridge": {}}]}},
                "networks": [
                    {"name": "net-2", "multus": {"networkName": "cb-2"}},
                    {"name": "net-0", "pod": {}},
                    {"name": "net-1", "multus": {"networkName": "default/cb-1"}}],
                "volumes": [
                    {"name": "vol-0", "persistentVolumeClaim": {"claimName": "pvc-0"}},
                    {"name": "ci", "cloudInitNoCloud": {"userData": ""}},
                    {"name": "vol-1", "dataVolume": {"name": "dv-1"}}]}}},
        "status": {"created": true, "ready": true, "printableStatus": "Running", "conditions": null}})
}

fn vmi() -> Value {
    json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "v"},
        "spec": {"domain": {"cpu": {"sockets": 1, "cores": 1, "threads": 2}, "memory": {"guest": "2Gi"},
            "firmware": {"serial": "from-instance"}}},
        "status": {"phase": "Running", "nodeName": "worker-1",
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "AgentConnected", "status": "True"}]}})
}

fn pvc(capacity: Option<&str>) -> Value {
    json!({"metadata": {"name": "c", "labels": {"vmdkKey": "2000"}, "annotations": {DISK_SOURCE: "[ds] v/v.vmdk", DISK_INDEX: "3"}},
        "spec": {"storageClassName": "ceph", "accessModes": ["ReadWriteMany"], "volumeMode": "Block",
            "resources": {"requests": {"storage": "10Gi"}}},
        "status": {"capacity": capacity.map(|size| json!({"storage": size}))}})
}

#[tokio::test]
async fn a_running_vm() {
    let fake = Fake::default();
    fake.answer(200, running_vm());
    fake.answer(200, vmi());
    fake.answer(200, pvc(Some("11Gi")));
    fake.answer(200, pvc(None));
    let vm = target_vm(&fake.cluster(), "n", "v").await.unwrap().unwrap();
    assert_eq!((vm.uid.as_str(), vm.power), ("vm-uid", Power::On));
    assert_eq!(vm.cpu, Some(Cpu { sockets: 2, cores: 4, threads: 1 }));
    assert_eq!(vm.memory_bytes, Some(4 << 30));
    assert_eq!(vm.serial.as_deref(), Some("420F-1"));
    assert_eq!((vm.firmware, vm.secure_boot), (Firmware::Efi, false));
    assert_eq!((vm.node.as_deref(), vm.agent_connected), (Some("worker-1"), true));
    assert_eq!(vm.template_labels["static-label"], "x");
    assert_eq!((vm.display_name.as_deref(), vm.vm_id.as_deref(), vm.tpm), (Some("V_"), Some("vm-7"), true));
    assert_eq!((vm.node_selector["disk"].as_str(), vm.affinity), ("fast", Some(json!({"nodeAffinity": {}}))));
    assert_eq!(vm.nics.iter().map(|nic| nic.link_up).collect::<Vec<_>>(), [true, false, true]);
    let nics: Vec<_> = vm.nics.iter().map(|nic| (nic.mac.as_deref(), nic.attachment.to_string())).collect();
    assert_eq!(
        nics,
        [
            (Some("00:50:56:aa:bb:01"), "the pod network".to_owned()),
            (None, "NAD default/cb-1".to_owned()),
            (None, "NAD n/cb-2".to_owned()),
        ]
    );
    let disks: Vec<_> =
        vm.disks.iter().map(|disk| (disk.name.as_str(), disk.claim.as_str(), disk.size_bytes >> 30)).collect();
    assert_eq!(disks, [("vol-1", "dv-1", 11), ("vol-0", "pvc-0", 10)]);
    let disk = &vm.disks[0];
    assert_eq!(disk.storage_class.as_deref(), Some("ceph"));
    assert_eq!(disk.access_modes, ["ReadWriteMany"]);
    assert_eq!((disk.volume_mode.as_deref(), disk.source.as_deref()), (Some("Block"), Some("[ds] v/v.vmdk")));
    assert_eq!(disk.source_id.as_deref(), Some("2000"));
    assert_eq!((disk.index, disk.boot_order, vm.disks[1].boot_order), (Some(3), Some(1), None));
}

#[tokio::test]
async fn a_renamed_vm_is_found_by_its_labels() {
    let fake = Fake::default();
    let mut vm = running_vm();
    vm["spec"]["template"]["spec"] = json!({"domain": {"devices": {"tpm": {"enabled": false}}}});
    fake.answer(200, list("1", &[vm]));
    fake.answer(404, not_found("virtualmachineinstances", "v"));
    let found = migrated_vm(&fake.cluster(), "n", "plan-uid", "vm-7").await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.namespace.as_str(), found.tpm), ("v", "n", false));
    let asked = &fake.requests()[0].path;
    assert!(asked.contains("labelSelector=plan%3Dplan-uid%2CvmID%3Dvm-7"), "{asked}");
    fake.answer(200, list("1", &[]));
    assert_eq!(migrated_vm(&fake.cluster(), "n", "plan-uid", "vm-8").await.unwrap(), None);
}

#[tokio::test]
async fn a_stopped_vm_with_bios_and_a_lost_claim() {
    let mut vm = running_vm();
    vm["status"] = json!({"printableStatus": "Stopped"});
    vm["spec"]["template"]["spec"]["domain"]["firmware"] = json!({"bootloader": {"bios": {}}});
    vm["spec"]["template"]["spec"]["volumes"] =
        json!([{"name": "vol-0", "persistentVolumeClaim": {"claimName": "pvc-0"}}]);
    let fake = Fake::default();
    fake.answer(200, vm);
    fake.answer(404, not_found("virtualmachineinstances", "v"));
    fake.answer(404, not_found("persistentvolumeclaims", "pvc-0"));
    let vm = target_vm(&fake.cluster(), "n", "v").await.unwrap().unwrap();
    assert_eq!(vm.power, Power::Off);
    assert_eq!((vm.serial, vm.firmware, vm.secure_boot), (None, Firmware::Bios, false));
    assert_eq!((vm.node, vm.agent_connected), (None, false));
    assert_eq!((vm.disks[0].size_bytes, vm.disks[0].storage_class.as_deref()), (0, None));
}

#[tokio::test]
async fn an_instance_type_leaves_cpu_and_memory_to_the_instance_and_is_asked_while_there_is_none() {
    let parts = |sockets, threads| Some(Cpu { sockets, cores: 1, threads });
    for (started, cpu, memory) in [(true, parts(1, 2), 2_u64 << 30), (false, parts(4, 1), 8 << 30)] {
        let mut vm = running_vm();
        vm["spec"]["instancetype"] = json!({"name": "u1.small"});
        vm["spec"]["preference"] = json!({"name": "rhel.9"});
        vm["spec"]["template"]["spec"] =
            json!({"domain": {"devices": {}, "firmware": {"bootloader": {"efi": {}}}}, "networks": null});
        let fake = Fake::default();
        fake.answer(200, vm);
        if started {
            fake.answer(200, vmi());
        } else {
            fake.answer(404, not_found("virtualmachineinstances", "v"));
            fake.answer(200, json!({"spec": {"cpu": {"guest": 4}, "memory": {"guest": "8Gi"}}}));
            fake.answer(404, not_found("virtualmachineclusterpreferences", "rhel.9"));
        }
        let vm = target_vm(&fake.cluster(), "n", "v").await.unwrap().unwrap();
        assert_eq!((vm.cpu, vm.memory_bytes), (cpu, Some(memory)));
        assert_eq!(vm.serial.as_deref(), started.then_some("from-instance"));
        assert!(vm.secure_boot && vm.nics.is_empty() && vm.disks.is_empty());
    }
}

#[tokio::test]
async fn no_vm_is_none() {
    let fake = Fake::default();
    fake.answer(404, not_found("virtualmachines", "v"));
    assert!(target_vm(&fake.cluster(), "n", "v").await.unwrap().is_none());
}

#[test]
fn power_follows_the_stable_states_only() {
    let status = |printable: &str, created, ready| VmStatus { created, ready, printable_status: printable.to_owned() };
    for (status, instance, power_seen) in [
        (status("Running", true, true), true, Power::On),
        (status("Running", true, false), true, Power::Other),
        (status("Stopped", false, false), false, Power::Off),
        (status("Stopped", true, false), true, Power::Off),
        (status("", false, false), false, Power::Off),
        (status("Paused", true, true), true, Power::Other),
        (status("Starting", false, false), false, Power::Other),
        (status("ErrorUnschedulable", true, false), true, Power::Other),
    ] {
        assert_eq!(power(&status, instance), power_seen, "{}", status.printable_status);
    }
}
