//! netplan files, one after the other as `cat` writes them.

use super::config::NicConfig;
use crate::guest::look::network::{cidr, mac};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Kinds of devices that may have addresses.
const KINDS: [&str; 5] = ["ethernets", "bonds", "bridges", "vlans", "wifis"];

/// What the files say of each device; `None` when nothing in them is netplan's. Of a device that several files name, the
/// later one adds and wins.
pub(in crate::guest::look) fn configs(output: &str) -> Option<Vec<NicConfig>> {
    let mut devices: BTreeMap<String, NicConfig> = BTreeMap::new();
    let mut known = false;
    for document in documents(output) {
        let Ok(value) = serde_yaml::from_str::<Value>(&document) else { continue };
        let Some(network) = value.get("network").and_then(Value::as_object) else { continue };
        known = true;
        for (id, device) in KINDS.iter().filter_map(|kind| network.get(*kind)?.as_object()).flatten() {
            let Some(device) = device.as_object() else { continue };
            let config = devices.entry(id.clone()).or_insert_with(|| named(id));
            add(config, device);
        }
    }
    known.then(|| devices.into_values().collect())
}

/// The files, each of which begins with `network:` below comments and an optional `---`.
fn documents(output: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in output.lines() {
        let begins = line.starts_with("network:") || line.starts_with("---");
        if begins {
            documents.push(String::new());
        }
        if let Some(document) = documents.last_mut().filter(|_| !line.starts_with("---")) {
            document.push_str(line);
            document.push('\n');
        }
    }
    documents.retain(|document| document.starts_with("network:"));
    documents
}

/// Without `match`, the id is the device's name.
fn named(id: &str) -> NicConfig {
    NicConfig { device: Some(id.to_owned()), ..NicConfig::default() }
}

fn add(config: &mut NicConfig, device: &Map<String, Value>) {
    if let Some(matched) = device.get("match") {
        config.device = text(device.get("set-name")).or_else(|| text(matched.get("name")));
        config.mac = text(matched.get("macaddress")).and_then(|text| mac(&text));
    }
    if let Some(dhcp) = device.get("dhcp4") {
        config.dhcp = Some(truthy(dhcp));
    }
    for address in items(device.get("addresses")) {
        // An address with options is a mapping with one key.
        let written = address.as_str().or_else(|| address.as_object()?.keys().next().map(String::as_str));
        config.addresses.extend(written.and_then(cidr).map(|(ip, _)| ip));
    }
    let old = device.get("gateway4");
    let leads = |route: &&Value| matches!(text(route.get("to")).as_deref(), Some("default" | "0.0.0.0/0" | "0/0"));
    let new = items(device.get("routes")).iter().find(leads).and_then(|route| route.get("via"));
    config.gateway = text(old.or(new)).and_then(|text| text.parse().ok()).or(config.gateway);
    let servers = device.get("nameservers").and_then(|servers| servers.get("addresses"));
    config.dns.extend(items(servers).iter().filter_map(|server| text(Some(server))));
}

fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::to_owned)
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// YAML 1.1 has more words for true than 1.2.
fn truthy(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| {
        let word = value.as_str().unwrap_or_default().to_lowercase();
        ["true", "yes", "on", "y"].contains(&word.as_str())
    })
}

#[cfg(test)]
pub(in crate::guest::look) mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    pub(in crate::guest::look) const FILES: &str = r#"# This file is generated from information provided by the datasource.
network:
    ethernets:
        ens192:
            dhcp4: true
            match:
                macaddress: 52:54:00:11:22:33
            set-name: ens192
        ens224:
            dhcp4: no
            addresses: [10.0.0.5/24, "10.0.0.6/24", "fd00::5/64"]
            gateway4: 10.0.0.1
            nameservers: {addresses: [10.0.0.2], search: [lab]}
    version: 2
# Let NetworkManager manage all devices on this system
network:
  version: 2
  renderer: networkd
  ethernets:
    rest:
      match: {name: "eth*"}
      dhcp4: yes
    ens192:
      dhcp4: false
  bonds:
    bond0:
      interfaces: [eth1, eth2]
      addresses:
        - 10.1.0.5/16:
            label: "bond0:some"
      routes:
        - {to: 10.9.0.0/16, via: 10.1.0.9}
        - to: default
          via: 10.1.0.1
  vlans:
    bond0.100: {id: 100, link: bond0, addresses: [10.2.0.5/24]}
"#;

    #[test]
    fn later_files_add_and_win() {
        let configs = configs(FILES).unwrap();
        let of = |name: &str| configs.iter().find(|one| one.device.as_deref() == Some(name)).unwrap();
        assert_eq!((of("ens192").dhcp, of("ens192").mac.as_deref()), (Some(false), Some("52:54:00:11:22:33")));
        let manual = of("ens224");
        assert_eq!((manual.dhcp, manual.gateway), (Some(false), Some(Ipv4Addr::new(10, 0, 0, 1))));
        assert_eq!(manual.addresses, [5, 6].map(|last| Ipv4Addr::new(10, 0, 0, last)));
        assert_eq!(manual.dns, ["10.0.0.2"]);
        assert_eq!((of("eth*").dhcp, of("eth*").mac.as_ref()), (Some(true), None));
        assert_eq!(of("bond0").gateway, Some(Ipv4Addr::new(10, 1, 0, 1)));
        assert_eq!(of("bond0").addresses, [Ipv4Addr::new(10, 1, 0, 5)]);
        assert_eq!(of("bond0.100").addresses, [Ipv4Addr::new(10, 2, 0, 5)]);
    }

    #[test]
    fn other_texts() {
        for text in ["", "network: 7", "a: [", "network:\n  - x\n", "networks: {}\n"] {
            assert_eq!(configs(text), None, "{text}");
        }
        assert_eq!(configs("network: {version: 2, ethernets: 5}\n"), Some(vec![]));
    }
}
