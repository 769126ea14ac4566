//! `ip addr`, without JSON.

use crate::guest::look::network::{Link, LinkAddress, cidr, mac};

/// The devices; `None` when there is none.
pub(in crate::guest::look) fn links(output: &str) -> Option<Vec<Link>> {
    let mut links: Vec<Link> = Vec::new();
    for line in output.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(link) = header(line, &words) {
            links.push(link);
            continue;
        }
        let Some(link) = links.last_mut() else { continue };
        match words.as_slice() {
            [kind, address, ..] if kind.starts_with("link/") => link.mac = mac(address),
            ["inet", rest @ ..] => link.ipv4.extend(address(rest)),
            ["inet6", address, ..] => link.ipv6.push((*address).to_owned()),
            ["valid_lft", time, ..] => {
                // The line below an address: of the IPv4 one only if no IPv6 one came since.
                if let Some(last) = link.ipv4.last_mut().filter(|_| link.ipv6.is_empty()) {
                    last.leased = Some(last.leased == Some(true) || *time != "forever");
                }
            }
            _ => {}
        }
    }
    if links.is_empty() { None } else { Some(links) }
}

/// `2: ens192.100@ens192: <BROADCAST,UP> mtu 1500 ...`
fn header(line: &str, words: &[&str]) -> Option<Link> {
    let (number, name) = (words.first()?.strip_suffix(':')?, words.get(1)?.strip_suffix(':')?);
    if line.starts_with(char::is_whitespace) || number.parse::<u32>().is_err() {
        return None;
    }
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let flags = words.get(2).unwrap_or(&"").trim_matches(['<', '>']);
    let loopback = flags.split(',').any(|flag| flag == "LOOPBACK");
    Some(Link { name: name.to_owned(), loopback, ..Link::default() })
}

/// `10.0.0.5/24 brd ...`, or `10.8.0.2 peer 10.8.0.1/32 ...`, where the length stands with the peer.
fn address(words: &[&str]) -> Option<LinkAddress> {
    let (ip, own) = cidr(words.first()?)?;
    let peer = match words {
        [_, "peer", peer, ..] => cidr(peer).map(|(_, prefix)| prefix),
        _ => None,
    };
    let leased = words.contains(&"dynamic").then_some(true);
    Some(LinkAddress { ip, prefix: peer.unwrap_or(own), leased })
}

#[cfg(test)]
pub(in crate::guest::look) mod tests {
    use super::*;

    pub(in crate::guest::look) const ADDR: &str = "\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host
       valid_lft forever preferred_lft forever
2: ens192: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master br0 state UP group default qlen 1000
    link/ether 00:50:56:00:00:01 brd ff:ff:ff:ff:ff:ff
3: ens224: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
    link/ether 00:50:56:00:00:02 brd ff:ff:ff:ff:ff:ff
    inet 192.168.7.20/24 brd 192.168.7.255 scope global dynamic ens224
       valid_lft 83921sec preferred_lft 83921sec
    inet 192.168.7.21/24 brd 192.168.7.255 scope global secondary ens224
       valid_lft forever preferred_lft forever
    inet6 fe80::250:56ff:fe00:2/64 scope link
       valid_lft forever preferred_lft forever
4: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 00:50:56:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.5/24 brd 10.0.0.255 scope global br0
5: ens224.100@ens224: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 00:50:56:00:00:02 brd ff:ff:ff:ff:ff:ff
6: tun0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UNKNOWN qlen 100
    link/none
    inet 10.8.0.2 peer 10.8.0.1/32 scope global tun0
       valid_lft forever preferred_lft forever
";

    #[test]
    fn devices_with_all_their_addresses() {
        let links = links(ADDR).unwrap();
        let names: Vec<_> = links.iter().map(|link| link.name.as_str()).collect();
        assert_eq!(names, ["lo", "ens192", "ens224", "br0", "ens224.100", "tun0"]);
        assert!(links[0].loopback && !links[1].loopback);
        let brief = |link: &Link| -> Vec<_> {
            link.ipv4.iter().map(|one| format!("{}/{} {:?}", one.ip, one.prefix, one.leased)).collect()
        };
        assert_eq!(brief(&links[2]), ["192.168.7.20/24 Some(true)", "192.168.7.21/24 Some(false)"]);
        assert_eq!(links[2].ipv6, ["fe80::250:56ff:fe00:2/64"]);
        assert_eq!(brief(&links[3]), ["10.0.0.5/24 None"]);
        assert_eq!(links[3].mac.as_deref(), Some("00:50:56:00:00:01"));
        assert_eq!(brief(&links[5]), ["10.8.0.2/32 Some(false)"]);
        assert_eq!(super::links("ip: command not found"), None);
    }
}
