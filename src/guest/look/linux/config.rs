//! What the network configuration of a guest says of its devices: the origin of their addresses.

use crate::guest::look::network::{Link, LinkAddress};
use regex::Regex;
use std::net::Ipv4Addr;

/// What one connection, netplan entry or ifcfg file says of the devices that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::guest::look) struct NicConfig {
    /// Name of the device; `*` and `?` as in file names.
    pub(in crate::guest::look) device: Option<String>,
    /// MAC address of the device, lower case with colons.
    pub(in crate::guest::look) mac: Option<String>,
    /// Whether addresses come from DHCP; `None` when it is not told.
    pub(in crate::guest::look) dhcp: Option<bool>,
    /// Addresses that were set by hand.
    pub(in crate::guest::look) addresses: Vec<Ipv4Addr>,
    /// Gateway that was set by hand.
    pub(in crate::guest::look) gateway: Option<Ipv4Addr>,
    /// Name servers that were set by hand.
    pub(in crate::guest::look) dns: Vec<String>,
}

/// How well a configuration fits a device. A bond, bridge or VLAN has the MAC address of the NIC below it, so a name says
/// more.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Not,
    ByMac,
    ByName,
}

impl NicConfig {
    fn fit(&self, link: &Link) -> Fit {
        if self.device.as_ref().is_some_and(|pattern| pattern == &link.name || matches(pattern, &link.name)) {
            return Fit::ByName;
        }
        let same = self.mac.is_some() && self.mac == link.mac;
        if same { Fit::ByMac } else { Fit::Not }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return false;
    }
    let pattern = format!("^{}$", regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", "."));
    Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(name))
}

/// The configurations of a device: those that name it, else those for its MAC address.
pub(super) fn configs_of<'a>(configs: &'a [NicConfig], link: &Link) -> Vec<&'a NicConfig> {
    let best = configs.iter().map(|config| config.fit(link)).max().filter(|fit| *fit != Fit::Not);
    best.map_or_else(Vec::new, |best| configs.iter().filter(|config| config.fit(link) == best).collect())
}

/// Whether an address was set by hand: as the first kind of configuration says that knows, else as the kernel does.
pub(super) fn is_static(kinds: &[Vec<NicConfig>], link: &Link, address: LinkAddress) -> Option<bool> {
    for kind in kinds {
        let configs = configs_of(kind, link);
        if configs.iter().any(|config| config.addresses.contains(&address.ip)) {
            return Some(true);
        }
        if configs.iter().any(|config| config.dhcp == Some(true)) {
            return Some(false);
        }
    }
    address.leased.map(|leased| !leased)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 5);

    fn link(name: &str, leased: Option<bool>) -> (Link, LinkAddress) {
        let mac = Some("00:50:56:00:00:01".to_owned());
        let address = LinkAddress { ip: IP, prefix: 24, leased };
        (Link { name: name.into(), mac, ipv4: vec![address], ..Link::default() }, address)
    }

    fn config(device: Option<&str>, mac: Option<&str>, dhcp: bool, addresses: &[Ipv4Addr]) -> NicConfig {
        NicConfig {
            device: device.map(str::to_owned),
            mac: mac.map(str::to_owned),
            dhcp: Some(dhcp),
            addresses: addresses.to_vec(),
            ..NicConfig::default()
        }
    }

    #[test]
    fn the_first_kind_that_knows_is_believed() {
        let (link, address) = link("ens192", Some(false));
        let says = |kinds: &[Vec<NicConfig>]| is_static(kinds, &link, address);
        let dhcp = vec![config(Some("ens192"), None, true, &[])];
        let manual = vec![config(Some("ens192"), None, false, &[IP])];
        assert_eq!(says(&[]), Some(true));
        assert_eq!(says(&[dhcp.clone(), manual.clone()]), Some(false));
        assert_eq!(says(&[vec![], manual.clone(), dhcp.clone()]), Some(true));
        // An address of its own beside a lease.
        assert_eq!(says(&[vec![config(Some("ens192"), None, true, &[IP])]]), Some(true));
        // An address that a manual connection does not know: the next kind, then the kernel.
        assert_eq!(says(&[vec![config(Some("ens192"), None, false, &[])], dhcp]), Some(false));
        assert_eq!(says(&[vec![config(Some("ens224"), None, true, &[])]]), Some(true));
    }

    #[test]
    fn a_name_says_more_than_a_mac() {
        let mac = Some("00:50:56:00:00:01");
        let kind = vec![config(None, mac, true, &[]), config(Some("br*"), None, false, &[IP])];
        let (bridge, address) = link("br0", None);
        assert_eq!(is_static(std::slice::from_ref(&kind), &bridge, address), Some(true));
        let (nic, address) = link("ens192", None);
        assert_eq!(is_static(&[kind], &nic, address), Some(false));
        assert_eq!(is_static(&[], &nic, address), None);
    }
}
