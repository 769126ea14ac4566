//! `ifconfig -a`, in its old layout and its new one. Old ones speak the guest's language, so words are told by their form
//! where that is possible.

use crate::guest::look::network::{Link, LinkAddress, mac, mask_bits};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The devices; `None` when there is none.
pub(in crate::guest::look) fn links(output: &str) -> Option<Vec<Link>> {
    let mut links: Vec<Link> = Vec::new();
    let mut open: Option<usize> = None;
    for line in output.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        if !line.starts_with(char::is_whitespace) {
            open = header(&words).map(|link| place(&mut links, link));
        }
        let Some(link) = open.and_then(|at| links.get_mut(at)) else { continue };
        link.mac = link.mac.take().or_else(|| words.iter().find_map(|word| mac(word)));
        match words.first() {
            Some(&"inet") => link.ipv4.extend(ipv4(&words)),
            Some(&"inet6") => link.ipv6.extend(ipv6(&words)),
            _ => {}
        }
    }
    if links.is_empty() { None } else { Some(links) }
}

/// `ens192: flags=4163<UP,BROADCAST>  mtu 1500` or `eth0      Link encap:Ethernet  HWaddr 00:50:56:00:00:01`.
fn header(words: &[&str]) -> Option<Link> {
    let (name, rest) = words.split_first()?;
    let known = rest.iter().any(|word| word.starts_with("flags=") || word.starts_with("encap:") || mac(word).is_some());
    let local = |word: &&str| word.contains("LOOPBACK") || *word == "encap:Local";
    let loopback = *name == "lo" || *name == "lo:" || rest.iter().any(local);
    let name = name.trim_end_matches(':');
    // `eth0:1` is another name for eth0 with another address.
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    known.then(|| Link { name: name.to_owned(), loopback, ..Link::default() })
}

/// The place of the device, which may be known under another name already.
fn place(links: &mut Vec<Link>, link: Link) -> usize {
    links.iter().position(|known| known.name == link.name).unwrap_or_else(|| {
        links.push(link);
        links.len() - 1
    })
}

/// The first address of the line is the device's. Its mask is the mask behind `netmask`, or behind a label with M, as it
/// has in all languages.
fn ipv4(words: &[&str]) -> Option<LinkAddress> {
    let value = |word: &str| word.rsplit_once(':').map_or(word, |(_, value)| value).to_owned();
    let ip = words.iter().find_map(|word| value(word).parse::<Ipv4Addr>().ok())?;
    let labelled = words.iter().filter(|word| word.starts_with(['M', 'm']) && word.contains(':'));
    let behind = words.windows(2).filter(|pair| pair[0] == "netmask").map(|pair| &pair[1]);
    let prefix = labelled.chain(behind).find_map(|word| mask_bits(&value(word)));
    Some(LinkAddress { ip, prefix: prefix.unwrap_or(0), leased: None })
}

/// `inet6 addr: fe80::1/64 Scope:Link` or `inet6 fe80::1  prefixlen 64  scopeid 0x20<link>`.
fn ipv6(words: &[&str]) -> Option<String> {
    let address = words.iter().find_map(|word| {
        let (ip, length) = word.split_once('/').map_or((*word, None), |(ip, length)| (ip, Some(length)));
        Some((ip.parse::<Ipv6Addr>().ok()?, length))
    });
    let (ip, length) = address?;
    let behind = words.windows(2).find(|pair| pair[0] == "prefixlen").map(|pair| pair[1]);
    Some(format!("{ip}/{}", length.or(behind)?))
}

#[cfg(test)]
pub(in crate::guest::look) mod tests {
    use super::*;

    pub(in crate::guest::look) const NEW: &str = "\
ens192: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.0.0.5  netmask 255.255.255.0  broadcast 10.0.0.255
        inet6 fe80::250:56ff:fe00:1  prefixlen 64  scopeid 0x20<link>
        ether 00:50:56:00:00:01  txqueuelen 1000  (Ethernet)
        RX packets 1049  bytes 102400 (100.0 KiB)

ens192:1: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.0.0.6  netmask 255.255.255.0  broadcast 10.0.0.255
        ether 00:50:56:00:00:01  txqueuelen 1000  (Ethernet)

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
        inet6 ::1  prefixlen 128  scopeid 0x10<host>
        loop  txqueuelen 1000  (Local Loopback)

tun0: flags=4305<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST>  mtu 1500
        inet 10.8.0.2  netmask 255.255.255.255  destination 10.8.0.1
        unspec 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00  txqueuelen 500  (UNSPEC)
";
    pub(in crate::guest::look) const OLD: &str = "\
eth0      Link encap:Ethernet  HWaddr 00:50:56:00:00:01
          inet addr:10.0.0.5  Bcast:10.0.0.255  Mask:255.255.255.0
          inet6 addr: fe80::250:56ff:fe00:1/64 Scope:Link
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
          Interrupt:18 Base address:0x2000

eth0:1    Link encap:Ethernet  HWaddr 00:50:56:00:00:01
          inet addr:10.0.0.6  Bcast:255.255.255.255  Mask:255.255.255.0

lo        Link encap:Local Loopback
          inet addr:127.0.0.1  Mask:255.0.0.0
          inet6 addr: ::1/128 Scope:Host

tun0      Link encap:UNSPEC  HWaddr 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00
          inet addr:10.8.0.2  P-t-P:10.8.0.1  Mask:255.255.255.255
";
    pub(in crate::guest::look) const GERMAN: &str = "\
eth0      Link encap:Ethernet  Hardware Adresse 00:50:56:00:00:01
          inet Adresse:10.0.0.5  Bcast:10.0.0.255  Maske:255.255.255.0
          inet6-Adresse: fe80::250:56ff:fe00:1/64 Gültigkeitsbereich:Verbindung

lo        Link encap:Lokale Schleife
          inet Adresse:127.0.0.1  Maske:255.0.0.0
";

    #[test]
    fn both_layouts_tell_the_same() {
        for (text, name) in [(NEW, "ens192"), (OLD, "eth0")] {
            let links = links(text).unwrap();
            let nic = &links[0];
            assert_eq!((nic.name.as_str(), nic.mac.as_deref()), (name, Some("00:50:56:00:00:01")));
            let brief: Vec<_> = nic.ipv4.iter().map(|one| format!("{}/{}", one.ip, one.prefix)).collect();
            assert_eq!(brief, ["10.0.0.5/24", "10.0.0.6/24"], "{text}");
            assert_eq!(nic.ipv6, ["fe80::250:56ff:fe00:1/64"]);
            assert!(links[1].loopback);
            assert_eq!((links[2].mac.as_ref(), links[2].ipv4[0].prefix), (None, 32));
        }
    }

    #[test]
    fn other_languages_and_other_texts() {
        let links = links(GERMAN).unwrap();
        assert_eq!((links[0].ipv4[0].ip.to_string(), links[0].ipv4[0].prefix), ("10.0.0.5".into(), 24));
        assert!(links[1].loopback);
        assert_eq!(super::links("sh: ifconfig: not found"), None);
        assert_eq!(super::links("eth0 eth0:1\n  inet 10.0.0.5"), None);
    }
}
