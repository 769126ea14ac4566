//! A VM or template of a source, of whatever type.

use super::guest::{Inside, Partition, family_of};
use crate::facts::{Firmware, GuestFamily, Power};
use std::net::Ipv6Addr;
use std::sync::Arc;

/// A VM.
#[derive(Debug, Clone)]
pub struct Vm {
    /// MoRef value (`vm-101`).
    pub moref: String,
    /// Name.
    pub name: String,
    /// BIOS UUID.
    pub uuid: String,
    /// Instance UUID.
    pub instance_uuid: String,
    /// Whether it is a template.
    pub template: bool,
    /// Power.
    pub power: Power,
    /// MoRef of its host.
    pub host: String,
    /// vSphere guest id.
    pub guest_id: String,
    /// Guest host name.
    pub hostname: String,
    /// Whether tools run in the guest when it is on.
    pub tools: bool,
    /// The guest's own state.
    pub inside: Arc<Inside>,
    /// Firmware.
    pub firmware: Firmware,
    /// Secure boot.
    pub secure_boot: bool,
    /// Virtual CPUs in all.
    pub cpus: u32,
    /// Cores per socket.
    pub cores_per_socket: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Disks, by device key.
    pub disks: Vec<Disk>,
    /// NICs, by device key.
    pub nics: Vec<Nic>,
    /// Snapshots along the chain, root first.
    pub snapshots: Vec<Snapshot>,
    /// Extra configuration (`ctkEnabled`, `scsi0:0.ctkEnabled`).
    pub extra_config: Vec<(String, String)>,
    /// Revision of its last change.
    pub revision: u64,
}

/// A disk of a VM.
#[derive(Debug, Clone)]
pub struct Disk {
    /// Device key (2000).
    pub key: i32,
    /// Label (`Hard disk 1`).
    pub label: String,
    /// Controller key (1000).
    pub controller_key: i32,
    /// Bus of the controller: `scsi`, `sata`, `ide`, `nvme`.
    pub bus: String,
    /// Unit on the controller.
    pub unit: i32,
    /// Capacity in bytes.
    pub size_bytes: u64,
    /// MoRef of the datastore.
    pub datastore: String,
    /// File, `[ds] vm/vm.vmdk`.
    pub file: String,
    /// Disk mode (`persistent`).
    pub mode: String,
    /// Thin provisioned.
    pub thin: bool,
    /// Zeroed eagerly.
    pub eager: bool,
    /// UUID of the backing (`6000C29...`).
    pub uuid: String,
    /// The LUN behind it, if it is a raw device mapping.
    pub lun: Option<Lun>,
    /// Whether several VMs may write to it at once (`sharingMultiWriter`).
    pub shared: bool,
    /// What is on it; nothing for a new one.
    pub partitions: Vec<Partition>,
}

/// A LUN that a disk maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lun {
    /// Device (`/vmfs/devices/disks/naa.600a`).
    pub device: String,
    /// `physicalMode` or `virtualMode`.
    pub mode: String,
}

/// A NIC of a VM.
#[derive(Debug, Clone)]
pub struct Nic {
    /// Device key (4000).
    pub key: i32,
    /// Label (`Network adapter 1`).
    pub label: String,
    /// Device class (`VirtualVmxnet3`).
    pub class: String,
    /// MAC address, lower case.
    pub mac: String,
    /// MoRef of the network.
    pub network: String,
    /// Whether it is connected when the VM starts.
    pub connected: bool,
    /// Addresses inside the guest.
    pub guest: Vec<GuestNet>,
}

/// An address inside a guest.
#[derive(Debug, Clone)]
pub struct GuestNet {
    /// IPv4 address.
    pub ip: String,
    /// Mask length.
    pub prefix_length: u8,
    /// Set by hand.
    pub is_static: bool,
    /// Gateway.
    pub gateway: Option<String>,
}

/// A snapshot.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// MoRef value (`snapshot-301`).
    pub moref: String,
    /// Number.
    pub id: i32,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// RFC 3339.
    pub created: String,
    /// Power when it was taken.
    pub power: Power,
}

impl Vm {
    /// The file that the guest writes to: a delta of the disk's base file when there are snapshots, which independent
    /// disks do not take part in.
    ///
    /// Source: inventory-api.md section 6 ("With snapshots `file` is the delta").
    pub fn current_file(&self, disk: &Disk) -> String {
        let depth = self.snapshots.len();
        if depth == 0 || disk.mode.starts_with("independent") { disk.file.clone() } else { delta(&disk.file, depth) }
    }

    /// The file below [`Vm::current_file`], if there is one.
    pub fn parent_file(&self, disk: &Disk) -> Option<String> {
        let depth = self.snapshots.len();
        match depth {
            _ if disk.mode.starts_with("independent") => None,
            0 => None,
            1 => Some(disk.file.clone()),
            _ => Some(delta(&disk.file, depth - 1)),
        }
    }

    /// Which commands its guest understands.
    pub fn family(&self) -> GuestFamily {
        family_of(&self.guest_id)
    }

    /// Whether Windows runs in it.
    pub fn is_windows(&self) -> bool {
        self.family() == GuestFamily::Windows
    }

    /// Switches it; a guest boots when its VM is switched on, and keeps its files when it is switched off.
    pub(crate) fn set_power(&mut self, power: Power) {
        self.power = power;
        if power == Power::On {
            let purpose = format!("{}/{}", self.instance_uuid, self.inside.boots);
            self.boot(&purpose);
        } else {
            Arc::make_mut(&mut self.inside).boot = None;
        }
    }

    /// Its guest boots; `purpose` names no other boot.
    pub(super) fn boot(&mut self, purpose: &str) {
        Arc::make_mut(&mut self.inside).begin(purpose);
    }

    /// Whether changed block tracking is on.
    pub fn tracks_changes(&self) -> bool {
        self.extra_config.iter().any(|(key, value)| key == "ctkEnabled" && value.eq_ignore_ascii_case("true"))
    }

    /// The datastores of its disks, each once, in the order of the disks.
    pub fn datastores(&self) -> Vec<&str> {
        unique(self.disks.iter().map(|disk| disk.datastore.as_str()))
    }

    /// The networks of its NICs, each once, in the order of the NICs.
    pub fn networks(&self) -> Vec<&str> {
        unique(self.nics.iter().map(|nic| nic.network.as_str()))
    }
}

impl Nic {
    /// The link-local address that follows from the MAC address (RFC 4291, appendix A).
    pub(crate) fn link_local(&self) -> String {
        let bytes: Vec<u8> = self.mac.split([':', '-']).filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
        let [one, two, three, four, five, six] = bytes[..] else { return "fe80::1".to_owned() };
        let group = |high: u8, low: u8| u16::from_be_bytes([high, low]);
        let groups = [0xfe80, 0, 0, 0, group(one ^ 2, two), group(three, 0xff), group(0xfe, four), group(five, six)];
        Ipv6Addr::from(groups).to_string()
    }
}

fn delta(file: &str, number: usize) -> String {
    file.strip_suffix(".vmdk").map_or_else(|| file.to_owned(), |stem| format!("{stem}-{number:06}.vmdk"))
}

fn unique<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}
