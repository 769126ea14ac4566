//! What an unharmed guest shows, for the samples.

use super::VmEvidence;
use crate::facts::{
    AgentView, GuestAddress, GuestCommand, GuestDisk, GuestEvidence, GuestFacts, GuestNic, Integrity, IntegrityAfter,
    LoginOutcome, SourceVm,
};
use std::collections::BTreeMap;

const FSTAB: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const DATA: &str = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7";

/// Of the first NIC, set by hand.
pub(super) fn addresses() -> Vec<GuestAddress> {
    let address = |last: u8| GuestAddress {
        ip: format!("10.0.0.{last}"),
        prefix_length: 24,
        gateway: Some("10.0.0.1".into()),
        is_static: Some(true),
    };
    vec![address(5), address(6)]
}

/// The guest of the plain sample.
pub(super) fn evidence(source: &SourceVm) -> GuestEvidence {
    let files: BTreeMap<String, String> =
        [("/etc/fstab", FSTAB), ("/srv/data", DATA)].map(|(path, hash)| (path.to_owned(), hash.to_owned())).into();
    let text = "auto-ab12 rhel8".to_owned();
    let after = IntegrityAfter { marker: Some(text.clone()), files: files.clone(), unread: BTreeMap::new() };
    let agent = ["10.0.0.5", "10.0.0.6", "fe80::250:56ff:fe00:1"].map(str::to_owned);
    GuestEvidence {
        login: LoginOutcome::In("root".into()),
        facts: Some(facts(source)),
        agent: Some(AgentView {
            os: Some("Red Hat Enterprise Linux 8.10 (Ootpa)".into()),
            addresses: [(source.nics[0].mac.clone(), agent.into())].into(),
        }),
        integrity: Some(Integrity {
            marker: Some(("/var/tmp/mtvtest-marker".into(), text)),
            before: files,
            after: Some(after),
        }),
        commands: vec![GuestCommand {
            line: "xfs_info /".into(),
            expected_output: "ftype=1".into(),
            answer: Ok((0, "naming   =version 2              bsize=4096   ascii-ci=0, ftype=1\n".into())),
        }],
    }
}

fn facts(source: &SourceVm) -> GuestFacts {
    let disk = |name: &str, size_bytes, contents: &[&str]| GuestDisk {
        name: name.into(),
        size_bytes,
        contents: contents.iter().map(|content| (*content).to_owned()).collect(),
    };
    let nic = |index: usize, name: &str, addresses: Vec<GuestAddress>| GuestNic {
        name: name.into(),
        mac: Some(source.nics[index].mac.clone()),
        ipv6: if addresses.is_empty() { Vec::new() } else { vec!["fe80::250:56ff:fe00:1/64".into()] },
        dns: if addresses.is_empty() { Vec::new() } else { vec!["10.0.0.2".into()] },
        addresses,
    };
    GuestFacts {
        hostname: Some("rhel8.lab".into()),
        os: Some("Red Hat Enterprise Linux 8.10 (Ootpa)".into()),
        boot_id: Some("5d7a3d5e-0f63-4c39-9d0a-8f6f2d1c7b11".into()),
        nics: vec![nic(0, "ens192", addresses()), nic(1, "ens224", Vec::new())],
        disks: vec![
            disk("sda", source.disks[0].size_bytes, &["LVM2_member", "crypto_LUKS", "swap", "xfs"]),
            disk("sdb", source.disks[1].size_bytes, &[]),
        ],
        unread: BTreeMap::new(),
    }
}

/// Makes all addresses of a VM leases, on both sides, and asks nothing more of its guest than to let in.
pub(super) fn lease(vm: &mut VmEvidence) {
    let source = vm.source.nics.iter_mut().flat_map(|nic| &mut nic.addresses);
    let guest = vm.guest.facts.iter_mut().flat_map(|facts| &mut facts.nics).flat_map(|nic| &mut nic.addresses);
    source.chain(guest).for_each(|address| address.is_static = Some(false));
    vm.guest.integrity = None;
    vm.guest.commands.clear();
}
