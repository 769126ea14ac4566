//! The VirtualMachine that a migration creates.
//!
//! Pure. Source: forklift-api.md section 7, "Target VirtualMachine".

use super::super::object::binary_quantity;
use super::claim_names::{boot_disk, network_name, volume_name};
use super::plan_facts::Attachment;
use crate::facts::{Firmware, Power};
use crate::lab::world::Vm;
use serde_json::{Map, Value, json};

/// All that shapes a target VM.
pub(crate) struct Blueprint<'a> {
    pub(crate) vm: &'a Vm,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// Labels of the VM itself.
    pub(crate) labels: Map<String, Value>,
    /// The Plan's spec.
    pub(crate) spec: &'a Value,
    /// The plan's entry of this VM.
    pub(crate) entry: &'a Value,
    /// One per NIC.
    pub(crate) attachments: Vec<Attachment>,
    /// Claims in the order of the disks.
    pub(crate) claims: Vec<String>,
    /// Power of the source before the migration.
    pub(crate) was_on: bool,
    /// Type of the source provider.
    pub(crate) source_type: &'a str,
    /// Whether the serial has VMware's own form.
    pub(crate) vmware_serial: bool,
    /// Where the guest's behaviour comes from: `source/moref`.
    pub(crate) origin: String,
}

/// Annotation by which the lab finds the source VM of a migrated guest.
pub(crate) const ORIGIN: &str = "lab.mtvtest.io/origin";

impl Blueprint<'_> {
    /// The object.
    pub(crate) fn build(&self) -> Value {
        let mut template_labels = self.spec["targetLabels"].as_object().cloned().unwrap_or_default();
        template_labels.insert("app".to_owned(), json!(self.name));
        let (interfaces, networks) = self.nics();
        let (disks, volumes) = self.disks();
        let mut domain = json!({
            "cpu": self.cpu(), "memory": {"guest": binary_quantity(self.vm.memory_mib << 20)},
            "machine": {"type": "q35"}, "firmware": self.firmware(), "resources": {},
            "devices": {
                "disks": disks, "interfaces": interfaces,
                "inputs": [{"bus": "virtio", "name": "tablet", "type": "tablet"}],
            },
        });
        // Only of vSphere the product knows whether there is a TPM.
        if self.source_type == "vsphere" {
            domain["devices"]["tpm"] = json!({"enabled": false});
        }
        if self.vm.firmware == Firmware::Efi && self.vm.secure_boot && self.source_type != "ovirt" {
            domain["features"] = json!({"smm": {"enabled": true}});
        }
        // Left out: as the product finds best.
        let own = self.entry.get("enableNestedVirtualization").filter(|value| !value.is_null());
        if let Some(nested) = own.or(self.spec.get("enableNestedVirtualization")).and_then(Value::as_bool) {
            let policy = if nested { "optional" } else { "disable" };
            domain["cpu"]["features"] = json!(["vmx", "svm"].map(|name| json!({"name": name, "policy": policy})));
        }
        let mut pod = json!({"domain": domain, "networks": networks, "volumes": volumes});
        for (field, target) in [("targetNodeSelector", "nodeSelector"), ("targetAffinity", "affinity")] {
            if let Some(value) = self.spec.get(field).filter(|value| !value.is_null()) {
                pod[target] = value.clone();
            }
        }
        let mut annotations = json!({ORIGIN: self.origin});
        if self.name != self.vm.name {
            annotations["openshift.io/display-name"] = json!(self.vm.name);
            annotations["original-ID"] = json!(self.vm.moref);
        }
        json!({
            "metadata": {
                "namespace": self.namespace, "name": self.name, "labels": self.labels, "annotations": annotations,
            },
            "spec": {
                "runStrategy": if self.runs() { "Always" } else { "Halted" },
                "template": {"metadata": {"labels": template_labels}, "spec": pod},
            },
        })
    }

    /// Whether it is to run: as asked for, else as the source did.
    fn runs(&self) -> bool {
        let own = self.entry["targetPowerState"].as_str();
        match own.or_else(|| self.spec["targetPowerState"].as_str()) {
            Some("on") => true,
            Some("off") => false,
            _ => self.was_on,
        }
    }

    fn cpu(&self) -> Value {
        let cores = self.vm.cores_per_socket.max(1);
        json!({"sockets": (self.vm.cpus / cores).max(1), "cores": cores})
    }

    fn firmware(&self) -> Value {
        let loader = match self.vm.firmware {
            Firmware::Bios => json!({"bios": {}}),
            Firmware::Efi => json!({"efi": {"secureBoot": self.vm.secure_boot}}),
        };
        let (id, uuid) = (&self.vm.moref, &self.vm.uuid);
        match self.source_type {
            // Secure boot is always off.
            "ovirt" if self.vm.firmware == Firmware::Efi => {
                json!({"bootloader": {"efi": {"secureBoot": false}}, "serial": id, "uuid": id})
            }
            "ovirt" => json!({"bootloader": loader, "serial": id, "uuid": id}),
            "openstack" => json!({"bootloader": loader}),
            "ova" => json!({"bootloader": loader, "serial": id}),
            _ if self.vmware_serial => json!({"bootloader": loader, "serial": vmware_serial(uuid)}),
            _ => json!({"bootloader": loader, "serial": uuid}),
        }
    }

    /// Interfaces and networks; NICs that are mapped to nothing are left out.
    fn nics(&self) -> (Vec<Value>, Vec<Value>) {
        let (mut interfaces, mut networks) = (Vec::new(), Vec::new());
        let kept = self.vm.nics.iter().zip(&self.attachments).filter(|(_, to)| **to != Attachment::Ignored);
        for (index, (nic, attachment)) in kept.enumerate() {
            let name = network_name(self.template("networkNameTemplate"), attachment, index);
            let mut interface = json!({"name": name, "model": "virtio"});
            // What the source does not tell, KubeVirt chooses.
            if !nic.mac.is_empty() {
                interface["macAddress"] = json!(nic.mac);
            }
            let network = match attachment {
                Attachment::Multus(nad) => json!({"name": name, "multus": {"networkName": nad}}),
                _ => json!({"name": name, "pod": {}}),
            };
            if !nic.connected {
                interface["state"] = json!("down");
            }
            let binding = if network.get("pod").is_some() { "masquerade" } else { "bridge" };
            interface[binding] = json!({});
            interfaces.push(interface);
            networks.push(network);
        }
        (interfaces, networks)
    }

    fn disks(&self) -> (Vec<Value>, Vec<Value>) {
        let boot = boot_disk(self.entry, self.claims.len());
        let template = self.template("volumeNameTemplate");
        let (mut disks, mut volumes) = (Vec::new(), Vec::new());
        for (index, claim) in self.claims.iter().enumerate() {
            let name = match (self.source_type, self.vm.disks.get(index)) {
                ("ovirt", Some(disk)) => disk.uuid.clone(),
                ("openstack", Some(disk)) => format!("vol-{}", disk.uuid),
                _ => volume_name(template, claim, index),
            };
            let mut disk = json!({"name": name, "disk": {"bus": "virtio"}});
            if index == boot {
                disk["bootOrder"] = json!(1);
            }
            disks.push(disk);
            volumes.push(json!({"name": name, "persistentVolumeClaim": {"claimName": claim}}));
        }
        (disks, volumes)
    }

    /// The template of a kind: the VM's own, else the plan's.
    fn template(&self, kind: &str) -> &str {
        self.entry[kind].as_str().or_else(|| self.spec[kind].as_str()).unwrap_or_default()
    }
}

/// Whether a source VM counts as running.
pub(crate) fn was_on(restore: &str, power: Power) -> bool {
    if restore.is_empty() { power == Power::On } else { restore == "On" }
}

/// `VMware-` and the bytes of the BIOS UUID, eight and eight.
pub(crate) fn vmware_serial(uuid: &str) -> String {
    let digits: Vec<char> = uuid.to_lowercase().chars().filter(char::is_ascii_hexdigit).collect();
    let bytes: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    let (head, tail) = bytes.split_at(bytes.len().min(8));
    format!("VMware-{}-{}", head.join(" "), tail.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::validate_vms::tests::{facts_of, vm};
    use super::*;

    fn build(spec: &Value, entry: &Value) -> Value {
        let source = vm("A_b", &["network-7", "network-9", "network-8"]);
        let attachments = facts_of(vec![]).attachments(&source).into_iter().flatten().collect();
        Blueprint {
            vm: &source,
            name: "a-b".into(),
            namespace: "n".into(),
            labels: Map::from_iter([("plan".to_owned(), json!("u"))]),
            spec,
            entry,
            attachments,
            claims: vec!["c0".into(), "c1".into()],
            was_on: true,
            source_type: "vsphere",
            vmware_serial: true,
            origin: "vc/vm-1".into(),
        }
        .build()
    }

    #[test]
    fn a_healthy_target_is_its_source() {
        let spec = json!({"targetLabels": {"k": "v"}, "targetNodeSelector": {"n": "1"}, "targetPowerState": "off"});
        let made = build(&spec, &json!({"rootDisk": "/dev/sdb"}));
        let pod = &made["spec"]["template"]["spec"];
        assert_eq!(made["spec"]["runStrategy"], "Halted");
        assert_eq!(made["spec"]["template"]["metadata"]["labels"], json!({"k": "v", "app": "a-b"}));
        assert_eq!(made["metadata"]["labels"], json!({"plan": "u"}));
        assert_eq!(made["metadata"]["annotations"]["openshift.io/display-name"], "A_b");
        assert_eq!(pod["nodeSelector"], json!({"n": "1"}));
        assert_eq!(pod["domain"]["cpu"], json!({"sockets": 2, "cores": 2}));
        assert_eq!(pod["domain"]["memory"]["guest"], "2Gi");
        assert_eq!(
            pod["networks"],
            json!([{"name": "net-0", "pod": {}}, {"name": "net-1", "multus": {"networkName": "n/nad-1"}}])
        );
        assert_eq!(pod["domain"]["devices"]["interfaces"][1]["macAddress"], "00:50:56:00:00:02");
        assert!(pod["domain"]["devices"]["interfaces"][0].get("masquerade").is_some());
        assert_eq!(pod["domain"]["devices"]["disks"][1]["bootOrder"], 1);
        assert_eq!(pod["volumes"][1], json!({"name": "vol-1", "persistentVolumeClaim": {"claimName": "c1"}}));
        assert_eq!(pod["domain"]["firmware"]["serial"], "VMware-42 17 c0 de 01 02 03 04-05 06 07 08 09 0a 0b 0c");
    }
}
