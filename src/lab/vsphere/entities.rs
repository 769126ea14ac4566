//! The properties of everything in the inventory but VMs.

use super::devices::SWITCH_UUID;
use super::fault::Ref;
use super::tree::{self, SWITCH};
use super::vm_facts;
use super::xml::Node;
use crate::lab::world::{Inventory, NamedRef};

/// Capacity of every datastore.
pub(super) const STORE_CAPACITY: u64 = 16 << 40;

/// A property of an entity's kind; nothing if it is unset.
pub(super) fn property(inventory: &Inventory, object: &Ref, own_name: &str, name: &str) -> Vec<Node> {
    match object.kind.as_str() {
        "Folder" => folder(inventory, object, own_name, name),
        "Datacenter" => datacenter(inventory, name),
        "ClusterComputeResource" | "ComputeResource" => cluster(inventory, name),
        "ResourcePool" => pool(inventory, name),
        "HostSystem" => host(inventory, object, own_name, name),
        "Datastore" => datastore(inventory, object, own_name, name),
        "Network" | "DistributedVirtualPortgroup" => network(inventory, object, own_name, name),
        "VmwareDistributedVirtualSwitch" | "DistributedVirtualSwitch" => switch(inventory, own_name, name),
        _ => Vec::new(),
    }
}

fn nodes(refs: &[Ref], name: &str) -> Vec<Node> {
    refs.iter().map(|object| object.node(name)).collect()
}

fn folder(inventory: &Inventory, object: &Ref, own_name: &str, name: &str) -> Vec<Node> {
    let types: &[&str] = match own_name {
        "vm" => &["Folder", "VirtualMachine", "VirtualApp"],
        "host" => &["Folder", "ComputeResource"],
        "datastore" => &["Folder", "Datastore", "StoragePod"],
        "network" => &["Folder", "Network", "DistributedVirtualSwitch"],
        _ => &["Folder", "Datacenter"],
    };
    match name {
        "childEntity" => nodes(&tree::children(inventory, object), name),
        "childType" => types.iter().map(|kind| Node::leaf(name, kind)).collect(),
        _ => Vec::new(),
    }
}

fn datacenter(inventory: &Inventory, name: &str) -> Vec<Node> {
    let [vm, host, store, net] = tree::folders(inventory);
    match name {
        "vmFolder" => vec![vm.node(name)],
        "hostFolder" => vec![host.node(name)],
        "datastoreFolder" => vec![store.node(name)],
        "networkFolder" => vec![net.node(name)],
        "datastore" => nodes(&tree::datastores(inventory), name),
        "network" => nodes(&tree::networks(inventory), name),
        "configuration" => vec![Node::new(name)],
        _ => Vec::new(),
    }
}

fn cluster(inventory: &Inventory, name: &str) -> Vec<Node> {
    match name {
        "resourcePool" => vec![tree::pool_ref(inventory).node(name)],
        "host" => nodes(&tree::hosts(inventory), name),
        "datastore" => nodes(&tree::datastores(inventory), name),
        "network" => nodes(&tree::networks(inventory), name),
        "configuration" => {
            let overrides = inventory.drs_off.iter().map(|moref| {
                Node::new("drsVmConfig")
                    .with([Ref::new("VirtualMachine", moref).node("key"), Node::leaf("enabled", false)])
            });
            vec![Node::new(name).with([Node::new("dasConfig"), Node::new("drsConfig")]).with(overrides)]
        }
        "summary" | "summaryEx" => {
            let hosts = inventory.hosts.len();
            vec![Node::new(name).of("ClusterComputeResourceSummary").with([
                Node::leaf("totalCpu", hosts * 76_800),
                Node::leaf("totalMemory", (hosts as u64) << 38),
                Node::leaf("numCpuCores", hosts * 32),
                Node::leaf("numCpuThreads", hosts * 64),
                Node::leaf("effectiveCpu", hosts * 76_800),
                Node::leaf("effectiveMemory", hosts << 18),
                Node::leaf("numHosts", hosts),
                Node::leaf("numEffectiveHosts", hosts),
                Node::leaf("overallStatus", "green"),
                Node::leaf("currentFailoverLevel", 1),
                Node::leaf("numVmotions", 0),
            ])]
        }
        _ => Vec::new(),
    }
}

fn pool(inventory: &Inventory, name: &str) -> Vec<Node> {
    match name {
        "owner" => vec![tree::cluster_ref(inventory).node(name)],
        "vm" => inventory.vms.iter().filter(|vm| !vm.template).map(|vm| tree::vm_ref(vm).node(name)).collect(),
        _ => Vec::new(),
    }
}

fn host_runtime() -> Node {
    Node::new("runtime").with([
        Node::leaf("connectionState", "connected"),
        Node::leaf("powerState", "poweredOn"),
        Node::leaf("inMaintenanceMode", false),
    ])
}

fn host(inventory: &Inventory, object: &Ref, own_name: &str, name: &str) -> Vec<Node> {
    match name {
        "runtime" => vec![host_runtime()],
        "vm" => nodes(&tree::children(inventory, object), name),
        "datastore" => nodes(&tree::datastores(inventory), name),
        "network" => nodes(&tree::networks(inventory), name),
        "datastoreBrowser" => vec![browser(&object.value).node(name)],
        "summary" => {
            let config = [Node::leaf("name", own_name), Node::leaf("port", 443)];
            vec![
                Node::new(name).with([
                    object.node("host"),
                    host_runtime(),
                    Node::new("config")
                        .with(config)
                        .with([Node::leaf("vmotionEnabled", true), Node::leaf("faultToleranceEnabled", false)]),
                    Node::new("quickStats").with([Node::leaf("uptime", 86_400)]),
                    Node::leaf("overallStatus", "green"),
                    Node::leaf("rebootRequired", false),
                ]),
            ]
        }
        _ => Vec::new(),
    }
}

fn browser(moref: &str) -> Ref {
    Ref::new("HostDatastoreBrowser", &format!("datastoreBrowser-{moref}"))
}

/// The datastore that a browser looks at.
pub(super) fn browsed_store<'a>(inventory: &'a Inventory, browser: &str) -> Option<&'a NamedRef> {
    let moref = browser.strip_prefix("datastoreBrowser-")?;
    let host = inventory.hosts.iter().any(|host| host.moref == moref).then(|| inventory.datastores.first()).flatten();
    inventory.datastores.iter().find(|store| store.moref == moref).or(host)
}

/// Bytes that the disks on a datastore may grow to.
pub(super) fn used_bytes(inventory: &Inventory, moref: &str) -> u64 {
    inventory
        .vms
        .iter()
        .flat_map(|vm| &vm.disks)
        .filter(|disk| disk.datastore == moref)
        .map(|disk| disk.size_bytes)
        .sum()
}

fn store_type(own_name: &str) -> &'static str {
    if own_name.contains("nfs") { "NFS" } else { "VMFS" }
}

fn datastore(inventory: &Inventory, object: &Ref, own_name: &str, name: &str) -> Vec<Node> {
    let url = format!("ds:///vmfs/volumes/{}/", object.value);
    let free = STORE_CAPACITY.saturating_sub(used_bytes(inventory, &object.value));
    match name {
        "vm" => {
            let on_it = inventory.vms.iter().filter(|vm| vm.datastores().contains(&object.value.as_str()));
            on_it.map(|vm| tree::vm_ref(vm).node(name)).collect()
        }
        "browser" => vec![browser(&object.value).node(name)],
        "summary" => vec![Node::new(name).with([
            object.node("datastore"),
            Node::leaf("name", tree::stored_name(own_name)),
            Node::leaf("url", url),
            Node::leaf("capacity", STORE_CAPACITY),
            Node::leaf("freeSpace", free),
            Node::leaf("uncommitted", 0),
            Node::leaf("accessible", true),
            Node::leaf("multipleHostAccess", true),
            Node::leaf("type", store_type(own_name)),
            Node::leaf("maintenanceMode", "normal"),
        ])],
        "info" => vec![Node::new(name).with([
            Node::leaf("name", own_name),
            Node::leaf("url", url),
            Node::leaf("freeSpace", free),
            Node::leaf("maxFileSize", 64_u64 << 40),
            Node::leaf("maxMemoryFileSize", 64_u64 << 40),
        ])],
        "capability" => vec![Node::new(name).with([
            Node::leaf("directoryHierarchySupported", true),
            Node::leaf("rawDiskMappingsSupported", store_type(own_name) == "VMFS"),
            Node::leaf("perFileThinProvisioningSupported", true),
            Node::leaf("storageIORMSupported", true),
            Node::leaf("nativeSnapshotSupported", false),
        ])],
        _ => Vec::new(),
    }
}

fn network(inventory: &Inventory, object: &Ref, own_name: &str, name: &str) -> Vec<Node> {
    match name {
        "summary" => vec![Node::new(name).with([
            object.node("network"),
            Node::leaf("name", own_name),
            Node::leaf("accessible", true),
            Node::leaf("ipPoolName", ""),
        ])],
        "host" => nodes(&tree::hosts(inventory), name),
        "vm" => {
            let on_it = inventory.vms.iter().filter(|vm| vm.networks().contains(&object.value.as_str()));
            on_it.map(|vm| tree::vm_ref(vm).node(name)).collect()
        }
        "key" => vec![Node::leaf(name, &object.value)],
        "config" => vec![Node::new(name).with([
            Node::leaf("key", &object.value),
            Node::leaf("name", own_name),
            Node::leaf("numPorts", 128),
            Ref::new("VmwareDistributedVirtualSwitch", SWITCH).node("distributedVirtualSwitch"),
            Node::leaf("type", "earlyBinding"),
            Node::new("policy").of("VMwareDVSPortgroupPolicy"),
        ])],
        _ => Vec::new(),
    }
}

fn switch(inventory: &Inventory, own_name: &str, name: &str) -> Vec<Node> {
    let groups = tree::networks(inventory).into_iter().filter(|network| network.kind == "DistributedVirtualPortgroup");
    match name {
        "uuid" => vec![Node::leaf(name, SWITCH_UUID)],
        "portgroup" => nodes(&groups.collect::<Vec<_>>(), name),
        "summary" => vec![Node::new(name).with([
            Node::leaf("name", own_name),
            Node::leaf("uuid", SWITCH_UUID),
            Node::leaf("numPorts", 512),
        ])],
        _ => Vec::new(),
    }
}

/// A property of a snapshot.
pub(super) fn snapshot_property(inventory: &Inventory, moref: &str, name: &str) -> Vec<Node> {
    let owner = inventory.vms.iter().find(|vm| vm.snapshots.iter().any(|snapshot| snapshot.moref == moref));
    let Some(vm) = owner else { return Vec::new() };
    match name {
        "vm" => vec![tree::vm_ref(vm).node(name)],
        "config" => vm_facts::property(inventory, vm, "config"),
        "childSnapshot" => {
            let next = vm.snapshots.iter().skip_while(|snapshot| snapshot.moref != moref).nth(1);
            next.map(|child| vm_facts::snapshot_ref(child).node(name)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
