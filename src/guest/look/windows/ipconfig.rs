//! `ipconfig /all`, in whatever language: a value is told by its form and its place, not by its label. The words `DHCP`
//! and `DNS` stand in the labels of every language, and in no other label with addresses.

use crate::facts::GuestNic;
use crate::guest::look::network::{guest_address, mac, mask_bits};
use regex::Regex;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

/// The time of day, which only the two ends of a lease have.
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b\d{1,2}[:.]\d{2}[:.]\d{2}\b").ok());

/// A label with its values; further values stand on lines of their own below.
struct Field<'a> {
    label: &'a str,
    values: Vec<&'a str>,
}

impl Field<'_> {
    fn addresses(&self) -> Vec<IpAddr> {
        self.values.iter().filter_map(|value| address(value)).collect()
    }

    fn first_ipv4(&self) -> Option<Ipv4Addr> {
        self.addresses().into_iter().find_map(|ip| if let IpAddr::V4(ip) = ip { Some(ip) } else { None })
    }

    fn mask(&self) -> Option<u8> {
        self.values.first().and_then(|value| mask_bits(value))
    }

    /// Of version 4: `DHCPv6` is no lease of an IPv4 address.
    fn is_dhcp(&self) -> bool {
        self.label.contains("DHCP") && !self.label.contains("DHCPv6")
    }

    fn is_end_of_lease(&self) -> bool {
        let value = self.values.first().copied().unwrap_or_default();
        self.addresses().is_empty() && TIME.as_ref().is_some_and(|time| time.is_match(value))
    }
}

/// An address without `%4` and without `(Preferred)`, which every language writes behind it.
fn address(text: &str) -> Option<IpAddr> {
    let end = text.find(['(', '%', '（']).unwrap_or(text.len());
    text[..end].trim().parse().ok()
}

/// The adapters that have a MAC address; `None` when there is none. Their names keep the word for their kind, which has
/// another place in each language.
pub(in crate::guest::look) fn nics(output: &str) -> Option<Vec<GuestNic>> {
    let mut blocks: Vec<(&str, Vec<Field<'_>>)> = Vec::new();
    for line in output.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        if !line.starts_with(char::is_whitespace) {
            blocks.push((line.trim_end_matches([':', '：']).trim_end(), Vec::new()));
        } else if let Some((_, fields)) = blocks.last_mut() {
            add(fields, line.trim_start());
        }
    }
    let nics: Vec<GuestNic> = blocks.iter().filter_map(|(name, fields)| nic(name, fields)).collect();
    if nics.is_empty() { None } else { Some(nics) }
}

/// `   IPv4 Address. . . . . . . . . . . : 10.0.0.5(Preferred)`, or one more value of the field above.
fn add<'a>(fields: &mut Vec<Field<'a>>, line: &'a str) {
    let continued = address(line).is_some();
    match (split(line), fields.last_mut()) {
        (Some((label, value)), _) if !continued => {
            let values = Some(value.trim()).filter(|value| !value.is_empty()).into_iter().collect();
            fields.push(Field { label, values });
        }
        (_, Some(field)) => field.values.push(line.trim()),
        (_, None) => {}
    }
}

/// A label is filled up with dots, and may have a colon of its own; only one that fills its place has no dots.
fn split(line: &str) -> Option<(&str, &str)> {
    let behind_dots = line.match_indices(':').find(|(at, _)| line[..*at].ends_with(['.', ' ']));
    let at = behind_dots.map(|(at, _)| at).or_else(|| line.find(':'))?;
    Some((&line[..at], &line[at + 1..]))
}

fn nic(name: &str, fields: &[Field<'_>]) -> Option<GuestNic> {
    let mac = fields.iter().find_map(|field| field.values.first().and_then(|value| mac(value)))?;
    // An address stands right above its mask, and nothing else does.
    let masked: Vec<(usize, Ipv4Addr, u8)> = fields
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0].mask().is_none())
        .filter_map(|(at, pair)| Some((at + 1, pair[0].first_ipv4()?, pair[1].mask()?)))
        .collect();
    let gateway: Vec<Ipv4Addr> = masked.last().and_then(|(at, ..)| gateway(&fields[at + 1..])).into_iter().collect();
    let by_hand = is_static(fields);
    let addresses =
        masked.iter().filter_map(|(_, ip, prefix)| guest_address(*ip, *prefix, &gateway, by_hand)).collect();
    let v6 = |ip: IpAddr| if let IpAddr::V6(ip) = ip { Some(ip) } else { None };
    let before = masked.first().map_or(fields.len(), |(at, ..)| *at);
    let ipv6 = fields[..before].iter().filter(|field| !field.label.contains("DNS")).flat_map(Field::addresses);
    let dns = fields.iter().filter(|field| field.label.contains("DNS")).flat_map(Field::addresses);
    Some(GuestNic {
        name: name.to_owned(),
        mac: Some(mac),
        addresses,
        // The length of an IPv6 prefix is not told.
        ipv6: ipv6.filter_map(v6).map(|ip| ip.to_string()).collect(),
        dns: dns.map(|ip| ip.to_string()).collect(),
    })
}

/// The field below the last mask, or below the lease: with addresses, or empty when there is no gateway.
fn gateway(below: &[Field<'_>]) -> Option<Ipv4Addr> {
    let field = below.iter().find(|field| field.values.is_empty() || !field.addresses().is_empty())?;
    field.first_ipv4().filter(|gateway| !gateway.is_unspecified() && !field.is_dhcp() && !field.label.contains("DNS"))
}

/// A lease has ends and a server. Without them the addresses were set by hand, if DHCP is spoken of at all.
fn is_static(fields: &[Field<'_>]) -> Option<bool> {
    let served = fields.iter().any(|field| field.is_dhcp() && field.first_ipv4().is_some());
    if served || fields.iter().any(Field::is_end_of_lease) {
        return Some(false);
    }
    fields.iter().any(Field::is_dhcp).then_some(true)
}

#[cfg(test)]
#[path = "ipconfig_tests.rs"]
pub(in crate::guest::look) mod tests;
