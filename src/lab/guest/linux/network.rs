//! `ip` and `route`.

use crate::facts::GuestFamily;
use crate::lab::guest::host::{Host, NicView, mask, network};
use crate::lab::shell::Output;
use crate::lab::world::{Commands, GuestNet};
use serde_json::{Value, json};
use std::fmt::Write;

/// `forever`, as `ip -json` writes it.
const FOREVER: u32 = u32::MAX;
/// What is left of a lease.
const LEASE: u32 = 2590;

/// `ip`, if the guest has one.
pub(super) fn ip(host: &mut Host<'_>, words: &[&str]) -> Option<Output> {
    debug_assert_eq!(host.vm.family(), GuestFamily::Linux);
    let commands = host.commands();
    let (is_json, object) = match words {
        ["-json" | "-j", object, ..] => (true, *object),
        [object, ..] => (false, *object),
        [] => (false, ""),
    };
    match (commands, is_json) {
        (Commands::Ancient, _) => return None,
        (Commands::Old, true) => {
            return Some(Output::failed(255, "Option \"-json\" is unknown, try \"ip -help\"."));
        }
        _ => {}
    }
    Some(match object {
        "addr" | "address" | "a" => {
            let nics = host.look_at_nics();
            Output::said(if is_json { addresses_json(&nics) + "\n" } else { addresses_text(&nics) })
        }
        "route" | "r" => {
            Output::said(if is_json { routes_json(&host.nics()) + "\n" } else { routes_text(&host.nics()) })
        }
        other => Output::failed(1, format!("Object \"{other}\" is unknown, try \"ip help\".")),
    })
}

fn lifetime(address: &GuestNet) -> u32 {
    if address.is_static { FOREVER } else { LEASE }
}

/// Whether an address before it is on the same network, which makes it a secondary one to the kernel.
fn is_secondary(nic: &NicView, at: usize) -> bool {
    let own = network(&nic.addresses[at]);
    nic.addresses[..at].iter().any(|other| network(other) == own)
}

fn addresses_json(nics: &[NicView]) -> String {
    let loopback = json!({
        "ifindex": 1, "ifname": "lo", "flags": ["LOOPBACK", "UP", "LOWER_UP"], "mtu": 65536, "qdisc": "noqueue",
        "operstate": "UNKNOWN", "group": "default", "txqlen": 1000, "link_type": "loopback",
        "address": "00:00:00:00:00:00", "broadcast": "00:00:00:00:00:00",
        "addr_info": [
            {"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host", "label": "lo",
             "valid_life_time": FOREVER, "preferred_life_time": FOREVER},
            {"family": "inet6", "local": "::1", "prefixlen": 128, "scope": "host",
             "valid_life_time": FOREVER, "preferred_life_time": FOREVER},
        ],
    });
    let own = nics.iter().enumerate().map(|(at, nic)| nic_json(at, nic));
    Value::Array([loopback].into_iter().chain(own).collect()).to_string()
}

fn nic_json(at: usize, nic: &NicView) -> Value {
    let mut addresses: Vec<Value> =
        nic.addresses.iter().enumerate().map(|(at, one)| address_json(nic, at, one)).collect();
    if nic.is_connected {
        addresses.push(json!({
            "family": "inet6", "local": nic.link_local, "prefixlen": 64, "scope": "link", "noprefixroute": true,
            "valid_life_time": FOREVER, "preferred_life_time": FOREVER,
        }));
    }
    let (flags, state) = if nic.is_connected {
        (json!(["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]), "UP")
    } else {
        (json!(["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"]), "DOWN")
    };
    json!({
        "ifindex": at + 2, "ifname": nic.name, "flags": flags, "mtu": 1500, "qdisc": "mq", "operstate": state,
        "group": "default", "txqlen": 1000, "link_type": "ether", "address": nic.mac,
        "broadcast": "ff:ff:ff:ff:ff:ff", "altnames": [format!("enp{}s0", 11 * (at + 1))], "addr_info": addresses,
    })
}

fn address_json(nic: &NicView, at: usize, one: &GuestNet) -> Value {
    let mut address = json!({
        "family": "inet", "local": one.ip, "prefixlen": one.prefix_length, "broadcast": network(one).1.to_string(),
        "scope": "global", "noprefixroute": true, "label": nic.name,
        "valid_life_time": lifetime(one), "preferred_life_time": lifetime(one),
    });
    // Flags that are not set are left out.
    if !one.is_static {
        address["dynamic"] = json!(true);
    }
    if is_secondary(nic, at) {
        address["secondary"] = json!(true);
    }
    address
}

fn addresses_text(nics: &[NicView]) -> String {
    let mut text = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    \
        link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    \
        inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n    \
        inet6 ::1/128 scope host \n       valid_lft forever preferred_lft forever\n"
        .to_owned();
    for (at, nic) in nics.iter().enumerate() {
        let (flags, state) = if nic.is_connected {
            ("BROADCAST,MULTICAST,UP,LOWER_UP", "UP")
        } else {
            ("NO-CARRIER,BROADCAST,MULTICAST,UP", "DOWN")
        };
        let mut line = |line: String| text.push_str(&(line + "\n"));
        line(format!("{}: {}: <{flags}> mtu 1500 qdisc mq state {state} group default qlen 1000", at + 2, nic.name));
        line(format!("    link/ether {} brd ff:ff:ff:ff:ff:ff", nic.mac));
        for (at, one) in nic.addresses.iter().enumerate() {
            let secondary = if is_secondary(nic, at) { " secondary" } else { "" };
            let (dynamic, left) =
                if one.is_static { ("", "forever".to_owned()) } else { (" dynamic", format!("{LEASE}sec")) };
            let (ip, length, brd) = (&one.ip, one.prefix_length, network(one).1);
            line(format!(
                "    inet {ip}/{length} brd {brd} scope global{secondary}{dynamic} noprefixroute {}",
                nic.name
            ));
            line(format!("       valid_lft {left} preferred_lft {left}"));
        }
        if nic.is_connected {
            line(format!("    inet6 {}/64 scope link noprefixroute ", nic.link_local));
            line("       valid_lft forever preferred_lft forever".to_owned());
        }
    }
    text
}

fn routes_json(nics: &[NicView]) -> String {
    let mut routes = Vec::new();
    for (at, nic) in nics.iter().enumerate() {
        let metric = 100 + at;
        let protocol = if nic.is_static() { "static" } else { "dhcp" };
        if let Some(gateway) = nic.gateway() {
            routes.push(json!({"dst": "default", "gateway": gateway, "dev": nic.name, "protocol": protocol,
                "metric": metric, "flags": []}));
        }
        routes.extend(on_link(nic).map(|(net, one)| {
            json!({"dst": net, "dev": nic.name, "protocol": "kernel", "scope": "link", "prefsrc": one.ip,
                "metric": metric, "flags": []})
        }));
    }
    Value::Array(routes).to_string()
}

/// The networks that a NIC reaches by itself.
fn on_link(nic: &NicView) -> impl Iterator<Item = (String, &GuestNet)> {
    let own = nic.addresses.iter().enumerate().filter(|(at, _)| !is_secondary(nic, *at));
    own.map(|(_, one)| (format!("{}/{}", network(one).0, one.prefix_length), one))
}

fn routes_text(nics: &[NicView]) -> String {
    let mut text = String::new();
    for (at, nic) in nics.iter().enumerate() {
        let (name, metric) = (&nic.name, 100 + at);
        let protocol = if nic.is_static() { "static" } else { "dhcp" };
        if let Some(gateway) = nic.gateway() {
            writeln!(text, "default via {gateway} dev {name} proto {protocol} metric {metric} ").unwrap_or_default();
        }
        for (net, one) in on_link(nic) {
            writeln!(text, "{net} dev {name} proto kernel scope link src {} metric {metric} ", one.ip)
                .unwrap_or_default();
        }
    }
    text
}

/// `route -n`.
pub(super) fn route(host: &Host<'_>) -> Output {
    let mut text = "Kernel IP routing table\n\
        Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
        .to_owned();
    for (at, nic) in host.nics().iter().enumerate() {
        let mut line = |to: &str, via: &str, mask: &str, flags: &str| {
            let row = format!("{to:<15} {via:<15} {mask:<15} {flags:<5} {:<6} 0        0 {}\n", 100 + at, nic.name);
            text.push_str(&row);
        };
        if let Some(gateway) = nic.gateway() {
            line("0.0.0.0", gateway, "0.0.0.0", "UG");
        }
        for (at, one) in nic.addresses.iter().enumerate() {
            if !is_secondary(nic, at) {
                line(&network(one).0.to_string(), "0.0.0.0", &mask(one.prefix_length).to_string(), "U");
            }
        }
    }
    Output::said(text)
}
