//! What is harmed inside a guest while it is migrated: the copy that the target VM gets.

use crate::lab::fault::ProductFault;
use crate::lab::world::{Boots, Inside, Nic, Partition, SshPort, Vm, World};
use std::sync::Arc;

/// How often a secondary address that is late is missed.
const LATE_LOOKS: u32 = 2;

/// Harms the guest that a target VM is about to get.
pub(crate) fn harm_guest(world: &World, vm: &mut Vm) {
    for fault in world.faults.harms() {
        harm_addresses(fault, &mut vm.nics);
        harm_inside(fault, Arc::make_mut(&mut vm.inside));
        for partition in vm.disks.iter_mut().flat_map(|disk| &mut disk.partitions) {
            harm_partition(fault, partition);
        }
    }
}

/// Only what was set by hand is harmed: the addresses of DHCP are its server's.
fn harm_addresses(fault: ProductFault, nics: &mut [Nic]) {
    if fault == ProductFault::SwappedAddresses {
        swap_addresses(nics);
    }
    let is_static = |nic: &&mut Nic| nic.guest.iter().any(|address| address.is_static);
    for nic in nics.iter_mut().filter(is_static) {
        match fault {
            ProductFault::LostAddress => drop(nic.guest.drain(..1)),
            ProductFault::WrongMask => {
                nic.guest.iter_mut().for_each(|one| one.prefix_length = one.prefix_length.saturating_sub(8));
            }
            ProductFault::LostGateway => nic.guest.iter_mut().for_each(|one| one.gateway = None),
            ProductFault::DhcpAddress => nic.guest.iter_mut().for_each(|one| one.is_static = false),
            ProductFault::LostSecondaryAddress => nic.guest.truncate(1),
            _ => {}
        }
    }
}

fn swap_addresses(nics: &mut [Nic]) {
    let with_addresses: Vec<usize> = (0..nics.len()).filter(|at| !nics[*at].guest.is_empty()).collect();
    if let [first, second, ..] = with_addresses[..] {
        let (head, tail) = nics.split_at_mut(second);
        std::mem::swap(&mut head[first].guest, &mut tail[0].guest);
    }
}

fn harm_inside(fault: ProductFault, inside: &mut Inside) {
    match fault {
        ProductFault::DeadSsh => Arc::make_mut(&mut inside.spec).ssh.port = SshPort::None,
        ProductFault::HungGuest => Arc::make_mut(&mut inside.spec).ssh.boots = Boots::Never,
        ProductFault::ChangedPassword => {
            inside.users.values_mut().for_each(|password| password.push_str("-expired"));
        }
        ProductFault::RenamedGuestNics => inside.renamed_nics = true,
        ProductFault::LateAddress => inside.late_looks = LATE_LOOKS,
        ProductFault::LostMarker => inside.files.retain(|path, _| !is_marker(path)),
        ProductFault::FlippedByte | ProductFault::TruncatedFile => {
            for (_, bytes) in inside.files.iter_mut().filter(|(path, _)| !is_marker(path)) {
                harm_bytes(fault, bytes);
            }
        }
        _ => {}
    }
}

fn is_marker(path: &str) -> bool {
    path.ends_with("marker")
}

fn harm_bytes(fault: ProductFault, bytes: &mut Vec<u8>) {
    let half = bytes.len() / 2;
    if fault == ProductFault::TruncatedFile {
        bytes.truncate(half);
    } else if let Some(byte) = bytes.get_mut(half) {
        *byte ^= 0x10;
    }
}

fn harm_partition(fault: ProductFault, partition: &mut Partition) {
    match fault {
        ProductFault::ConvertedFileSystem if partition.fs == "xfs" => partition.crc = !partition.crc,
        ProductFault::DecryptedDisk => partition.luks = false,
        _ => {}
    }
}
