//! Whole looks into Linux guests that answer from a table.

use super::*;
use crate::facts::GuestFamily;
use crate::guest::look;
use crate::guest::scripted::Scripted;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(1);

fn brief(facts: &GuestFacts) -> Vec<String> {
    let nics = facts.nics.iter().flat_map(|nic| nic.addresses.iter().map(move |address| (nic, address)));
    nics.map(|(nic, address)| {
        let gateway = address.gateway.as_deref().unwrap_or("-");
        let origin = address.is_static.map_or("?", |by_hand| if by_hand { "static" } else { "DHCP" });
        format!("{} {}/{} {gateway} {origin}", nic.name, address.ip, address.prefix_length)
    })
    .collect()
}

#[tokio::test]
async fn a_recent_guest() {
    let uuid = "5fb06bd0-0bb0-7ffb-45f1-d6edd65f3e03";
    let shell = Scripted::new(
        GuestFamily::Linux,
        &[
            ("ip -json addr", ip_json::tests::ADDR),
            ("ip -json route", ip_json::tests::ROUTE),
            ("hostname", "rhel8\n"),
            ("cat /etc/os-release", "PRETTY_NAME=\"Red Hat Enterprise Linux 8.10 (Ootpa)\"\n"),
            ("cat /proc/sys/kernel/random/boot_id", "0b0c\n"),
            (DISKS[0].0, lsblk::tests::JSON),
            (CONNECTIONS, &format!("{uuid}:ens192\n")),
            (&format!("{CONNECTION} {uuid}"), nmcli::tests::MANUAL),
            ("cat /etc/resolv.conf", "nameserver 192.168.7.2\n"),
        ],
    );
    let facts = look(&shell, LIMIT).await;
    assert_eq!(
        brief(&facts),
        [
            "ens192 10.0.0.5/24 10.0.0.1 static",
            "ens192 10.0.0.6/24 10.0.0.1 static",
            "ens224 192.168.7.20/24 192.168.7.1 DHCP",
            "ens192.100 10.100.0.5/16 - ?",
            "tun0 10.8.0.2/32 - static",
        ]
    );
    assert_eq!(facts.nics[0].dns, ["10.0.0.2", "10.0.0.3"]);
    assert_eq!(facts.nics[1].dns, ["192.168.7.2"]);
    assert_eq!((facts.hostname.as_deref(), facts.boot_id.as_deref()), (Some("rhel8"), Some("0b0c")));
    assert_eq!(facts.os.as_deref(), Some("Red Hat Enterprise Linux 8.10 (Ootpa)"));
    assert_eq!((facts.disks.len(), facts.unread.len()), (2, 0));
}

#[tokio::test]
async fn an_old_guest_without_iproute() {
    let shell = Scripted::new(
        GuestFamily::Linux,
        &[
            ("ifconfig -a", ifconfig::tests::NEW),
            ("route -n", routes::tests::ROUTE_N),
            ("hostname", "old\n"),
            ("cat /etc/redhat-release", "CentOS release 6.10 (Final)\n"),
            (DISKS[1].0, lsblk::tests::PAIRS),
            (IFCFG[0].0, ifcfg::tests::FILES),
            ("cat /etc/resolv.conf", ""),
        ],
    );
    let facts = look(&shell, LIMIT).await;
    assert_eq!(
        brief(&facts),
        ["ens192 10.0.0.5/24 10.0.0.1 static", "ens192 10.0.0.6/24 10.0.0.1 static", "tun0 10.8.0.2/32 - ?",]
    );
    assert_eq!(facts.os.as_deref(), Some("CentOS release 6.10 (Final)"));
    let unread: Vec<_> = facts.unread.iter().collect();
    assert_eq!(unread.len(), 1, "{unread:?}");
    assert!(facts.unread["boot id"].contains("command not found"), "{unread:?}");
}

#[tokio::test]
async fn a_guest_that_says_nothing_of_use() {
    for answer in ["", "\u{0}\u{1}\u{fffd}", "[", "{}", "0"] {
        let lines = ADDRESSES.map(|way| way.0).into_iter().chain(ROUTES.map(|way| way.0));
        let lines = lines.chain([HOSTNAME[0].0, OS[0].0, OS[1].0, DISKS[0].0, DISKS[1].0]);
        let answers: Vec<_> = lines.map(|line| (line, answer)).collect();
        let facts = look(&Scripted::new(GuestFamily::Linux, &answers), LIMIT).await;
        assert_eq!((facts.nics.len(), facts.disks.len()), (0, 0), "{answer}");
        assert!(facts.unread.contains_key(GuestFacts::ADDRESSES), "{answer}: {facts:?}");
    }
}
