//! Harms inside the guest, and for each the one check that must find it.

use super::harms::{Harm, cold, harm};
use super::{Evidence, sample};
use crate::facts::{GuestAddress, GuestFacts, Integrity, IntegrityAfter, LoginOutcome};

fn facts(evidence: &mut Evidence) -> &mut GuestFacts {
    evidence.vms[0].guest.facts.as_mut().unwrap()
}

fn addresses(evidence: &mut Evidence) -> &mut Vec<GuestAddress> {
    &mut facts(evidence).nics[0].addresses
}

fn marks(evidence: &mut Evidence) -> &mut Integrity {
    evidence.vms[0].guest.integrity.as_mut().unwrap()
}

fn found(evidence: &mut Evidence) -> &mut IntegrityAfter {
    marks(evidence).after.as_mut().unwrap()
}

fn each_address(evidence: &mut Evidence, change: fn(&mut GuestAddress)) {
    for address in addresses(evidence) {
        change(address);
    }
}

/// A guest into which nobody came.
fn outside(evidence: &mut Evidence, login: LoginOutcome) {
    evidence.vms[0].guest.login = login;
    evidence.vms[0].guest.facts = None;
}

pub(super) const GUEST: &[Harm] = &[
    harm("ssh", "the guest refuses the login", sample::warm, |e| {
        outside(e, LoginOutcome::Refused("the password of root was not accepted".into()));
    }),
    harm("ssh", "the guest is silent", sample::warm, |e| {
        outside(e, LoginOutcome::Silent("connection refused".into()));
    }),
    harm("ssh", "port-forward is forbidden", sample::warm, |e| {
        outside(e, LoginOutcome::Barred("no right to get virtualmachineinstances/portforward".into()));
    }),
    harm("ssh", "nobody tried though it runs", sample::warm, |e| {
        outside(e, LoginOutcome::Untried("no credentials".into()));
    }),
    harm("static-ip", "an address is lost", cold, |e| drop(addresses(e).remove(0))),
    harm("static-ip", "a secondary address is lost", cold, |e| drop(addresses(e).remove(1))),
    harm("static-ip", "all addresses are lost", cold, |e| addresses(e).clear()),
    harm("static-ip", "an address is another", cold, |e| addresses(e)[0].ip = "10.0.0.50".into()),
    harm("static-ip", "a mask is wider", cold, |e| addresses(e)[0].prefix_length = 16),
    harm("static-ip", "a mask is lost", cold, |e| addresses(e)[1].prefix_length = 0),
    harm("static-ip", "the gateway is lost", cold, |e| {
        each_address(e, |address| address.gateway = None);
    }),
    harm("static-ip", "the gateway is another", cold, |e| {
        each_address(e, |address| address.gateway = Some("10.0.0.254".into()));
    }),
    harm("static-ip", "DHCP after the migration", cold, |e| {
        each_address(e, |address| address.is_static = Some(false));
    }),
    harm("static-ip", "an address is on another NIC", cold, |e| {
        let moved = addresses(e).remove(0);
        facts(e).nics[1].addresses.push(moved);
    }),
    harm("static-ip", "the guest sees another MAC", cold, |e| {
        facts(e).nics[0].mac = Some("02:00:00:00:00:01".into());
    }),
    harm("static-ip", "the guest sees no NIC", cold, |e| facts(e).nics.clear()),
    harm("static-ip", "asked for and nothing to preserve", sample::warm, |e| e.asked.static_ips = true),
    harm("static-ip", "the guest's addresses are unread", cold, |e| {
        facts(e).nics.clear();
        facts(e).unread.insert(GuestFacts::ADDRESSES.into(), "`ip addr`: status 127".into());
    }),
    harm("integrity", "the marker is gone", cold, |e| found(e).marker = None),
    harm("integrity", "the marker is of another run", cold, |e| found(e).marker = Some("auto-zz99 rhel8".into())),
    harm("integrity", "a byte is flipped in a file", cold, |e| {
        found(e).files.insert("/srv/data".into(), "0".repeat(64));
    }),
    harm("integrity", "a file is gone", cold, |e| drop(found(e).files.remove("/etc/fstab"))),
    harm("integrity", "a folder is unreadable", cold, |e| {
        found(e).files.clear();
        found(e).unread.insert("/srv".into(), "find: ‘/srv’: Input/output error".into());
    }),
    harm("integrity", "nobody looked for the marks", cold, |e| marks(e).after = None),
    harm("guest-command", "the command fails", cold, |e| {
        e.vms[0].guest.commands[0].answer = Ok((1, "xfs_info: / is not a mounted XFS filesystem\n".into()));
    }),
    harm("guest-command", "the command says something else", cold, |e| {
        e.vms[0].guest.commands[0].answer = Ok((0, "naming   =version 2   bsize=4096   ftype=0\n".into()));
    }),
    harm("guest-command", "the command was not run", cold, |e| {
        e.vms[0].guest.commands[0].answer = Err("the connection was lost".into());
    }),
    harm("encryption", "the disk is decrypted", cold, |e| {
        facts(e).disks[0].contents.retain(|content| content != "crypto_LUKS");
    }),
    harm("encryption", "no disk in the guest", cold, |e| facts(e).disks.clear()),
    harm("encryption", "the guest's disks are unread", cold, |e| {
        facts(e).disks.clear();
        facts(e).unread.insert(GuestFacts::DISKS.into(), "`lsblk`: status 127".into());
    }),
];
