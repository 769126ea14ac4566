//! The VirtualMachine that is made as a source.
//!
//! Pure. Source: source-providers.md section 1 (OpenShift); cluster-api.md section 1.1.

use super::golden::{DATA_SOURCE, DISK_SIZE, INSTANCE_TYPE, OS_IMAGES, PREFERENCE};
use crate::facts::{SESSION_LABEL, SOURCE_LABEL};
use crate::provider::ClonePlace;
use serde_json::{Value, json};

/// A VM from the golden image, with a NIC on the pod network and one on the place's attachment. It is started by hand.
///
/// No MAC address is given: KubeVirt chooses them, and a migrated VM gets others.
pub fn machine(name: &str, place: &ClonePlace, user_data: &str) -> Value {
    let labels = json!({ SESSION_LABEL: place.session, SOURCE_LABEL: "true" });
    json!({
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine",
        "metadata": { "namespace": place.namespace, "name": name, "labels": labels },
        "spec": {
            "runStrategy": "Manual",
            "instancetype": { "kind": "VirtualMachineClusterInstancetype", "name": INSTANCE_TYPE },
            "preference": { "kind": "VirtualMachineClusterPreference", "name": PREFERENCE },
            "dataVolumeTemplates": [{
                "metadata": { "name": name, "labels": { SESSION_LABEL: place.session } },
                "spec": {
                    "sourceRef": { "kind": "DataSource", "namespace": OS_IMAGES, "name": DATA_SOURCE },
                    "storage": { "resources": { "requests": { "storage": DISK_SIZE } } },
                },
            }],
            "template": { "metadata": {}, "spec": {
                "domain": { "resources": {}, "devices": { "interfaces": [
                    { "name": "default", "masquerade": {}, "model": "virtio" },
                    { "name": "net1", "bridge": {}, "model": "virtio" },
                ] } },
                "networks": [
                    { "name": "default", "pod": {} },
                    { "name": "net1", "multus": { "networkName": format!("{}/{}", place.namespace, place.attachment) } },
                ],
                "volumes": [
                    { "name": "rootdisk", "dataVolume": { "name": name } },
                    { "name": "cloudinit", "cloudInitNoCloud": { "userData": user_data } },
                ],
            } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_vm_is_recognised_and_has_two_networks() {
        let place =
            ClonePlace { namespace: "auto-1-source-vms".into(), attachment: "cb-1".into(), session: "auto-1".into() };
        let vm = machine("v", &place, "#cloud-config\n");
        assert_eq!(vm["metadata"]["labels"], json!({ "mtvtest.io/session": "auto-1", "mtvtest.io/source-vm": "true" }));
        let spec = &vm["spec"]["template"]["spec"];
        assert_eq!(spec["networks"][1]["multus"]["networkName"], "auto-1-source-vms/cb-1");
        assert!(spec["domain"].get("cpu").is_none(), "the instance type has it");
        assert_eq!(spec["volumes"][0]["dataVolume"]["name"], vm["spec"]["dataVolumeTemplates"][0]["metadata"]["name"]);
    }
}
