//! The JSON of the script. PowerShell 5.1 writes a list of one as its element, an empty one as null or not at all, and
//! some lists as an object with `value` and `Count`.

use crate::facts::{GuestDisk, GuestFacts, GuestNic};
use crate::guest::look::network::{guest_address, mac};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

/// Values of `PrefixOrigin`.
const MANUAL: u64 = 1;
const DHCP: u64 = 3;

/// The facts; `None` when this is no report.
pub(in crate::guest::look) fn facts(output: &str) -> Option<GuestFacts> {
    let json = &output[output.find('{')?..];
    let report: Value = serde_json::Deserializer::from_str(json).into_iter().next()?.ok()?;
    report.get("adapters").or_else(|| report.get("system"))?;
    let system = items(report.get("system")).next().unwrap_or(&Value::Null);
    let os = [text(system, "Caption"), text(system, "Version")];
    let os = os.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    Some(GuestFacts {
        hostname: text(system, "CSName"),
        os: Some(os).filter(|os| !os.is_empty()),
        boot_id: text(system, "Boot"),
        nics: items(report.get("adapters")).map(|adapter| nic(adapter, &report)).collect(),
        disks: items(report.get("disks")).filter_map(|row| disk(row, &report)).collect(),
        ..GuestFacts::default()
    })
}

/// The elements of a list, in whichever form it is written.
fn items(value: Option<&Value>) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        None | Some(Value::Null) => Box::new(std::iter::empty()),
        Some(Value::Array(items)) => Box::new(items.iter()),
        Some(Value::Object(fields)) if fields.len() == 2 && fields.contains_key("Count") => match fields.get("value") {
            Some(Value::Array(items)) => Box::new(items.iter()),
            _ => Box::new(std::iter::empty()),
        },
        Some(single) => Box::new(std::iter::once(single)),
    }
}

fn text(row: &Value, key: &str) -> Option<String> {
    row.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn number(row: &Value, key: &str) -> Option<u64> {
    let value = row.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn nic(adapter: &Value, report: &Value) -> GuestNic {
    let index = number(adapter, "InterfaceIndex");
    let own =
        |list: &str| items(report.get(list)).filter(|row| index.is_some() && number(row, "InterfaceIndex") == index);
    let hops = own("routes").filter_map(|row| text(row, "NextHop")?.parse::<Ipv4Addr>().ok());
    // 0.0.0.0 is a route without a gateway.
    let gateways: Vec<Ipv4Addr> = hops.filter(|hop| !hop.is_unspecified()).collect();
    let mut nic = GuestNic {
        name: text(adapter, "Name").unwrap_or_default(),
        mac: text(adapter, "MacAddress").and_then(|text| mac(&text)),
        ..GuestNic::default()
    };
    for row in own("addresses") {
        let written = text(row, "IPAddress").unwrap_or_default();
        let prefix = number(row, "PrefixLength").and_then(|bits| u8::try_from(bits).ok()).unwrap_or(0);
        let origin = match number(row, "Origin") {
            Some(MANUAL) => Some(true),
            Some(DHCP) => Some(false),
            _ => None,
        };
        match written.split('%').next().unwrap_or_default().parse() {
            Ok(IpAddr::V4(ip)) => nic.addresses.extend(guest_address(ip, prefix.min(32), &gateways, origin)),
            Ok(IpAddr::V6(ip)) => nic.ipv6.push(format!("{ip}/{prefix}")),
            Err(_) => {}
        }
    }
    let servers = own("dns").flat_map(|row| items(row.get("ServerAddresses")));
    nic.dns = servers.filter_map(|server| server.as_str().map(str::to_owned)).collect();
    nic
}

fn disk(row: &Value, report: &Value) -> Option<GuestDisk> {
    let own = number(row, "Number")?;
    let volumes = items(report.get("volumes")).filter(|volume| number(volume, "Disk") == Some(own));
    let systems = volumes.flat_map(|volume| items(volume.get("FileSystem"))).filter_map(Value::as_str);
    let contents: BTreeSet<String> = systems.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Some(GuestDisk {
        name: own.to_string(),
        size_bytes: number(row, "Size").unwrap_or(0),
        contents: contents.into_iter().collect(),
    })
}

#[cfg(test)]
pub(in crate::guest::look) mod tests {
    use super::*;

    pub(in crate::guest::look) const TWO_NICS: &str = r#"{"adapters":[{"Name":"Ethernet0","InterfaceIndex":4,"MacAddress":"00-50-56-00-00-01"},{"Name":"Ethernet1","InterfaceIndex":7,"MacAddress":"00-50-56-00-00-02"}],"routes":{"InterfaceIndex":4,"NextHop":"10.0.0.1"},"addresses":[{"InterfaceIndex":4,"IPAddress":"fe80::1d2e:1234:5678:9abc%4","PrefixLength":64,"Family":23,"Origin":2},{"InterfaceIndex":1,"IPAddress":"::1","PrefixLength":128,"Family":23,"Origin":2},{"InterfaceIndex":4,"IPAddress":"10.0.0.6","PrefixLength":24,"Family":2,"Origin":1},{"InterfaceIndex":4,"IPAddress":"10.0.0.5","PrefixLength":24,"Family":2,"Origin":1},{"InterfaceIndex":7,"IPAddress":"192.168.7.20","PrefixLength":24,"Family":2,"Origin":3},{"InterfaceIndex":1,"IPAddress":"127.0.0.1","PrefixLength":8,"Family":2,"Origin":2}],"dns":[{"InterfaceIndex":4,"ServerAddresses":{"value":["10.0.0.2","10.0.0.3"],"Count":2}},{"InterfaceIndex":4,"ServerAddresses":[]},{"InterfaceIndex":7,"ServerAddresses":"192.168.7.2"},{"InterfaceIndex":1,"ServerAddresses":null}],"disks":[{"Number":0,"Size":64424509440},{"Number":1,"Size":10737418240}],"volumes":[{"Disk":0,"FileSystem":"FAT32"},{"Disk":0,"FileSystem":"NTFS"},{"Disk":0,"FileSystem":null},{"Disk":0,"FileSystem":"NTFS"}],"system":{"Caption":"Microsoft Windows Server 2022 Standard","Version":"10.0.20348","CSName":"WIN-SRV","Boot":"2026-01-02T03:04:05.0000000Z"}}
"#;

    #[test]
    fn everything_is_told() {
        let facts = facts(&format!("\u{feff}{TWO_NICS}\r\n")).unwrap();
        let nic = &facts.nics[0];
        assert_eq!((nic.name.as_str(), nic.mac.as_deref()), ("Ethernet0", Some("00:50:56:00:00:01")));
        let brief: Vec<_> =
            nic.addresses.iter().map(|one| (one.ip.as_str(), one.prefix_length, one.is_static)).collect();
        assert_eq!(brief, [("10.0.0.6", 24, Some(true)), ("10.0.0.5", 24, Some(true))]);
        assert_eq!(nic.addresses[0].gateway.as_deref(), Some("10.0.0.1"));
        assert_eq!(nic.ipv6, ["fe80::1d2e:1234:5678:9abc/64"]);
        assert_eq!(nic.dns, ["10.0.0.2", "10.0.0.3"]);
        let nic = &facts.nics[1];
        assert_eq!((nic.addresses[0].is_static, nic.addresses[0].gateway.as_ref()), (Some(false), None));
        assert_eq!(nic.dns, ["192.168.7.2"]);
        assert_eq!(facts.os.as_deref(), Some("Microsoft Windows Server 2022 Standard 10.0.20348"));
        assert_eq!((facts.hostname.as_deref(), facts.boot_id.is_some()), (Some("WIN-SRV"), true));
        assert_eq!(
            (facts.disks[0].size_bytes, facts.disks[0].contents.as_slice()),
            (60 << 30, ["FAT32", "NTFS"].map(str::to_owned).as_slice())
        );
        assert_eq!(facts.disks[1].contents.len(), 0);
    }

    #[test]
    fn lists_of_one_and_lists_of_none() {
        let text = r#"{"adapters":{"Name":"E","InterfaceIndex":4,"MacAddress":"00-50-56-00-00-01"},"addresses":{"InterfaceIndex":4,"IPAddress":"10.0.0.5","PrefixLength":24,"Family":2,"Origin":1},"routes":null,"disks":{"Number":0,"Size":5},"system":[{"CSName":"A"}]}"#;
        let facts = facts(text).unwrap();
        assert_eq!((facts.nics[0].addresses[0].gateway.as_ref(), facts.disks.len()), (None, 1));
        assert_eq!((facts.hostname.as_deref(), facts.os.as_ref()), (Some("A"), None));
        let none = super::facts(r#"{"adapters":[],"system":null}"#).unwrap();
        assert_eq!(none, GuestFacts::default());
        for other in ["", "{}", "null", "Get-NetAdapter : not recognized", "{\"adapters\":"] {
            assert_eq!(super::facts(other), None, "{other}");
        }
    }
}
