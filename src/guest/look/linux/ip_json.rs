//! `ip -json addr` and `ip -json route`.

use crate::guest::look::network::{DefaultRoute, Link, LinkAddress, mac};
use serde::Deserialize;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The life time of an address that has no end.
const FOREVER: u64 = 0xffff_ffff;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Device {
    ifname: String,
    flags: Vec<String>,
    address: String,
    addr_info: Vec<Address>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Address {
    local: String,
    prefixlen: u8,
    dynamic: bool,
    valid_life_time: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Route {
    dst: String,
    gateway: Option<String>,
    dev: Option<String>,
    metric: u32,
    nexthops: Vec<NextHop>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NextHop {
    gateway: Option<String>,
    dev: Option<String>,
}

/// The devices. Some releases write an empty object for what their filter left out.
pub(in crate::guest::look) fn links(output: &str) -> Option<Vec<Link>> {
    let devices: Vec<Device> = serde_json::from_str(output.trim()).ok()?;
    Some(devices.into_iter().filter(|device| !device.ifname.is_empty()).map(link).collect())
}

fn link(device: Device) -> Link {
    let mut link = Link {
        name: device.ifname,
        mac: mac(&device.address),
        loopback: device.flags.iter().any(|flag| flag == "LOOPBACK"),
        ..Link::default()
    };
    for address in device.addr_info {
        if let Ok(ip) = address.local.parse::<Ipv4Addr>() {
            let ends = address.valid_life_time.map(|seconds| seconds < FOREVER);
            let leased = if address.dynamic { Some(true) } else { ends };
            link.ipv4.push(LinkAddress { ip, prefix: address.prefixlen.min(32), leased });
        } else if let Ok(ip) = address.local.parse::<Ipv6Addr>() {
            link.ipv6.push(format!("{ip}/{}", address.prefixlen));
        }
    }
    link
}

/// The default routes through IPv4 gateways.
pub(in crate::guest::look) fn routes(output: &str) -> Option<Vec<DefaultRoute>> {
    let routes: Vec<Route> = serde_json::from_str(output.trim()).ok()?;
    let mut found = Vec::new();
    for route in routes.into_iter().filter(|route| ["default", "0.0.0.0/0"].contains(&route.dst.as_str())) {
        let own = NextHop { gateway: route.gateway, dev: route.dev };
        for hop in std::iter::once(own).chain(route.nexthops) {
            if let (Some(device), Some(Ok(gateway))) = (hop.dev, hop.gateway.map(|text| text.parse())) {
                found.push(DefaultRoute { device, gateway, metric: route.metric });
            }
        }
    }
    Some(found)
}

#[cfg(test)]
pub(in crate::guest::look) mod tests {
    use super::*;

    pub(in crate::guest::look) const ADDR: &str = r#"[{},{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"qdisc":"noqueue","operstate":"UNKNOWN","group":"default","txqlen":1000,"link_type":"loopback","address":"00:00:00:00:00:00","broadcast":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo","valid_life_time":4294967295,"preferred_life_time":4294967295},{"family":"inet6","local":"::1","prefixlen":128,"scope":"host","valid_life_time":4294967295,"preferred_life_time":4294967295}]},{"ifindex":2,"ifname":"ens192","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"qdisc":"mq","operstate":"UP","group":"default","txqlen":1000,"link_type":"ether","address":"00:50:56:00:00:01","broadcast":"ff:ff:ff:ff:ff:ff","altnames":["enp11s0"],"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24,"broadcast":"10.0.0.255","scope":"global","noprefixroute":true,"label":"ens192","valid_life_time":4294967295,"preferred_life_time":4294967295},{"family":"inet","local":"10.0.0.6","prefixlen":24,"broadcast":"10.0.0.255","scope":"global","secondary":true,"noprefixroute":true,"label":"ens192","valid_life_time":4294967295,"preferred_life_time":4294967295},{"family":"inet6","local":"fe80::250:56ff:fe00:1","prefixlen":64,"scope":"link","noprefixroute":true,"valid_life_time":4294967295,"preferred_life_time":4294967295}]},{"ifindex":3,"ifname":"ens224","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"qdisc":"mq","operstate":"UP","group":"default","txqlen":1000,"link_type":"ether","address":"00:50:56:00:00:02","broadcast":"ff:ff:ff:ff:ff:ff","addr_info":[{"family":"inet","local":"192.168.7.20","prefixlen":24,"broadcast":"192.168.7.255","scope":"global","dynamic":true,"noprefixroute":true,"label":"ens224","valid_life_time":83921,"preferred_life_time":83921}]},{"ifindex":4,"link":"ens192","ifname":"ens192.100","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"link_type":"ether","address":"00:50:56:00:00:01","broadcast":"ff:ff:ff:ff:ff:ff","addr_info":[{"family":"inet","local":"10.100.0.5","prefixlen":16,"scope":"global","label":"ens192.100"}]},{"ifindex":5,"ifname":"tun0","flags":["POINTOPOINT","NOARP","UP","LOWER_UP"],"mtu":1500,"link_type":"none","addr_info":[{"family":"inet","local":"10.8.0.2","address":"10.8.0.1","prefixlen":32,"scope":"global","label":"tun0","valid_life_time":4294967295,"preferred_life_time":4294967295}]}]"#;
    pub(in crate::guest::look) const ROUTE: &str = r#"[{"dst":"default","gateway":"10.0.0.1","dev":"ens192","protocol":"static","metric":100,"flags":[]},{"dst":"default","protocol":"static","metric":101,"flags":[],"nexthops":[{"gateway":"192.168.7.1","dev":"ens224","weight":1,"flags":[]}]},{"dst":"default","dev":"tun0","scope":"link","metric":900,"flags":[]},{"dst":"10.0.0.0/24","dev":"ens192","protocol":"kernel","scope":"link","prefsrc":"10.0.0.5","metric":100,"flags":[]}]"#;

    #[test]
    fn devices_with_all_their_addresses() {
        let links = links(ADDR).unwrap();
        let names: Vec<_> = links.iter().map(|link| link.name.as_str()).collect();
        assert_eq!(names, ["lo", "ens192", "ens224", "ens192.100", "tun0"]);
        assert_eq!(links.iter().map(|link| link.loopback).collect::<Vec<_>>(), [true, false, false, false, false]);
        assert_eq!(links[1].mac.as_deref(), Some("00:50:56:00:00:01"));
        let brief: Vec<_> = links[1].ipv4.iter().map(|one| (one.ip.to_string(), one.prefix, one.leased)).collect();
        assert_eq!(brief, [("10.0.0.5".into(), 24, Some(false)), ("10.0.0.6".into(), 24, Some(false))]);
        assert_eq!(links[1].ipv6, ["fe80::250:56ff:fe00:1/64"]);
        assert_eq!(links[2].ipv4[0].leased, Some(true));
        assert_eq!((links[3].ipv4[0].leased, links[3].mac.as_deref()), (None, Some("00:50:56:00:00:01")));
        assert_eq!((links[4].mac.as_ref(), links[4].ipv4[0].prefix), (None, 32));
    }

    #[test]
    fn gateways_by_device() {
        let routes = routes(ROUTE).unwrap();
        let brief: Vec<_> =
            routes.iter().map(|one| (one.device.as_str(), one.gateway.to_string(), one.metric)).collect();
        assert_eq!(brief, [("ens192", "10.0.0.1".into(), 100), ("ens224", "192.168.7.1".into(), 101)]);
        assert_eq!(super::routes("[]"), Some(vec![]));
        assert_eq!(super::routes("Usage: ip [ OPTIONS ] OBJECT"), None);
        assert_eq!(links("Option \"-json\" is unknown, try \"ip -help\"."), None);
    }
}
