//! The collections of a vSphere provider.
//!
//! Source: inventory-api.md sections 2 and 6.

use super::item::Item;
use super::mirror::{Copied, Mirror};
use super::vm;
use crate::lab::world::{Inventory, NamedRef};
use serde_json::{Map, Value, json};

/// Capacity of every datastore, as the SOAP face tells it.
const STORE_CAPACITY: u64 = 16 << 40;

/// A reference as the service writes it.
pub(super) fn reference(kind: &str, id: &str) -> Value {
    json!({"kind": kind, "id": id})
}

/// One moment's knowledge of a source, below a link such as `providers/vsphere/<uid>`.
pub(super) struct Snapshot<'a> {
    inventory: &'a Inventory,
    known: &'a Copied,
    link: String,
}

/// Reads a collection; `None` if there is none of this name. Templates are left out of the lists of VMs.
pub(super) fn collection(mirror: &Mirror, stale: bool, link: &str, name: &str, detail: u32) -> Option<Vec<Value>> {
    with(mirror, stale, link, |snapshot| match name {
        "vms" | "workloads" => Some(snapshot.vms(name).into_iter().filter(|vm| vm["isTemplate"] == false).collect()),
        _ => Some(snapshot.items(name)?.into_iter().map(|item| item.at(detail)).collect()),
    })
}

/// Reads one object in full; `None` if there is none. Templates can be read, too.
pub(super) fn object(mirror: &Mirror, stale: bool, link: &str, name: &str, id: &str) -> Option<Value> {
    with(mirror, stale, link, |snapshot| {
        let mut items = match name {
            "vms" | "workloads" => snapshot.vms(name),
            _ => snapshot.items(name)?.into_iter().map(|item| item.at(u32::MAX)).collect(),
        };
        let at = items.iter().position(|item| item["id"] == id)?;
        Some(items.swap_remove(at))
    })
}

/// How many of each kind the provider has.
pub(super) fn counts(mirror: &Mirror, stale: bool) -> Map<String, Value> {
    let inventory = mirror.source.read();
    let counts = [
        ("datacenterCount", 1),
        ("clusterCount", 1),
        ("hostCount", inventory.hosts.len()),
        ("vmCount", mirror.known(stale).vms.len()),
        ("networkCount", inventory.networks.len()),
        ("datastoreCount", inventory.datastores.len()),
    ];
    counts.into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect()
}

fn with<T>(mirror: &Mirror, stale: bool, link: &str, read: impl FnOnce(&Snapshot<'_>) -> T) -> T {
    let known = mirror.known(stale);
    let inventory = mirror.source.read();
    read(&Snapshot { inventory: &inventory, known: &known, link: link.to_owned() })
}

impl Snapshot<'_> {
    fn vms(&self, name: &str) -> Vec<Value> {
        let link = format!("{}/{name}", self.link);
        let resource = |vm: &crate::lab::world::Vm| {
            vm::resource(self.inventory, &link, vm, self.known.reported.contains(&vm.moref))
        };
        self.known.vms.iter().map(resource).collect()
    }

    fn base(&self, collection: &str, object: &NamedRef, parent: &Value, folder: &str) -> Value {
        json!({
            "id": object.moref,
            "name": object.name,
            "parent": parent,
            "path": format!("/{}{folder}/{}", self.inventory.datacenter.name, object.name),
            "revision": 1,
            "selfLink": format!("{}/{collection}/{}", self.link, object.moref),
        })
    }

    fn items(&self, name: &str) -> Option<Vec<Item>> {
        let inventory = self.inventory;
        Some(match name {
            "datacenters" => {
                let mut base = self.base(name, &inventory.datacenter, &reference("Folder", "group-d1"), "");
                base["path"] = json!(format!("/{}", inventory.datacenter.name));
                let more = json!({
                    "clusters": reference("Folder", "group-h4"),
                    "datastores": reference("Folder", "group-s5"),
                    "networks": reference("Folder", "group-n6"),
                    "vms": reference("Folder", &inventory.vm_folder.moref),
                });
                vec![Item { base, more }]
            }
            "clusters" => {
                let base = self.base(name, &inventory.cluster, &reference("Folder", "group-h4"), "/host");
                let refs = |kind: &str, items: &[NamedRef]| {
                    items.iter().map(|item| reference(kind, &item.moref)).collect::<Vec<_>>()
                };
                let more = json!({
                    "folder": "group-h4",
                    "hosts": refs("Host", &inventory.hosts),
                    "networks": refs("Network", &inventory.networks),
                    "datastores": refs("Datastore", &inventory.datastores),
                });
                vec![Item { base, more }]
            }
            "folders" => self.folders(),
            "hosts" => inventory.hosts.iter().map(|host| self.host(host)).collect(),
            "networks" => self.networks(),
            "datastores" => inventory.datastores.iter().map(|store| self.datastore(store)).collect(),
            _ => return None,
        })
    }

    fn folders(&self) -> Vec<Item> {
        let named = |moref: &str, name: &str| NamedRef { moref: moref.to_owned(), name: name.to_owned() };
        let folders = [
            self.inventory.vm_folder.clone(),
            named("group-h4", "host"),
            named("group-s5", "datastore"),
            named("group-n6", "network"),
        ];
        let datacenter = &self.inventory.datacenter.moref;
        let item = |folder: &NamedRef| Item {
            base: self.base("folders", folder, &reference("Datacenter", datacenter), ""),
            more: json!({"folder": "", "datacenter": datacenter, "children": null}),
        };
        folders.iter().map(item).collect()
    }

    fn host(&self, host: &NamedRef) -> Item {
        let inventory = self.inventory;
        let refs =
            |kind: &str, items: &[NamedRef]| items.iter().map(|item| reference(kind, &item.moref)).collect::<Vec<_>>();
        let folder = format!("/host/{}", inventory.cluster.name);
        Item {
            base: self.base("hosts", host, &reference("Cluster", &inventory.cluster.moref), &folder),
            more: json!({
                "cluster": inventory.cluster.moref,
                "status": "green",
                "inMaintenance": false,
                "managementServerIp": "",
                "thumbprint": "",
                "networks": refs("Network", &inventory.networks),
                "datastores": refs("Datastore", &inventory.datastores),
            }),
        }
    }

    fn networks(&self) -> Vec<Item> {
        let switch = NamedRef { moref: "dvs-60".to_owned(), name: "DSwitch".to_owned() };
        let folder = || reference("Folder", "group-n6");
        let item = |network: &NamedRef| {
            let mut base = self.base("networks", network, &folder(), "/network");
            let distributed = network.moref.starts_with("dvportgroup-");
            base["variant"] = json!(if distributed { "DvPortGroup" } else { "Standard" });
            let more = if distributed {
                json!({"dvSwitch": reference("Network", "dvs-60"), "key": network.moref, "vlanId": ""})
            } else {
                json!({"tag": ""})
            };
            Item { base, more }
        };
        let mut items: Vec<Item> = self.inventory.networks.iter().map(item).collect();
        if self.inventory.networks.iter().any(|network| network.moref.starts_with("dvportgroup-")) {
            let mut base = self.base("networks", &switch, &folder(), "/network");
            base["variant"] = json!("DvSwitch");
            items.push(Item { base, more: json!({"host": null}) });
        }
        items
    }

    fn datastore(&self, store: &NamedRef) -> Item {
        let disks = self.inventory.vms.iter().flat_map(|vm| &vm.disks);
        let used: u64 = disks.filter(|disk| disk.datastore == store.moref).map(|disk| disk.size_bytes).sum();
        Item {
            base: self.base("datastores", store, &reference("Folder", "group-s5"), "/datastore"),
            more: json!({
                "type": if store.name.contains("nfs") { "NFS" } else { "VMFS" },
                "capacity": STORE_CAPACITY,
                "free": STORE_CAPACITY.saturating_sub(used),
                "maintenance": "normal",
                "backingDevicesNames": null,
            }),
        }
    }
}
