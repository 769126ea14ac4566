//! The properties of a VM, as element trees in the order of the interface description.

use super::devices;
use super::fault::Ref;
use super::tree::{network_ref, vm_ref};
use super::xml::Node;
use crate::facts::{Firmware, Power};
use crate::lab::world::{Inventory, Nic, Snapshot, Vm};

/// A top-level property of a VM; nothing if it is unset.
pub(super) fn property(inventory: &Inventory, vm: &Vm, name: &str) -> Vec<Node> {
    match name {
        "config" => vec![config(inventory, vm)],
        "runtime" => vec![runtime(vm, "runtime")],
        "guest" => vec![guest(inventory, vm)],
        "summary" => vec![summary(inventory, vm)],
        "snapshot" => snapshot_info(vm).into_iter().collect(),
        "rootSnapshot" => vm.snapshots.first().map(|first| snapshot_ref(first).node(name)).into_iter().collect(),
        "datastore" => vm.datastores().iter().map(|moref| Ref::new("Datastore", moref).node(name)).collect(),
        "network" => vm.networks().iter().map(|moref| network_ref(moref).node(name)).collect(),
        "resourcePool" if !vm.template => vec![Ref::new("ResourcePool", &inventory.pool.moref).node(name)],
        "environmentBrowser" => vec![Ref::new("EnvironmentBrowser", &format!("envbrowser-{}", vm.moref)).node(name)],
        "guestHeartbeatStatus" => {
            vec![Node::leaf(name, if tools_run(vm) { "green" } else { "gray" })]
        }
        "storage" => vec![storage(vm)],
        _ => Vec::new(),
    }
}

/// Whether VMware Tools answer.
pub(super) fn tools_run(vm: &Vm) -> bool {
    vm.tools && vm.power == Power::On
}

/// Power in vSphere's words.
pub(super) fn power_word(power: Power) -> &'static str {
    match power {
        Power::On => "poweredOn",
        Power::Off => "poweredOff",
        Power::Other => "suspended",
    }
}

fn guest_name(id: &str) -> String {
    let (family, rest) = id.split_once('_').unwrap_or((id, ""));
    let bits = if rest.starts_with("64") { "64-bit" } else { "32-bit" };
    if let Some(version) = family.strip_prefix("rhel") {
        return format!("Red Hat Enterprise Linux {version} ({bits})");
    }
    match family.strip_prefix("windows") {
        Some("2019srvNext") => "Microsoft Windows Server 2022 (64-bit)".to_owned(),
        Some(version) => format!("Microsoft Windows Server {} ({bits})", version.trim_end_matches("srv")),
        None => format!("{family} ({bits})"),
    }
}

/// Directory of the VM's files, `[ds] vm`.
pub(super) fn home(inventory: &Inventory, vm: &Vm) -> String {
    let first = vm.disks.first().and_then(|disk| disk.file.rsplit_once('/').map(|(folder, _)| folder.to_owned()));
    let store = inventory.datastores.first().map(|store| store.name.clone()).unwrap_or_default();
    first.unwrap_or_else(|| format!("[{store}] {}", vm.name))
}

fn config(inventory: &Inventory, vm: &Vm) -> Node {
    let home = home(inventory, vm);
    let hardware = Node::new("hardware").with([
        Node::leaf("numCPU", vm.cpus),
        Node::leaf("numCoresPerSocket", vm.cores_per_socket),
        Node::leaf("memoryMB", vm.memory_mib),
    ]);
    let files = Node::new("files").with([
        Node::leaf("vmPathName", format!("{home}/{}.vmx", vm.name)),
        Node::leaf("snapshotDirectory", format!("{home}/")),
        Node::leaf("logDirectory", format!("{home}/")),
    ]);
    let boot = Node::new("bootOptions").with([
        Node::leaf("bootDelay", 0),
        Node::leaf("enterBIOSSetup", false),
        Node::leaf("efiSecureBootEnabled", vm.secure_boot),
    ]);
    let extra = vm.extra_config.iter().map(|(key, value)| {
        Node::new("extraConfig")
            .of("OptionValue")
            .with([Node::leaf("key", key), Node::leaf("value", value).of("string")])
    });
    let allocation = |name: &str| {
        Node::new(name).with([
            Node::leaf("reservation", 0),
            Node::leaf("expandableReservation", false),
            Node::leaf("limit", -1),
        ])
    };
    Node::new("config")
        .with([
            Node::leaf("changeVersion", vm.revision),
            Node::leaf("modified", "1970-01-01T00:00:00Z"),
            Node::leaf("name", &vm.name),
            Node::leaf("guestFullName", guest_name(&vm.guest_id)),
            Node::leaf("version", "vmx-20"),
            Node::leaf("uuid", &vm.uuid),
            Node::leaf("instanceUuid", &vm.instance_uuid),
            Node::leaf("template", vm.template),
            Node::leaf("guestId", &vm.guest_id),
            Node::leaf("alternateGuestName", ""),
            files,
            Node::new("flags"),
            Node::new("defaultPowerOps"),
            hardware.with(devices::all(inventory, vm)),
            allocation("cpuAllocation"),
            allocation("memoryAllocation"),
        ])
        .with(extra)
        .with([
            boot,
            Node::leaf("changeTrackingEnabled", vm.tracks_changes()),
            Node::leaf("firmware", if vm.firmware == Firmware::Efi { "efi" } else { "bios" }),
            Node::leaf("nestedHVEnabled", false),
        ])
}

fn runtime(vm: &Vm, name: &str) -> Node {
    Node::new(name).with([
        Ref::new("HostSystem", &vm.host).node("host"),
        Node::leaf("connectionState", "connected"),
        Node::leaf("powerState", power_word(vm.power)),
        Node::leaf("faultToleranceState", "notConfigured"),
        Node::leaf("toolsInstallerMounted", false),
        Node::leaf("maxCpuUsage", vm.cpus * 2_400),
        Node::leaf("maxMemoryUsage", vm.memory_mib),
        Node::leaf("numMksConnections", 0),
        Node::leaf("recordReplayState", "inactive"),
        Node::leaf("onlineStandby", false),
        Node::leaf("consolidationNeeded", false),
        Node::leaf("paused", false),
    ])
}

/// What Tools say of themselves: status, running status, version status.
pub(super) fn tools_words(vm: &Vm) -> [&'static str; 3] {
    match (vm.tools, vm.power) {
        (false, _) => ["toolsNotInstalled", "guestToolsNotRunning", "guestToolsNotInstalled"],
        (true, Power::On) => ["toolsOk", "guestToolsRunning", "guestToolsCurrent"],
        (true, _) => ["toolsNotRunning", "guestToolsNotRunning", "guestToolsCurrent"],
    }
}

fn first_address(vm: &Vm) -> Option<&str> {
    vm.nics.iter().flat_map(|nic| &nic.guest).map(|address| address.ip.as_str()).next()
}

fn guest(inventory: &Inventory, vm: &Vm) -> Node {
    let [status, running, version] = tools_words(vm);
    let node = Node::new("guest").with([
        Node::leaf("toolsStatus", status),
        Node::leaf("toolsVersionStatus", version),
        Node::leaf("toolsVersionStatus2", version),
        Node::leaf("toolsRunningStatus", running),
    ]);
    let state = Node::leaf("guestState", if tools_run(vm) { "running" } else { "notRunning" });
    if !tools_run(vm) {
        return node.with([state, Node::leaf("guestOperationsReady", false)]);
    }
    let family = if vm.is_windows() { "windowsGuest" } else { "linuxGuest" };
    node.with([
        Node::leaf("toolsVersion", "12352"),
        Node::leaf("guestId", &vm.guest_id),
        Node::leaf("guestFamily", family),
        Node::leaf("guestFullName", guest_name(&vm.guest_id)),
        Node::leaf("hostName", &vm.hostname),
    ])
    .with(first_address(vm).map(|ip| Node::leaf("ipAddress", ip)))
    .with(vm.nics.iter().map(|nic| guest_nic(inventory, vm, nic)))
    .with([ip_stack(vm), state, Node::leaf("guestOperationsReady", true)])
}

/// Tools of Linux do not tell how an address came (source-providers.md section 2.3).
fn guest_nic(inventory: &Inventory, vm: &Vm, nic: &Nic) -> Node {
    let network = inventory.networks.iter().find(|network| network.moref == nic.network);
    let addresses = nic.guest.iter().map(|address| {
        let origin = if address.is_static { "manual" } else { "dhcp" };
        Node::new("ipAddress")
            .with([Node::leaf("ipAddress", &address.ip), Node::leaf("prefixLength", address.prefix_length)])
            .with(vm.is_windows().then(|| Node::leaf("origin", origin)))
            .with([Node::leaf("state", "preferred")])
    });
    let link_local = Node::new("ipAddress").with([
        Node::leaf("ipAddress", nic.link_local()),
        Node::leaf("prefixLength", 64),
        Node::leaf("origin", "linklayer"),
    ]);
    Node::new("net")
        .with(network.map(|network| Node::leaf("network", &network.name)))
        .with(nic.guest.iter().map(|address| Node::leaf("ipAddress", &address.ip)))
        .with([
            Node::leaf("macAddress", &nic.mac),
            Node::leaf("connected", nic.connected),
            Node::leaf("deviceConfigId", nic.key),
            Node::new("ipConfig").with(addresses).with([link_local]),
        ])
}

fn ip_stack(vm: &Vm) -> Node {
    let dns = Node::new("dnsConfig").with([
        Node::leaf("dhcp", false),
        Node::leaf("hostName", &vm.hostname),
        Node::leaf("domainName", "lab.mtvtest"),
        Node::leaf("ipAddress", "10.6.68.1"),
    ]);
    let mut routes = Vec::new();
    for nic in &vm.nics {
        if let Some(gateway) = nic.guest.iter().find_map(|address| address.gateway.as_deref()) {
            let via =
                Node::new("gateway").with([Node::leaf("ipAddress", gateway), Node::leaf("device", nic.key - 4000)]);
            let route = [Node::leaf("network", "0.0.0.0"), Node::leaf("prefixLength", 0), via];
            routes.push(Node::new("ipRoute").with(route));
        }
    }
    Node::new("ipStack").with([dns, Node::new("ipRouteConfig").with(routes)])
}

fn summary(inventory: &Inventory, vm: &Vm) -> Node {
    let [status, running, version] = tools_words(vm);
    let guest = Node::new("guest")
        .with([
            Node::leaf("toolsStatus", status),
            Node::leaf("toolsVersionStatus2", version),
            Node::leaf("toolsRunningStatus", running),
        ])
        .with(tools_run(vm).then(|| Node::leaf("hostName", &vm.hostname)))
        .with(first_address(vm).filter(|_| tools_run(vm)).map(|ip| Node::leaf("ipAddress", ip)));
    let config = Node::new("config").with([
        Node::leaf("name", &vm.name),
        Node::leaf("template", vm.template),
        Node::leaf("vmPathName", format!("{}/{}.vmx", home(inventory, vm), vm.name)),
        Node::leaf("memorySizeMB", vm.memory_mib),
        Node::leaf("numCpu", vm.cpus),
        Node::leaf("numEthernetCards", vm.nics.len()),
        Node::leaf("numVirtualDisks", vm.disks.len()),
        Node::leaf("uuid", &vm.uuid),
        Node::leaf("instanceUuid", &vm.instance_uuid),
        Node::leaf("guestId", &vm.guest_id),
        Node::leaf("guestFullName", guest_name(&vm.guest_id)),
    ]);
    Node::new("summary").with([
        vm_ref(vm).node("vm"),
        runtime(vm, "runtime"),
        guest,
        config,
        Node::new("storage").with([
            Node::leaf("committed", vm.disks.iter().map(|disk| disk.size_bytes / 2).sum::<u64>()),
            Node::leaf("uncommitted", vm.disks.iter().map(|disk| disk.size_bytes / 2).sum::<u64>()),
            Node::leaf("unshared", vm.disks.iter().map(|disk| disk.size_bytes / 2).sum::<u64>()),
            Node::leaf("timestamp", "1970-01-01T00:00:00Z"),
        ]),
        Node::new("quickStats").with([Node::leaf("guestHeartbeatStatus", "gray")]),
        Node::leaf("overallStatus", "green"),
    ])
}

fn storage(vm: &Vm) -> Node {
    let usage = vm.datastores().into_iter().map(|moref| {
        let used: u64 = vm.disks.iter().filter(|disk| disk.datastore == moref).map(|disk| disk.size_bytes / 2).sum();
        Node::new("perDatastoreUsage").with([
            Ref::new("Datastore", moref).node("datastore"),
            Node::leaf("committed", used),
            Node::leaf("uncommitted", used),
            Node::leaf("unshared", used),
        ])
    });
    Node::new("storage").with(usage.collect::<Vec<_>>()).with([Node::leaf("timestamp", "1970-01-01T00:00:00Z")])
}

/// The reference of a snapshot.
pub(super) fn snapshot_ref(snapshot: &Snapshot) -> Ref {
    Ref::new("VirtualMachineSnapshot", &snapshot.moref)
}

fn snapshot_info(vm: &Vm) -> Option<Node> {
    let current = vm.snapshots.last()?;
    // The chain is written from its tip: each element becomes the child of the one before it.
    let tree = vm.snapshots.iter().enumerate().rev().fold(None::<Node>, |below, (depth, snapshot)| {
        let name = if depth == 0 { "rootSnapshotList" } else { "childSnapshotList" };
        let node = Node::new(name).with([
            snapshot_ref(snapshot).node("snapshot"),
            vm_ref(vm).node("vm"),
            Node::leaf("name", &snapshot.name),
            Node::leaf("description", &snapshot.description),
            Node::leaf("id", snapshot.id),
            Node::leaf("createTime", &snapshot.created),
            Node::leaf("state", power_word(snapshot.power)),
            Node::leaf("quiesced", false),
        ]);
        Some(node.with(below).with([Node::leaf("replaySupported", false)]))
    });
    Some(Node::new("snapshot").with([snapshot_ref(current).node("currentSnapshot")]).with(tree))
}
