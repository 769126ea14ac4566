//! Addresses that were set by hand.

use super::ssh::why_outside;
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{AgentView, GuestAddress, GuestFacts, GuestNic, Power, SourceNic, SourceVm, TargetVm};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

pub(super) const CHECK: Check = Check {
    key: "static-ip",
    rule: "Every IPv4 address that was set by hand in the source is in the guest: on the NIC with the same MAC address, \
           with the same mask and gateway, and not from DHCP.",
    source: "original-suite.md section 3 (check_static_ip_preservation); source-providers.md section 2.3 (guest addresses)",
    judge: Rule::PerVm(judge),
};

/// Types of sources of whose VMs the product keeps the addresses. Source: forklift-api.md section 5
/// (`preserveStaticIPs`).
pub fn keeps_addresses(provider_type: &str) -> bool {
    matches!(provider_type, "vsphere" | "hyperv")
}

fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    if !keeps_addresses(&evidence.provider_type) {
        return Verdict::NotApplicable { reason: format!("{} sources have no such rule", evidence.provider_type) };
    }
    let asked = evidence.asked.static_ips;
    let beside = |reason: String| {
        if asked {
            return Verdict::Inconclusive { reason: format!("preserve_static_ips was asked for, but {reason}") };
        }
        Verdict::NotApplicable { reason }
    };
    if by_hand(&vm.source).next().is_none() {
        return beside(without_static(&vm.source));
    }
    let Some(facts) = &vm.guest.facts else {
        if target.power != Power::On {
            return beside(format!("the VM is {}", target.power));
        }
        let agent = vm.guest.agent.as_ref().map_or(String::new(), |agent| agent_says(&vm.source, agent));
        return Verdict::Inconclusive { reason: format!("{}{agent}", why_outside(&vm.guest.login)) };
    };
    if let Some(reason) = facts.unread.get(GuestFacts::ADDRESSES) {
        return Verdict::Inconclusive { reason: format!("the addresses of the guest could not be read: {reason}") };
    }
    let lacks = lacks(&vm.source, facts);
    if lacks.is_empty() {
        return Verdict::Passed { seen: seen(&vm.source, facts) };
    }
    if let Some(reason) = facts.unread.get(GuestFacts::ROUTES).filter(|_| lacks.iter().all(|lack| lack.of_gateway)) {
        return Verdict::Inconclusive { reason: format!("the gateways of the guest could not be read: {reason}") };
    }
    let expected = vm.source.nics.iter().filter_map(|nic| {
        let addresses: Vec<String> = static_of(nic).map(words).collect();
        (!addresses.is_empty()).then(|| format!("NIC {}: {}", nic.mac, addresses.join(", ")))
    });
    let lines: Vec<String> = lacks.into_iter().map(|lack| lack.text).collect();
    Verdict::Failed { expected: expected.collect::<Vec<_>>().join("; "), actual: lines.join("\n") }
}

/// What a guest lacks of the addresses that were set by hand in its source, in readable lines; nothing when it has all.
///
/// For a wait, too: secondary addresses appear late.
pub fn missing_addresses(source: &SourceVm, guest: &GuestFacts) -> Vec<String> {
    lacks(source, guest).into_iter().map(|lack| lack.text).collect()
}

/// Something that is not as it was.
struct Lack {
    text: String,
    of_gateway: bool,
}

fn static_of(nic: &SourceNic) -> impl Iterator<Item = &GuestAddress> {
    let link_local = |address: &GuestAddress| address.ip.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_link_local());
    nic.addresses.iter().filter(move |address| address.is_static == Some(true) && !link_local(address))
}

fn by_hand(source: &SourceVm) -> impl Iterator<Item = (&SourceNic, &GuestAddress)> {
    source.nics.iter().flat_map(|nic| static_of(nic).map(move |address| (nic, address)))
}

fn without_static(source: &SourceVm) -> String {
    let addresses = || source.nics.iter().flat_map(|nic| &nic.addresses);
    if addresses().next().is_none() {
        return format!("the source told no address (it was {} when its facts were read)", source.power);
    }
    if addresses().any(|address| address.is_static.is_none()) {
        return "the source told no address to be set by hand, and of some not how they are set".to_owned();
    }
    "no address of the source is set by hand".to_owned()
}

fn lacks(source: &SourceVm, guest: &GuestFacts) -> Vec<Lack> {
    by_hand(source).flat_map(|(nic, address)| lacks_of(nic, address, guest)).collect()
}

/// The NIC with this MAC address, and whatever stands over it: a bond, a bridge or a VLAN has the same one.
fn same_nic<'a>(mac: &'a str, guest: &'a GuestFacts) -> impl Iterator<Item = &'a GuestNic> {
    guest.nics.iter().filter(move |nic| nic.mac.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(mac)))
}

fn lacks_of(nic: &SourceNic, address: &GuestAddress, guest: &GuestFacts) -> Vec<Lack> {
    let (place, asked) = (format!("NIC {}", nic.mac), words(address));
    let lack = |text: String, of_gateway| Lack { text: format!("{place}: {text}"), of_gateway };
    let there: Vec<&GuestAddress> = same_nic(&nic.mac, guest).flat_map(|nic| &nic.addresses).collect();
    let Some(found) = there.iter().find(|found| found.ip == address.ip) else {
        let instead = if same_nic(&nic.mac, guest).next().is_none() {
            "the guest has no such NIC".to_owned()
        } else if there.is_empty() {
            "it has no IPv4 address".to_owned()
        } else {
            format!("it has {}", there.iter().map(|other| words(other)).collect::<Vec<_>>().join(", "))
        };
        return vec![lack(format!("{asked} is not there; {instead}{}", elsewhere(&address.ip, guest)), false)];
    };
    let mut lacks = Vec::new();
    if found.prefix_length != address.prefix_length {
        let instead = match found.prefix_length {
            0 => "no mask that the guest tells".to_owned(),
            bits => format!("a mask of {bits} bits"),
        };
        lacks.push(lack(format!("{asked} has {instead}"), false));
    }
    if found.is_static == Some(false) {
        lacks.push(lack(format!("{asked} comes from DHCP now"), false));
    }
    // A gateway belongs to the NIC: which of several an address goes by is not told alike everywhere.
    let gateways: BTreeSet<&str> = there.iter().filter_map(|one| one.gateway.as_deref()).collect();
    if let Some(gateway) = address.gateway.as_deref().filter(|gateway| !gateways.contains(gateway)) {
        let instead = if gateways.is_empty() {
            "no gateway".to_owned()
        } else {
            format!("gateway {}", gateways.into_iter().collect::<Vec<_>>().join(", "))
        };
        lacks.push(lack(format!("{}/{} has {instead} instead of {gateway}", address.ip, address.prefix_length), true));
    }
    lacks
}

fn elsewhere(ip: &str, guest: &GuestFacts) -> String {
    let other = guest.nics.iter().find(|nic| nic.addresses.iter().any(|address| address.ip == ip));
    other.map_or(String::new(), |nic| {
        format!("; it is on {} ({})", nic.name, nic.mac.as_deref().unwrap_or("without MAC address"))
    })
}

fn words(address: &GuestAddress) -> String {
    let mask = if address.prefix_length == 0 { String::new() } else { format!("/{}", address.prefix_length) };
    let via = address.gateway.as_ref().map_or(String::new(), |gateway| format!(" via {gateway}"));
    let origin = if address.is_static == Some(false) { " (DHCP)" } else { "" };
    format!("{}{mask}{via}{origin}", address.ip)
}

/// The NICs with addresses that were set by hand, as they are now; IPv6 and name servers are told and not judged.
fn seen(source: &SourceVm, guest: &GuestFacts) -> String {
    let nics = source.nics.iter().filter(|nic| static_of(nic).next().is_some());
    let nics = nics.flat_map(|nic| same_nic(&nic.mac, guest)).filter(|nic| !nic.addresses.is_empty());
    let told = nics.map(|nic| {
        let addresses: Vec<String> = nic.addresses.iter().map(words).collect();
        let rest = |name: &str, of: &[String]| {
            if of.is_empty() { String::new() } else { format!("; {name} {}", of.join(", ")) }
        };
        let mac = nic.mac.as_deref().unwrap_or_default();
        format!("{} ({mac}): {}{}{}", nic.name, addresses.join(", "), rest("IPv6", &nic.ipv6), rest("DNS", &nic.dns))
    });
    told.collect::<Vec<_>>().join(" | ")
}

/// The agent tells neither masks nor gateways, so what it says proves nothing.
fn agent_says(source: &SourceVm, agent: &AgentView) -> String {
    let rows: Vec<String> = (by_hand(source).map(|(nic, _)| nic.mac.to_lowercase()))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|mac| {
            let addresses = agent.addresses.get(&mac).map(|all| all.join(", ")).filter(|all| !all.is_empty());
            format!("{mac}: {}", addresses.unwrap_or_else(|| "no address".to_owned()))
        })
        .collect();
    format!("; the guest agent, which tells no mask and no gateway, says {}", rows.join("; "))
}

#[cfg(test)]
#[path = "static_ip_tests.rs"]
mod tests;
