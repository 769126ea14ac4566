//! Which managed objects there are, what they are called and how they hang together.

use super::fault::Ref;
use crate::lab::world::{Inventory, NamedRef, Vm};

/// The root folder.
pub(super) const ROOT: &str = "group-d1";
const HOST_FOLDER: &str = "group-h4";
const STORE_FOLDER: &str = "group-s5";
const NET_FOLDER: &str = "group-n6";
/// The distributed switch of all distributed port groups.
pub(super) const SWITCH: &str = "dvs-60";

fn refs(kind: &str, items: &[NamedRef]) -> Vec<Ref> {
    items.iter().map(|item| Ref::new(kind, &item.moref)).collect()
}

/// The reference of a VM.
pub(super) fn vm_ref(vm: &Vm) -> Ref {
    Ref::new("VirtualMachine", &vm.moref)
}

/// The reference of a network, by its MoRef value.
pub(super) fn network_ref(moref: &str) -> Ref {
    let kind = if moref.starts_with("dvportgroup-") { "DistributedVirtualPortgroup" } else { "Network" };
    Ref::new(kind, moref)
}

/// The reference of the cluster.
pub(super) fn cluster_ref(inventory: &Inventory) -> Ref {
    Ref::new("ClusterComputeResource", &inventory.cluster.moref)
}

/// The reference of the datacenter.
pub(super) fn datacenter_ref(inventory: &Inventory) -> Ref {
    Ref::new("Datacenter", &inventory.datacenter.moref)
}

/// The reference of the root resource pool.
pub(super) fn pool_ref(inventory: &Inventory) -> Ref {
    Ref::new("ResourcePool", &inventory.pool.moref)
}

/// The four folders of the datacenter: VMs, hosts, datastores, networks.
pub(super) fn folders(inventory: &Inventory) -> [Ref; 4] {
    [&inventory.vm_folder.moref, HOST_FOLDER, STORE_FOLDER, NET_FOLDER].map(|moref| Ref::new("Folder", moref))
}

/// All networks, without switches.
pub(super) fn networks(inventory: &Inventory) -> Vec<Ref> {
    inventory.networks.iter().map(|network| network_ref(&network.moref)).collect()
}

/// All hosts.
pub(super) fn hosts(inventory: &Inventory) -> Vec<Ref> {
    refs("HostSystem", &inventory.hosts)
}

/// All datastores.
pub(super) fn datastores(inventory: &Inventory) -> Vec<Ref> {
    refs("Datastore", &inventory.datastores)
}

/// All VMs and templates.
pub(super) fn vms(inventory: &Inventory) -> Vec<Ref> {
    inventory.vms.iter().map(vm_ref).collect()
}

/// The entities directly below an entity, as container views and `childEntity` see them.
pub(super) fn children(inventory: &Inventory, parent: &Ref) -> Vec<Ref> {
    match parent.value.as_str() {
        ROOT => vec![datacenter_ref(inventory)],
        HOST_FOLDER => vec![cluster_ref(inventory)],
        STORE_FOLDER => datastores(inventory),
        NET_FOLDER => {
            let has_switch = inventory.networks.iter().any(|network| network.moref.starts_with("dvportgroup-"));
            let switch = has_switch.then(|| Ref::new("VmwareDistributedVirtualSwitch", SWITCH));
            networks(inventory).into_iter().chain(switch).collect()
        }
        value if value == inventory.vm_folder.moref => vms(inventory),
        value if value == inventory.datacenter.moref => folders(inventory).to_vec(),
        value if value == inventory.cluster.moref => {
            hosts(inventory).into_iter().chain([pool_ref(inventory)]).collect()
        }
        value if value == inventory.pool.moref => vms(inventory),
        value => inventory.vms.iter().filter(|vm| vm.host == value).map(vm_ref).collect(),
    }
}

/// Name and parent of an entity; `None` if there is no such entity.
pub(super) fn name_and_parent(inventory: &Inventory, object: &Ref) -> Option<(String, Option<Ref>)> {
    let [vm_folder, host_folder, store_folder, net_folder] = folders(inventory);
    let among = |items: &[NamedRef], parent: Ref| {
        items.iter().find(|item| item.moref == object.value).map(|item| (item.name.clone(), Some(parent)))
    };
    let datacenter = datacenter_ref(inventory);
    let fixed = |name: &str| Some((name.to_owned(), Some(datacenter.clone())));
    match object.kind.as_str() {
        "Folder" => match object.value.as_str() {
            ROOT => Some(("Datacenters".to_owned(), None)),
            HOST_FOLDER => fixed("host"),
            STORE_FOLDER => fixed("datastore"),
            NET_FOLDER => fixed("network"),
            value if value == inventory.vm_folder.moref => fixed(&inventory.vm_folder.name),
            _ => None,
        },
        "Datacenter" => among(std::slice::from_ref(&inventory.datacenter), Ref::new("Folder", ROOT)),
        "ClusterComputeResource" | "ComputeResource" => among(std::slice::from_ref(&inventory.cluster), host_folder),
        "ResourcePool" => among(std::slice::from_ref(&inventory.pool), cluster_ref(inventory)),
        "HostSystem" => among(&inventory.hosts, cluster_ref(inventory)),
        "Datastore" => among(&inventory.datastores, store_folder),
        "Network" | "DistributedVirtualPortgroup" if network_ref(&object.value) == *object => {
            among(&inventory.networks, net_folder)
        }
        "VmwareDistributedVirtualSwitch" | "DistributedVirtualSwitch" => {
            (object.value == SWITCH).then(|| ("DSwitch".to_owned(), Some(net_folder)))
        }
        "VirtualMachine" => inventory.vm(&object.value).map(|vm| (vm.name.clone(), Some(vm_folder))),
        _ => None,
    }
}

/// A name as vCenter stores it.
///
/// Source: source-providers.md section 2.2.
pub(super) fn stored_name(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2f").replace('\\', "%5c")
}
