//! What a Linux guest is asked, side by side, and what the answers make together.

use super::config::{NicConfig, configs_of, is_static};
use super::{ifcfg, ifconfig, ip_addr, ip_json, lsblk, netplan, nmcli, release, routes};
use crate::facts::{GuestFacts, GuestNic};
use crate::guest::look::ask::{Ask, Unread, Way};
use crate::guest::look::network::{DefaultRoute, Link, LinkAddress, guest_address};
use futures::future::join_all;
use std::net::Ipv4Addr;

const ADDRESSES: [Way<Vec<Link>>; 3] =
    [("ip -json addr", ip_json::links), ("ip addr", ip_addr::links), ("ifconfig -a", ifconfig::links)];
const ROUTES: [Way<Vec<DefaultRoute>>; 3] =
    [("ip -json route", ip_json::routes), ("ip route", routes::ip_route), ("route -n", routes::route_n)];
const HOSTNAME: [Way<String>; 1] = [("hostname", release::line)];
const OS: [Way<String>; 2] = [("cat /etc/os-release", release::os_release), ("cat /etc/redhat-release", release::line)];
const BOOT_ID: [Way<String>; 1] = [("cat /proc/sys/kernel/random/boot_id", release::line)];
const DISKS: [Way<Vec<crate::facts::GuestDisk>>; 2] = [
    ("lsblk --json --bytes --output NAME,TYPE,SIZE,FSTYPE,MOUNTPOINT", lsblk::json),
    ("lsblk --bytes --pairs --output NAME,TYPE,SIZE,FSTYPE,MOUNTPOINT", lsblk::pairs),
];
const NETPLAN: [Way<Vec<NicConfig>>; 1] = [("cat /etc/netplan/*.yaml", netplan::configs)];
const IFCFG: [Way<Vec<NicConfig>>; 1] = [("tail -n +1 /etc/sysconfig/network-scripts/ifcfg-*", ifcfg::configs)];
const NAME_SERVERS: [Way<Vec<String>>; 1] = [("cat /etc/resolv.conf", release::name_servers)];
const CONNECTIONS: &str = "nmcli --terse --fields UUID,DEVICE connection show --active";
const CONNECTION: &str = "nmcli --terse --fields ipv4.method,ipv4.addresses,ipv4.gateway,ipv4.dns connection show";

/// Looks into the guest.
pub(in crate::guest::look) async fn look(ask: &Ask<'_>) -> GuestFacts {
    let machine = async { tokio::join!(ask.first(&HOSTNAME), ask.first(&OS), ask.first(&BOOT_ID), ask.first(&DISKS)) };
    let network = async { tokio::join!(ask.first(&ADDRESSES), ask.first(&ROUTES), ask.first(&NAME_SERVERS)) };
    // No guest has all three of them, so that one is not there is nothing to tell.
    let configs = async { tokio::join!(connections(ask), ask.first(&NETPLAN), ask.first(&IFCFG)) };
    let ((hostname, os, boot_id, disks), (links, routes, servers), (manager, netplan, ifcfg)) =
        tokio::join!(machine, network, configs);
    let mut unread = Unread::default();
    let found = Found {
        routes_known: routes.is_ok(),
        routes: unread.sort(GuestFacts::ROUTES, routes),
        servers: unread.sort("name servers", servers),
        configs: vec![manager, netplan.unwrap_or_default(), ifcfg.unwrap_or_default()],
    };
    let links: Vec<Link> = unread.sort(GuestFacts::ADDRESSES, links);
    let nics: Vec<GuestNic> = links.into_iter().filter(|link| !link.loopback).map(|link| found.nic(link)).collect();
    GuestFacts {
        hostname: unread.sort("hostname", hostname.map(Some)),
        os: unread.sort("system", os.map(Some)),
        boot_id: unread.sort("boot id", boot_id.map(Some)),
        disks: unread.sort(GuestFacts::DISKS, disks),
        nics,
        unread: unread.0,
    }
}

/// What NetworkManager says of its active connections; nothing where it does not run.
async fn connections(ask: &Ask<'_>) -> Vec<NicConfig> {
    let active = ask.output(CONNECTIONS).await.map(|output| nmcli::active(&output)).unwrap_or_default();
    let shown = active.iter().map(|(uuid, device)| async move {
        let output = ask.output(&format!("{CONNECTION} {uuid}")).await.ok()?;
        Some(nmcli::connection(device, &output))
    });
    join_all(shown).await.into_iter().flatten().collect()
}

/// What is known beside the devices themselves.
struct Found {
    routes_known: bool,
    routes: Vec<DefaultRoute>,
    servers: Vec<String>,
    /// In the order of trust.
    configs: Vec<Vec<NicConfig>>,
}

impl Found {
    fn nic(&self, link: Link) -> GuestNic {
        let gateways = self.gateways(&link);
        let address =
            |one: &LinkAddress| guest_address(one.ip, one.prefix, &gateways, is_static(&self.configs, &link, *one));
        let addresses = link.ipv4.iter().filter_map(address).collect();
        let own: Vec<String> = self.configs_of(&link).flat_map(|config| config.dns.clone()).collect();
        let dns = if own.is_empty() && !link.ipv4.is_empty() { self.servers.clone() } else { own };
        GuestNic { addresses, dns, name: link.name, mac: link.mac, ipv6: link.ipv6 }
    }

    fn configs_of<'a>(&'a self, link: &Link) -> impl Iterator<Item = &'a NicConfig> {
        let known = self.configs.iter().map(|kind| configs_of(kind, link)).find(|configs| !configs.is_empty());
        known.unwrap_or_default().into_iter()
    }

    /// The gateways of a device, the preferred one first. What is configured says nothing of what is in force, so it counts
    /// only where the routes cannot be had.
    fn gateways(&self, link: &Link) -> Vec<Ipv4Addr> {
        if !self.routes_known {
            return self.configs_of(link).filter_map(|config| config.gateway).collect();
        }
        let mut routes: Vec<&DefaultRoute> = self.routes.iter().filter(|route| route.device == link.name).collect();
        routes.sort_by_key(|route| route.metric);
        routes.into_iter().map(|route| route.gateway).collect()
    }
}

#[cfg(test)]
#[path = "looked_tests.rs"]
mod tests;
