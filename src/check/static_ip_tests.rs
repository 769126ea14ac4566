//! Static addresses: what counts, what does not, and what the report says.

use super::super::sample;
use super::*;
use crate::facts::{GuestEvidence, LoginOutcome};

/// The verdict on the plain sample: `ens192` has 10.0.0.5/24 and 10.0.0.6/24 via 10.0.0.1.
fn judged(change: impl FnOnce(&mut Evidence, &mut TargetVm)) -> Verdict {
    sample::judged(judge, change)
}

fn facts(evidence: &mut Evidence) -> &mut GuestFacts {
    evidence.vms[0].guest.facts.as_mut().unwrap()
}

fn each(addresses: &mut [GuestAddress], change: fn(&mut GuestAddress)) {
    for address in addresses {
        change(address);
    }
}

#[test]
fn what_is_there_is_told_with_ipv6_and_dns() {
    let Verdict::Passed { seen } = judged(|_, _| {}) else { panic!() };
    assert_eq!(
        seen,
        "ens192 (00:50:56:00:00:01): 10.0.0.5/24 via 10.0.0.1, 10.0.0.6/24 via 10.0.0.1; IPv6 fe80::250:56ff:fe00:1/64; \
         DNS 10.0.0.2"
    );
    // Another name, letters of another size, an origin that is not told, and a bridge over the NIC are all the same.
    let same = judged(|evidence, _| {
        let facts = facts(evidence);
        let mut bridge = GuestNic { name: "br0".into(), ..facts.nics[0].clone() };
        facts.nics[0].addresses.clear();
        facts.nics[0].name = "eth7".into();
        bridge.mac = bridge.mac.map(|mac| mac.to_uppercase());
        bridge.addresses[0].is_static = None;
        facts.nics.push(bridge);
    });
    assert!(matches!(same, Verdict::Passed { .. }), "{same:?}");
}

#[test]
fn each_lack_is_readable() {
    type Change = fn(&mut GuestFacts);
    for (change, line) in [
        (
            (|guest| drop(guest.nics[0].addresses.remove(0))) as Change,
            "NIC 00:50:56:00:00:01: 10.0.0.5/24 via 10.0.0.1 is not there; it has 10.0.0.6/24 via 10.0.0.1",
        ),
        (
            |guest| {
                guest.nics[0].addresses.remove(1);
                let mut moved = guest.nics[0].clone();
                (moved.name, moved.mac) = ("ens224".into(), Some("00:50:56:00:00:02".into()));
                moved.addresses[0].ip = "10.0.0.6".into();
                guest.nics.push(moved);
            },
            "NIC 00:50:56:00:00:01: 10.0.0.6/24 via 10.0.0.1 is not there; it has 10.0.0.5/24 via 10.0.0.1; it is on \
             ens224 (00:50:56:00:00:02)",
        ),
        (
            |guest| guest.nics[0].addresses[0].prefix_length = 16,
            "NIC 00:50:56:00:00:01: 10.0.0.5/24 via 10.0.0.1 has a mask of 16 bits",
        ),
        (
            |guest| guest.nics[0].addresses[1].prefix_length = 0,
            "NIC 00:50:56:00:00:01: 10.0.0.6/24 via 10.0.0.1 has no mask that the guest tells",
        ),
        (
            |guest| guest.nics[0].addresses[1].is_static = Some(false),
            "NIC 00:50:56:00:00:01: 10.0.0.6/24 via 10.0.0.1 comes from DHCP now",
        ),
        (
            |guest| each(&mut guest.nics[0].addresses, |one| one.gateway = None),
            "NIC 00:50:56:00:00:01: 10.0.0.5/24 has no gateway instead of 10.0.0.1\n\
             NIC 00:50:56:00:00:01: 10.0.0.6/24 has no gateway instead of 10.0.0.1",
        ),
        (
            |guest| each(&mut guest.nics[0].addresses, |one| one.gateway = Some("10.0.0.254".into())),
            "NIC 00:50:56:00:00:01: 10.0.0.5/24 has gateway 10.0.0.254 instead of 10.0.0.1\n\
             NIC 00:50:56:00:00:01: 10.0.0.6/24 has gateway 10.0.0.254 instead of 10.0.0.1",
        ),
    ] {
        let Verdict::Failed { expected, actual } = judged(|evidence, _| change(facts(evidence))) else {
            panic!("{line}")
        };
        assert_eq!(actual, line);
        assert_eq!(expected, "NIC 00:50:56:00:00:01: 10.0.0.5/24 via 10.0.0.1, 10.0.0.6/24 via 10.0.0.1");
        let mut evidence = sample::evidence();
        change(facts(&mut evidence));
        let missing = missing_addresses(&evidence.vms[0].source, facts(&mut evidence.clone()));
        assert_eq!(missing.join("\n"), line);
    }
    let Verdict::Failed { actual, .. } = judged(|evidence, _| facts(evidence).nics.clear()) else { panic!() };
    assert!(actual.contains("10.0.0.5/24 via 10.0.0.1 is not there; the guest has no such NIC\n"), "{actual}");
}

#[test]
fn nothing_by_hand_says_nothing_unless_it_was_asked_for() {
    type Change = fn(&mut SourceVm);
    for (change, words) in [
        ((|source| source.nics[0].addresses.clear()) as Change, "the source told no address (it was on"),
        (|source| each(&mut source.nics[0].addresses, |one| one.is_static = Some(false)), "no address of the source"),
        (|source| each(&mut source.nics[0].addresses, |one| one.is_static = None), "of some not how"),
        (|source| each(&mut source.nics[0].addresses, |one| one.ip = "169.254.0.9".into()), "no address of the"),
    ] {
        let plain = judged(|evidence, _| change(&mut evidence.vms[0].source));
        assert!(matches!(&plain, Verdict::NotApplicable { reason } if reason.contains(words)), "{plain:?}");
        let asked = judged(|evidence, _| {
            evidence.asked.static_ips = true;
            change(&mut evidence.vms[0].source);
        });
        assert!(matches!(&asked, Verdict::Inconclusive { reason } if reason.contains(words)), "{asked:?}");
    }
}

#[test]
fn a_guest_that_nobody_saw_is_no_pass() {
    let unseen = |asked, power, agent: bool| {
        judged(|evidence, target| {
            let view = evidence.vms[0].guest.agent.clone().filter(|_| agent);
            evidence.vms[0].guest = GuestEvidence { agent: view, ..GuestEvidence::untried("it does not run") };
            evidence.asked.static_ips = asked;
            target.power = power;
        })
    };
    assert!(matches!(unseen(false, Power::Off, false), Verdict::NotApplicable { .. }));
    assert!(matches!(unseen(true, Power::Off, false), Verdict::Inconclusive { .. }));
    let Verdict::Inconclusive { reason } = unseen(false, Power::On, true) else { panic!() };
    assert_eq!(
        reason,
        "no login was tried: it does not run; the guest agent, which tells no mask and no gateway, says \
         00:50:56:00:00:01: 10.0.0.5, 10.0.0.6, fe80::250:56ff:fe00:1"
    );
    let silent = judged(|evidence, _| {
        evidence.vms[0].guest.facts = None;
        evidence.vms[0].guest.login = LoginOutcome::Silent("refused".into());
    });
    assert!(matches!(silent, Verdict::Inconclusive { .. }), "{silent:?}");
}

#[test]
fn what_could_not_be_read_is_not_missing() {
    let unread = |key: &str, change: fn(&mut GuestFacts)| {
        judged(|evidence, _| {
            let facts = facts(evidence);
            change(facts);
            facts.unread.insert(key.into(), "no such command".into());
        })
    };
    let no_gateway: fn(&mut GuestFacts) = |guest| each(&mut guest.nics[0].addresses, |address| address.gateway = None);
    assert!(matches!(unread(GuestFacts::ADDRESSES, |guest| guest.nics.clear()), Verdict::Inconclusive { .. }));
    assert!(matches!(unread(GuestFacts::ROUTES, no_gateway), Verdict::Inconclusive { .. }));
    let lost: fn(&mut GuestFacts) = |guest| guest.nics[0].addresses.clear();
    assert!(matches!(unread(GuestFacts::ROUTES, lost), Verdict::Failed { .. }));
    assert!(matches!(unread("name servers", |_| {}), Verdict::Passed { .. }));
    // A gateway that the source does not tell is not asked for.
    let silent = judged(|evidence, _| {
        each(&mut evidence.vms[0].source.nics[0].addresses, |address| address.gateway = None);
    });
    assert!(matches!(silent, Verdict::Passed { .. }), "{silent:?}");
}
