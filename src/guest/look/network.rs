//! Words for the network of a guest, whatever command told them.

use crate::facts::GuestAddress;
use std::net::Ipv4Addr;

/// A network device, as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Link {
    pub(super) name: String,
    /// Lower case with colons.
    pub(super) mac: Option<String>,
    pub(super) loopback: bool,
    pub(super) ipv4: Vec<LinkAddress>,
    /// With prefix.
    pub(super) ipv6: Vec<String>,
}

/// An IPv4 address of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkAddress {
    pub(super) ip: Ipv4Addr,
    /// Bits of the mask; 0 when it is not told.
    pub(super) prefix: u8,
    /// Whether it came with a lease, as far as the device itself tells.
    pub(super) leased: Option<bool>,
}

/// A default route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DefaultRoute {
    pub(super) device: String,
    pub(super) gateway: Ipv4Addr,
    /// The lower, the better.
    pub(super) metric: u32,
}

/// Six pairs of hexadecimal digits, between colons or dashes; the address of nothing but zeros is none.
pub(super) fn mac(text: &str) -> Option<String> {
    let separator = if text.contains('-') { '-' } else { ':' };
    let pairs: Vec<&str> = text.split(separator).collect();
    let pair = |pair: &&str| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    let known = pairs.len() == 6 && pairs.iter().all(pair) && pairs.iter().any(|pair| *pair != "00");
    known.then(|| pairs.join(":").to_lowercase())
}

/// `10.0.0.5/24`; without a length it is 32, as `ip` means it.
pub(super) fn cidr(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (ip, length) = text.split_once('/').unwrap_or((text, "32"));
    Some((ip.parse().ok()?, length.parse().ok().filter(|length| *length <= 32)?))
}

/// The bits of a mask (`255.255.255.0`, `0xffffff00`); `None` when it is none.
pub(super) fn mask_bits(text: &str) -> Option<u8> {
    let bits = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => text.parse::<Ipv4Addr>().ok()?.to_bits(),
    };
    let ones = bits.leading_ones();
    if bits.count_ones() == ones { u8::try_from(ones).ok() } else { None }
}

/// The address as a fact: its gateway is the one in its own net, else the device's first.
pub(super) fn guest_address(
    ip: Ipv4Addr,
    prefix: u8,
    gateways: &[Ipv4Addr],
    is_static: Option<bool>,
) -> Option<GuestAddress> {
    let near = gateways.iter().find(|gateway| same_net(ip, **gateway, prefix));
    let gateway = near.or_else(|| gateways.first()).map(ToString::to_string);
    let address = GuestAddress { ip: ip.to_string(), prefix_length: prefix, gateway, is_static };
    (!ip.is_link_local()).then_some(address)
}

fn same_net(left: Ipv4Addr, right: Ipv4Addr, prefix: u8) -> bool {
    let apart = (left.to_bits() ^ right.to_bits()).leading_zeros();
    prefix > 0 && apart >= u32::from(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_have_six_pairs() {
        assert_eq!(mac("00-50-56-AA-BB-CC").as_deref(), Some("00:50:56:aa:bb:cc"));
        assert_eq!(mac("00:50:56:aa:bb:cc").as_deref(), Some("00:50:56:aa:bb:cc"));
        for other in ["", "00:00:00:00:00:00", "00-00-00-00-00-00-00-E0", "00:50:56:aa:bb", "0:50:56:aa:bb:cc", "::1"] {
            assert_eq!(mac(other), None, "{other}");
        }
    }

    #[test]
    fn masks_have_no_holes() {
        for (text, bits) in [("255.255.255.0", 24), ("255.255.255.255", 32), ("0.0.0.0", 0), ("0xfffff000", 20)] {
            assert_eq!(mask_bits(text), Some(bits), "{text}");
        }
        for other in ["10.0.0.255", "255.0.255.0", "24", "", "0x", "0xfffffffff"] {
            assert_eq!(mask_bits(other), None, "{other}");
        }
        assert_eq!(cidr("10.0.0.5/24"), Some((Ipv4Addr::new(10, 0, 0, 5), 24)));
        assert_eq!(cidr("10.0.0.5").map(|(_, prefix)| prefix), Some(32));
        assert_eq!((cidr("10.0.0.5/33"), cidr("fe80::1/64")), (None, None));
    }

    #[test]
    fn the_gateway_of_an_address_is_the_near_one() {
        let gateways = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(192, 168, 7, 1)];
        let gateway = |ip: [u8; 4], prefix| guest_address(ip.into(), prefix, &gateways, None).unwrap().gateway.unwrap();
        assert_eq!(gateway([192, 168, 7, 9], 24), "192.168.7.1");
        assert_eq!(gateway([10, 0, 0, 9], 24), "10.0.0.1");
        assert_eq!(gateway([172, 16, 0, 9], 24), "10.0.0.1");
        assert_eq!(gateway([192, 168, 7, 9], 0), "10.0.0.1");
        assert_eq!(guest_address([10, 0, 0, 9].into(), 24, &[], None).unwrap().gateway, None);
        assert_eq!(guest_address([169, 254, 1, 1].into(), 16, &gateways, None), None);
    }
}
