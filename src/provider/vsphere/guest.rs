//! What VMware Tools report: addresses per NIC, and whether they report at all.
//!
//! Source: source-providers.md section 2.3, "Guest addresses".

use super::properties::Properties;
use super::session::Session;
use super::xml::{Element, MoRef};
use crate::facts::GuestAddress;
use crate::provider::ProviderError;
use crate::wait::Seen;
use std::net::Ipv4Addr;

/// Device keys of NICs begin here; routes name the NIC by the difference.
const FIRST_NIC_KEY: i32 = 4000;

/// Whether the machine runs.
pub(crate) fn is_on(vm: &Properties) -> bool {
    vm.text("runtime.powerState") == Some("poweredOn")
}

/// Whether the running guest reports its network.
pub(crate) fn reports(vm: &Properties) -> bool {
    is_on(vm)
        && vm.get("guest.net").is_some_and(|nets| !nets.children.is_empty())
        && matches!(vm.text("guest.toolsStatus"), Some("toolsOk" | "toolsOld"))
}

/// One look for the guest's report. `Met`: it reports, or it cannot be asked.
pub(crate) async fn look_for_report(session: &Session, vm: &MoRef) -> Seen<Result<(), ProviderError>> {
    match session.read(vm, &["runtime.powerState", "guest.net", "guest.toolsStatus"]).await {
        Ok(seen) if reports(&seen) => Seen::Met(Ok(())),
        Ok(seen) => {
            let text = |path| seen.text(path).unwrap_or("unknown");
            Seen::Pending(format!("{}, Tools {}", text("runtime.powerState"), text("guest.toolsStatus")))
        }
        Err(error) => Seen::Met(Err(error.into())),
    }
}

/// IPv4 addresses that the guest reports for the NIC with this MAC address and device key; none while it is off.
pub(crate) fn addresses(vm: &Properties, mac: &str, device_key: Option<i32>) -> Vec<GuestAddress> {
    let Some(nets) = vm.get("guest.net").filter(|_| is_on(vm)) else { return Vec::new() };
    let gateway = device_key.and_then(|key| default_gateway(vm, key - FIRST_NIC_KEY));
    nets.children
        .iter()
        .filter(|net| net.text_at("macAddress").is_some_and(|other| other.eq_ignore_ascii_case(mac)))
        .filter_map(|net| net.child("ipConfig"))
        .flat_map(|config| config.all("ipAddress"))
        .filter_map(|address| guest_address(address, gateway.as_deref()))
        .collect()
}

fn guest_address(address: &Element, gateway: Option<&str>) -> Option<GuestAddress> {
    let ip = address.value_at::<Ipv4Addr>("ipAddress").filter(|ip| !ip.is_link_local())?;
    Some(GuestAddress {
        ip: ip.to_string(),
        prefix_length: address.value_at("prefixLength")?,
        gateway: gateway.map(str::to_owned),
        is_static: address.text_at("origin").map(|origin| origin == "manual"),
    })
}

fn default_gateway(vm: &Properties, device: i32) -> Option<String> {
    let device = device.to_string();
    let stacks = vm.get("guest.ipStack")?;
    stacks
        .children
        .iter()
        .filter_map(|stack| stack.child("ipRouteConfig"))
        .flat_map(|config| config.all("ipRoute"))
        .filter(|route| route.text_at("network") == Some("0.0.0.0") && route.text_at("prefixLength") == Some("0"))
        .filter(|route| route.text_at("gateway/device") == Some(&device))
        .find_map(|route| route.text_at("gateway/ipAddress").map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    pub(crate) fn vm(power: &str) -> Properties {
        let net = parse(
            r#"<val xmlns:x="y" x:type="ArrayOfGuestNicInfo"><GuestNicInfo><network>VM Network</network><macAddress>00:50:56:AA:BB:CC</macAddress>
            <ipConfig><dhcp/>
              <ipAddress><ipAddress>10.0.0.5</ipAddress><prefixLength>24</prefixLength><origin>manual</origin><state>preferred</state></ipAddress>
              <ipAddress><ipAddress>10.0.0.6</ipAddress><prefixLength>16</prefixLength></ipAddress>
              <ipAddress><ipAddress>10.0.0.7</ipAddress><prefixLength>8</prefixLength><origin>dhcp</origin></ipAddress>
              <ipAddress><ipAddress>169.254.3.4</ipAddress><prefixLength>16</prefixLength><origin>linklayer</origin></ipAddress>
              <ipAddress><ipAddress>fe80::1</ipAddress><prefixLength>64</prefixLength></ipAddress>
            </ipConfig></GuestNicInfo></val>"#,
        )
        .unwrap();
        let stack = parse(
            r"<val><GuestStackInfo><dnsConfig/><ipRouteConfig>
              <ipRoute><network>10.0.0.0</network><prefixLength>24</prefixLength><gateway><device>0</device></gateway></ipRoute>
              <ipRoute><network>0.0.0.0</network><prefixLength>0</prefixLength><gateway><ipAddress>10.0.0.1</ipAddress><device>0</device></gateway></ipRoute>
              </ipRouteConfig></GuestStackInfo></val>",
        )
        .unwrap();
        let mut vm = Properties::default();
        vm.values.insert("guest.net".into(), net);
        vm.values.insert("guest.ipStack".into(), stack);
        vm.values.insert("guest.toolsStatus".into(), Element::leaf("val", "toolsOld"));
        vm.values.insert("runtime.powerState".into(), Element::leaf("val", power));
        vm
    }

    #[test]
    fn addresses_with_origin_and_gateway() {
        let found = addresses(&vm("poweredOn"), "00:50:56:aa:bb:cc", Some(4000));
        let brief: Vec<_> = found.iter().map(|a| (a.ip.as_str(), a.prefix_length, a.is_static)).collect();
        assert_eq!(brief, [("10.0.0.5", 24, Some(true)), ("10.0.0.6", 16, None), ("10.0.0.7", 8, Some(false))]);
        assert!(found.iter().all(|address| address.gateway.as_deref() == Some("10.0.0.1")));
        assert_eq!(addresses(&vm("poweredOn"), "00:50:56:aa:bb:cc", Some(4001))[0].gateway, None);
        assert_eq!(addresses(&vm("poweredOn"), "00:50:56:aa:bb:cd", Some(4000)), []);
        assert_eq!(addresses(&vm("poweredOff"), "00:50:56:aa:bb:cc", Some(4000)), []);
    }

    #[test]
    fn reports_only_when_on_with_tools() {
        assert!(reports(&vm("poweredOn")));
        assert!(!reports(&vm("poweredOff")));
        let mut without = vm("poweredOn");
        without.values.insert("guest.toolsStatus".into(), Element::leaf("val", "toolsNotRunning"));
        assert!(!reports(&without));
    }
}
