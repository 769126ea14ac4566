//! NetworkManager, by `nmcli --terse`.

use super::config::NicConfig;
use crate::guest::look::network::cidr;
use std::net::Ipv4Addr;

/// So many active connections are asked for; a guest that names more wants to keep us busy.
const CONNECTIONS_MAX: usize = 64;

/// UUID and device of each active connection.
pub(in crate::guest::look) fn active(output: &str) -> Vec<(String, String)> {
    let rows = output.lines().filter_map(|line| {
        let fields = fields(line);
        let [uuid, device] = fields.as_slice() else { return None };
        (is_uuid(uuid) && !device.is_empty()).then(|| (uuid.clone(), device.clone()))
    });
    rows.take(CONNECTIONS_MAX).collect()
}

/// The UUID becomes part of a command, so it is nothing else.
fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|letter| letter.is_ascii_hexdigit() || letter == b'-')
}

/// The fields of a terse line: between colons, where `\:` is a colon and `\\` a backslash.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == ':' {
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.extend(if letter == '\\' { letters.next() } else { Some(letter) });
        }
    }
    fields
}

/// What one connection says of its device.
pub(in crate::guest::look) fn connection(device: &str, output: &str) -> NicConfig {
    let mut config = NicConfig { device: Some(device.to_owned()), ..NicConfig::default() };
    for line in output.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let words = value.split([',', ' ', ';']).filter(|word| !word.is_empty());
        match key {
            "ipv4.method" => {
                config.dhcp = match value.trim() {
                    "auto" => Some(true),
                    "manual" => Some(false),
                    _ => None,
                }
            }
            // Old releases write `{ ip = 10.0.0.5/24, gw = 10.0.0.1 }`.
            "ipv4.addresses" => {
                let addresses = words.filter(|word| word.contains('/')).filter_map(cidr);
                config.addresses.extend(addresses.map(|(ip, _)| ip));
            }
            "ipv4.gateway" => config.gateway = value.trim().parse().ok(),
            "ipv4.dns" => {
                let servers = words.filter(|word| word.parse::<Ipv4Addr>().is_ok());
                config.dns.extend(servers.map(str::to_owned));
            }
            _ => {}
        }
    }
    config
}

#[cfg(test)]
pub(in crate::guest::look) mod tests {
    use super::*;

    pub(in crate::guest::look) const ACTIVE: &str = "\
5fb06bd0-0bb0-7ffb-45f1-d6edd65f3e03:ens192
2f1a9e6e-9a0c-4b6d-8a3c-0d9f6f4a1b22:br\\:0
11111111-1111-1111-1111-111111111111:
$(reboot):ens224
";
    pub(in crate::guest::look) const MANUAL: &str = "\
ipv4.method:manual
ipv4.addresses:10.0.0.5/24, 10.0.0.6/24
ipv4.gateway:10.0.0.1
ipv4.dns:10.0.0.2,10.0.0.3
";

    #[test]
    fn only_uuids_with_a_device_are_asked_for() {
        let active = active(ACTIVE);
        let devices: Vec<_> = active.iter().map(|(_, device)| device.as_str()).collect();
        assert_eq!(devices, ["ens192", "br:0"]);
        assert_eq!(super::active(&"5fb06bd0-0bb0-7ffb-45f1-d6edd65f3e03:a\n".repeat(1000)).len(), CONNECTIONS_MAX);
    }

    #[test]
    fn connections() {
        let manual = connection("ens192", MANUAL);
        let [one, two] = [5, 6].map(|last| Ipv4Addr::new(10, 0, 0, last));
        assert_eq!((manual.dhcp, manual.addresses.as_slice()), (Some(false), [one, two].as_slice()));
        assert_eq!(manual.gateway, Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(manual.dns, ["10.0.0.2", "10.0.0.3"]);
        let auto = connection("e", "ipv4.method:auto\nipv4.addresses:\nipv4.gateway:\nipv4.dns:\n");
        assert_eq!((auto.dhcp, auto.addresses.len(), auto.dns.len()), (Some(true), 0, 0));
        let old = connection("e", "ipv4.method:manual\nipv4.addresses:{ ip = 10.0.0.5/24, gw = 10.0.0.1 }\n");
        assert_eq!(old.addresses, [one]);
        assert_eq!(connection("e", "ipv4.method:disabled\n").dhcp, None);
    }
}
