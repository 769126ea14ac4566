//! A guest as its shells see it.

use super::system::is_ancient;
use super::{linux, windows};
use crate::facts::{GuestFamily, parse_quantity_bytes};
use crate::lab::clock::Pace;
use crate::lab::shell::Output;
use crate::lab::world::{Commands, Disk, GuestNet, Inside, Partition, Platform, Vm};
use sha2::{Digest, Sha256};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// What VMware's PCI slots make of the names of vmxnet3 NICs, in their order.
const SLOTS: [u32; 10] = [192, 224, 256, 161, 193, 225, 257, 162, 194, 226];

/// A guest that is on.
pub(super) struct Host<'a> {
    pub(super) vm: &'a mut Vm,
    pub(super) pace: Pace,
}

/// A NIC inside a guest.
#[derive(Debug, Clone)]
pub(super) struct NicView {
    /// Its name inside.
    pub(super) name: String,
    pub(super) mac: String,
    /// Its address of IPv6.
    pub(super) link_local: String,
    pub(super) is_connected: bool,
    /// IPv4 addresses; none without a lease.
    pub(super) addresses: Vec<GuestNet>,
}

impl NicView {
    /// Whether its addresses were set by hand.
    pub(super) fn is_static(&self) -> bool {
        self.addresses.iter().any(|address| address.is_static)
    }

    pub(super) fn gateway(&self) -> Option<&str> {
        self.addresses.iter().find_map(|address| address.gateway.as_deref())
    }
}

/// A disk inside a guest.
#[derive(Debug, Clone)]
pub(super) struct DiskView {
    /// Its name inside (`sda`, `vda`).
    pub(super) name: String,
    pub(super) size_bytes: u64,
    /// Partitions with their names and sizes.
    pub(super) partitions: Vec<(String, u64, Partition)>,
}

impl Host<'_> {
    pub(super) fn inside(&self) -> &Inside {
        &self.vm.inside
    }

    pub(super) fn inside_mut(&mut self) -> &mut Inside {
        Arc::make_mut(&mut self.vm.inside)
    }

    /// Runs a command line.
    pub(super) fn run(&mut self, line: &[u8]) -> Output {
        match self.vm.family() {
            GuestFamily::Linux => linux::run(self, &String::from_utf8_lossy(line)),
            GuestFamily::Windows => windows::run(self, &String::from_utf8_lossy(line)),
        }
    }

    /// Whether a password lets a user in. Windows does not look at the case of names.
    pub(super) fn admits(&self, user: &str, password: &str) -> bool {
        let same = |known: &str| match self.vm.family() {
            GuestFamily::Linux => known == user,
            GuestFamily::Windows => known.eq_ignore_ascii_case(user),
        };
        self.inside().users.iter().any(|(known, own)| same(known) && own == password)
    }

    /// Whether a key, as OpenSSH writes it, lets a user in.
    pub(super) fn trusts(&self, user: &str, key: &str) -> bool {
        let file = match self.vm.family() {
            GuestFamily::Windows => "C:\\ProgramData\\ssh\\administrators_authorized_keys".to_owned(),
            GuestFamily::Linux => {
                let above = if user == "root" { "" } else { "/home" };
                format!("{above}/{user}/.ssh/authorized_keys")
            }
        };
        let Some(blob) = key.split_whitespace().nth(1) else { return false };
        let text = self.inside().files.get(&file).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        text.is_some_and(|text| text.split_whitespace().any(|word| word == blob))
    }

    /// How new its commands are: as the world file says, else by its system.
    pub(super) fn commands(&self) -> Commands {
        let id = self.vm.guest_id.to_lowercase();
        let is = |names: &[&str]| names.iter().any(|name| id.starts_with(name));
        let by_system = if is_ancient(&id) {
            Commands::Ancient
        } else if is(&["rhel7", "centos7", "windows7", "winnet", "winlonghorn"]) {
            Commands::Old
        } else {
            Commands::Modern
        };
        self.inside().spec.commands.unwrap_or(by_system)
    }

    /// Whether so much simulated time has passed since it was switched on.
    pub(super) fn has_run_for(&self, simulated: Duration) -> bool {
        has_run_for(self.vm, self.pace, simulated)
    }

    pub(super) fn boot_id(&self) -> String {
        self.inside().boot.as_ref().map(|boot| boot.id.clone()).unwrap_or_default()
    }

    /// The NICs with their addresses; a look that finds the secondary ones not there yet is counted.
    pub(super) fn look_at_nics(&mut self) -> Vec<NicView> {
        let mut nics = self.nics();
        if self.inside().late_looks > 0 {
            self.inside_mut().late_looks -= 1;
            for nic in &mut nics {
                nic.addresses.truncate(1);
            }
        }
        nics
    }

    /// The NICs with their addresses.
    pub(super) fn nics(&self) -> Vec<NicView> {
        let nics = self.vm.nics.iter().enumerate();
        nics.map(|(at, nic)| NicView {
            name: nic_name(self.vm, at),
            mac: nic.mac.to_lowercase(),
            link_local: nic.link_local(),
            is_connected: nic.connected,
            addresses: if nic.connected { nic.guest.clone() } else { Vec::new() },
        })
        .collect()
    }

    /// The disks, in the order of their names.
    pub(super) fn disks(&self) -> Vec<DiskView> {
        let (mut plain, mut nvme) = (0_u8, 0_u8);
        let view = |disk: &Disk| {
            let on_nvme = self.inside().platform == Platform::Vsphere && disk.bus == "nvme";
            let counter = if on_nvme { &mut nvme } else { &mut plain };
            let name = match (self.inside().platform, on_nvme) {
                (_, true) => format!("nvme0n{}", *counter + 1),
                (Platform::Vsphere, _) => format!("sd{}", char::from(b'a' + *counter)),
                (Platform::Kubevirt, _) => format!("vd{}", char::from(b'a' + *counter)),
            };
            *counter += 1;
            DiskView { partitions: partitions(&name, disk), name, size_bytes: disk.size_bytes }
        };
        self.vm.disks.iter().map(view).collect()
    }
}

/// As [`Host::has_run_for`].
pub(super) fn has_run_for(vm: &Vm, pace: Pace, simulated: Duration) -> bool {
    let needed = pace.real(simulated).unwrap_or_default();
    vm.inside.boot.as_ref().is_some_and(|boot| boot.since.elapsed() >= needed)
}

/// The name that the NIC with this MAC address has inside its guest.
pub(in crate::lab) fn nic_inside(vm: &Vm, mac: &str) -> Option<String> {
    let at = vm.nics.iter().position(|nic| nic.mac.eq_ignore_ascii_case(mac))?;
    Some(nic_name(vm, at))
}

/// The name of a NIC inside its guest.
fn nic_name(vm: &Vm, at: usize) -> String {
    match (vm.family(), vm.inside.renamed_nics) {
        (GuestFamily::Windows, false) => format!("Ethernet{at}"),
        (GuestFamily::Windows, true) => format!("Ethernet {}", at + 2),
        (GuestFamily::Linux, _) if is_ancient(&vm.guest_id) => format!("eth{at}"),
        (GuestFamily::Linux, true) => format!("enp{}s0", at + 1),
        (GuestFamily::Linux, false) => SLOTS.get(at).map_or_else(|| format!("eth{at}"), |slot| format!("ens{slot}")),
    }
}

fn partitions(name: &str, disk: &Disk) -> Vec<(String, u64, Partition)> {
    let asked = |one: &Partition| one.size.as_deref().and_then(|size| parse_quantity_bytes(size).ok());
    let taken: u64 = disk.partitions.iter().filter_map(asked).sum();
    let separator = if name.ends_with(|letter: char| letter.is_ascii_digit()) { "p" } else { "" };
    // The table of partitions has its place, too.
    let rest = disk.size_bytes.saturating_sub(taken + (2 << 20));
    let named = |(at, one): (usize, &Partition)| {
        (format!("{name}{separator}{}", at + 1), asked(one).unwrap_or(rest), one.clone())
    };
    disk.partitions.iter().enumerate().map(named).collect()
}

/// SHA-256 in lower case.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// A mask length as a mask.
pub(super) fn mask(prefix_length: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(prefix_length)).unwrap_or(0))
}

/// The network of an address, and its broadcast address.
pub(super) fn network(address: &GuestNet) -> (Ipv4Addr, Ipv4Addr) {
    let ip: Ipv4Addr = address.ip.parse().unwrap_or(Ipv4Addr::UNSPECIFIED);
    let mask = u32::from(mask(address.prefix_length));
    (Ipv4Addr::from(u32::from(ip) & mask), Ipv4Addr::from(u32::from(ip) | !mask))
}
