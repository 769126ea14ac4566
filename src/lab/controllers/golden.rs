//! VMs that are made from a golden image: their DataVolumes, what instance type and preference give their instances, and
//! the guests that they get.
//!
//! Source: cluster-api.md sections 1.1 and 2.

use super::hub::{Fail, Hub};
use super::kinds::{CLAIM, DATA_VOLUME, INSTANCE_TYPE, PREFERENCE, VIRTUAL_MACHINE};
use super::object::{items, name, namespace, owner_reference, text, uid};
use crate::facts::{Seed, parse_quantity_bytes};
use crate::lab::world::{Disk, Nic, Platform, Vm};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What cloud-init's user data begins with.
const CLOUD_CONFIG: &str = "#cloud-config";

/// Makes the DataVolumes of a VM's templates; whether all of them are there with their data.
pub(super) async fn provision(hub: &Hub, vm: &Value) -> Result<bool, Fail> {
    let mut complete = true;
    for template in items(vm, "/spec/dataVolumeTemplates") {
        let own = text(template, "/metadata/name");
        let volume = if let Some(volume) = hub.cache.get(DATA_VOLUME, namespace(vm), own) {
            volume
        } else {
            let mut metadata = template["metadata"].clone();
            metadata["namespace"] = json!(namespace(vm));
            metadata["ownerReferences"] = json!([owner_reference(VIRTUAL_MACHINE, vm, true)]);
            hub.create(DATA_VOLUME, json!({"metadata": metadata, "spec": template["spec"]})).await?
        };
        complete &= text(&volume, "/status/phase") == "Succeeded";
    }
    Ok(complete)
}

/// Whether DataVolumes of the VM's templates are still filled.
pub(super) fn is_provisioning(hub: &Hub, vm: &Value) -> bool {
    items(vm, "/spec/dataVolumeTemplates").any(|template| {
        let volume = hub.cache.get(DATA_VOLUME, namespace(vm), text(template, "/metadata/name"));
        volume.is_none_or(|volume| text(&volume, "/status/phase") != "Succeeded")
    })
}

/// The spec of an instance: the VM's template, with what its instance type and preference give, and what KubeVirt adds.
///
/// The inner error says what the VM names and the cluster does not have.
pub(super) async fn expanded(hub: &Hub, vm: &Value) -> Result<Result<Value, String>, Fail> {
    let mut spec = vm["spec"]["template"]["spec"].clone();
    let sizes = text(vm, "/spec/instancetype/name");
    if !sizes.is_empty() {
        let Some(found) = hub.get(INSTANCE_TYPE, "", sizes).await? else {
            return Ok(Err(format!("Failure to find instancetype: {sizes:?} not found")));
        };
        spec["domain"]["cpu"] = json!({"sockets": found["spec"]["cpu"]["guest"], "cores": 1, "threads": 1});
        spec["domain"]["memory"] = json!({"guest": found["spec"]["memory"]["guest"]});
    }
    let preference = text(vm, "/spec/preference/name");
    if !preference.is_empty() && hub.get(PREFERENCE, "", preference).await?.is_none() {
        return Ok(Err(format!("Failure to find preference: {preference:?} not found")));
    }
    add_disks(&mut spec);
    for interface in spec.pointer_mut("/domain/devices/interfaces").and_then(Value::as_array_mut).into_iter().flatten()
    {
        if text(interface, "/macAddress").is_empty() {
            interface["macAddress"] = json!(nic_mac(uid(vm), text(interface, "/name")));
        }
    }
    Ok(Ok(spec))
}

/// Volumes that no disk names get one.
fn add_disks(spec: &mut Value) {
    let named: Vec<String> = items(spec, "/domain/devices/disks").map(|disk| text(disk, "/name").to_owned()).collect();
    let missing = items(spec, "/volumes").map(|volume| text(volume, "/name").to_owned());
    let missing: Vec<Value> = missing
        .filter(|volume| !named.contains(volume))
        .map(|volume| json!({"name": volume, "disk": {"bus": "virtio"}}))
        .collect();
    if missing.is_empty() {
        return;
    }
    let disks: Vec<Value> = items(spec, "/domain/devices/disks").cloned().chain(missing).collect();
    spec["domain"]["devices"]["disks"] = json!(disks);
}

/// The MAC address that KubeVirt chooses where a VM names none: here the same at each start.
pub(super) fn nic_mac(vm_uid: &str, nic: &str) -> String {
    let mut stream = Seed(0).stream(&format!("{vm_uid}/{nic}"));
    format!(
        "02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}",
        stream.u8(..),
        stream.u8(..),
        stream.u8(..),
        stream.u8(..),
        stream.u8(..)
    )
}

/// The guest of a VM whose root disk is a copy of a golden image; `None` for any other.
pub(super) fn guest_of(hub: &Hub, vm: &Value) -> Option<Vm> {
    let image =
        items(vm, "/spec/dataVolumeTemplates").find_map(|template| match text(template, "/spec/sourceRef/name") {
            "" => None,
            image => Some(image),
        })?;
    let image = hub.world.of_type("openshift").find_map(|source| {
        let known = source.read();
        known.vms.iter().find(|one| one.template && one.name == image).cloned()
    })?;
    let mut guest = Vm {
        moref: uid(vm).to_owned(),
        name: name(vm).to_owned(),
        hostname: name(vm).to_owned(),
        uuid: text(vm, "/spec/template/spec/domain/firmware/uuid").to_owned(),
        instance_uuid: uid(vm).to_owned(),
        template: false,
        nics: nics(vm),
        ..image.clone()
    };
    guest.disks = disks(hub, vm, &image);
    let inside = Arc::make_mut(&mut guest.inside);
    (inside.platform, inside.host_key) = (Platform::Kubevirt, format!("ssh of {}", uid(vm)));
    inside.users = users(vm);
    Some(guest)
}

/// The NICs of a VM, as its guest has them.
fn nics(vm: &Value) -> Vec<Nic> {
    items(vm, "/spec/template/spec/domain/devices/interfaces")
        .zip(4000..)
        .map(|(interface, key)| {
            let own = text(interface, "/name");
            let given = text(interface, "/macAddress").to_lowercase();
            Nic {
                key,
                label: own.to_owned(),
                class: "virtio".to_owned(),
                mac: if given.is_empty() { nic_mac(uid(vm), own) } else { given },
                network: network_of(vm, own),
                connected: text(interface, "/state") != "down",
                guest: Vec::new(),
            }
        })
        .collect()
}

/// The network of a NIC: `pod`, or `namespace/name` of an attachment definition.
pub(super) fn network_of(vm: &Value, nic: &str) -> String {
    let network = items(vm, "/spec/template/spec/networks").find(|network| text(network, "/name") == nic);
    match network.map(|network| text(network, "/multus/networkName")).unwrap_or_default() {
        "" => POD.to_owned(),
        named if named.contains('/') => named.to_owned(),
        named => format!("{}/{named}", namespace(vm)),
    }
}

/// How the pod network is called.
pub(super) const POD: &str = "pod";

/// The disks of a VM: its volumes that have a claim. The first one has what is on the image's.
pub(super) fn disks(hub: &Hub, vm: &Value, like: &Vm) -> Vec<Disk> {
    let claims = items(vm, "/spec/template/spec/volumes").filter_map(|volume| Some((volume, claim_of(volume)?)));
    let class = |claim: &Value| {
        let class = text(claim, "/spec/storageClassName");
        let found = hub.cache.get(super::kinds::STORAGE_CLASS, "", class);
        found.map(|found| uid(&found).to_owned()).unwrap_or_default()
    };
    claims
        .zip(0..)
        .map(|((volume, claim_name), unit)| {
            let claim = hub.cache.get(CLAIM, namespace(vm), claim_name).unwrap_or_default();
            let size = ["/status/capacity/storage", "/spec/resources/requests/storage"];
            let size = size.iter().find_map(|at| parse_quantity_bytes(text(&claim, at)).ok());
            let like = like.disks.get(usize::try_from(unit).unwrap_or_default());
            Disk {
                key: unit,
                label: text(volume, "/name").to_owned(),
                controller_key: 0,
                bus: "virtio".to_owned(),
                unit,
                size_bytes: size.unwrap_or_default(),
                datastore: class(&claim),
                // As tasks name it. Source: forklift-api.md section 6, "Task names".
                file: format!("{}/{claim_name}", namespace(vm)),
                mode: "persistent".to_owned(),
                thin: true,
                eager: false,
                uuid: uid(&claim).to_owned(),
                lun: None,
                shared: false,
                partitions: like.map(|like| like.partitions.clone()).unwrap_or_default(),
            }
        })
        .collect()
}

/// The claim of a volume: a DataVolume's has its name.
pub(super) fn claim_of(volume: &Value) -> Option<&str> {
    let direct = text(volume, "/persistentVolumeClaim/claimName");
    let own = if direct.is_empty() { text(volume, "/dataVolume/name") } else { direct };
    (!own.is_empty()).then_some(own)
}

/// Who may log in: those of the user data; nobody without.
fn users(vm: &Value) -> BTreeMap<String, String> {
    let data = items(vm, "/spec/template/spec/volumes").map(|volume| text(volume, "/cloudInitNoCloud/userData"));
    let data = data.filter_map(|data| data.strip_prefix(CLOUD_CONFIG)).find_map(|yaml| serde_yaml::from_str(yaml).ok());
    let data: Map<String, Value> = data.unwrap_or_default();
    let word = |key: &str| data.get(key).and_then(Value::as_str).map(str::to_owned);
    word("user").zip(word("password")).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vm(user_data: &str) -> Value {
        json!({"metadata": {"namespace": "n", "name": "v", "uid": "u"}, "spec": {"template": {"spec": {
            "domain": {"devices": {"interfaces": [{"name": "default"}, {"name": "net1", "macAddress": "02:AA:00:00:00:01"}]}},
            "networks": [{"name": "default", "pod": {}}, {"name": "net1", "multus": {"networkName": "nad"}}],
            "volumes": [{"name": "root", "dataVolume": {"name": "v"}}, {"name": "ci", "cloudInitNoCloud": {"userData": user_data}}],
        }}}})
    }

    #[test]
    fn a_guest_has_the_nics_and_users_of_its_vm() {
        let made = vm("#cloud-config\n{\"user\": \"root\", \"password\": \"p:w\"}\n");
        assert_eq!(users(&made), BTreeMap::from([("root".to_owned(), "p:w".to_owned())]));
        assert!(users(&vm("#cloud-config\n")).is_empty());
        let found: Vec<_> = nics(&made).into_iter().map(|nic| (nic.mac, nic.network)).collect();
        assert_eq!(found[0], (nic_mac("u", "default"), "pod".to_owned()));
        assert_eq!(found[1], ("02:aa:00:00:00:01".to_owned(), "n/nad".to_owned()));
        assert_ne!(nic_mac("u", "default"), nic_mac("other", "default"));
    }

    #[test]
    fn each_volume_has_a_disk() {
        let mut spec = vm("")["spec"]["template"]["spec"].clone();
        spec["domain"]["devices"]["disks"] = json!([{"name": "ci", "cdrom": {}}]);
        add_disks(&mut spec);
        let names: Vec<&str> = items(&spec, "/domain/devices/disks").map(|disk| text(disk, "/name")).collect();
        assert_eq!(names, ["ci", "root"]);
    }
}
