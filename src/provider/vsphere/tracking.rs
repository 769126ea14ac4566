//! Changed-block tracking: its keys, and whether it took.
//!
//! Source: source-providers.md section 2.5, row `CBT`; section 7.3 for what vcsim leaves out.

use super::devices::Devices;
use super::properties::Properties;
use super::session::Session;
use super::xml::{Element, MoRef};
use crate::provider::{ProviderError, VmRef};
use std::collections::BTreeMap;

/// The key of the whole VM.
pub(crate) const VM_KEY: &str = "ctkEnabled";
const PATHS: [&str; 3] = ["config.changeTrackingEnabled", "config.extraConfig", "config.hardware.device"];

/// The key of the disk at a bus and unit.
pub(crate) fn disk_key(bus: i32, unit: i32) -> String {
    format!("scsi{bus}:{unit}.{VM_KEY}")
}

/// An `extraConfig` that switches a key on.
pub(crate) fn option(key: &str) -> Element {
    Element::new("extraConfig").with(Element::leaf("key", key)).with(Element::leaf("value", "true").of("string"))
}

/// Reads back that the VM and each disk that can be tracked are.
pub(crate) async fn require(session: &Session, vm: &VmRef) -> Result<(), ProviderError> {
    let properties = session.read(&MoRef::new("VirtualMachine", &vm.id), &PATHS).await?;
    let untracked = untracked(&properties);
    if untracked.is_empty() {
        return Ok(());
    }
    Err(ProviderError::Unhealthy {
        vm: vm.to_string(),
        problem: format!("changed-block tracking is not on: {}", untracked.join(", ")),
        remedy: "a warm migration needs it; take a source VM of hardware version 7 or later without snapshots, and \
                 switch it on yourself where no clone is made",
    })
}

/// The keys that are not on.
fn untracked(vm: &Properties) -> Vec<String> {
    let extra: BTreeMap<&str, &str> = vm
        .get("config.extraConfig")
        .map(|array| array.children.as_slice())
        .unwrap_or_default()
        .iter()
        .filter_map(|option| Some((option.text_at("key")?, option.text_at("value")?)))
        .collect();
    let is_on = |key: &str| extra.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    // The server's own answer counts; one that gives none (vcsim) leaves only the key.
    let whole = vm.value::<bool>("config.changeTrackingEnabled").unwrap_or_else(|| is_on(VM_KEY));
    let devices = vm.get("config.hardware.device").map(|array| array.children.as_slice()).unwrap_or_default();
    let of_disks = tracked_addresses(Devices(devices)).into_iter().map(|(bus, unit)| disk_key(bus, unit));
    let missing = of_disks.filter(|key| !is_on(key));
    (!whole).then(|| VM_KEY.to_owned()).into_iter().chain(missing).collect()
}

/// Bus and unit of the disks that take part in snapshots, without which nothing is tracked.
fn tracked_addresses(devices: Devices<'_>) -> Vec<(i32, i32)> {
    let independent: Vec<(Option<i32>, Option<i32>)> = devices
        .disks()
        .filter(|disk| disk.text_at("backing/diskMode").is_some_and(|mode| mode.starts_with("independent")))
        .map(|disk| (disk.value_at("controllerKey"), disk.value_at("unitNumber")))
        .collect();
    let controllers = devices.controllers();
    let key_of = |bus: i32| controllers.iter().find(|found| found.bus == bus).map(|found| found.key);
    let mut all = devices.scsi_addresses();
    all.retain(|(bus, unit)| !independent.contains(&(key_of(*bus), Some(*unit))));
    all
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    fn vm(enabled: Option<&str>, options: &[(&str, &str)]) -> Properties {
        let devices = r#"<val xmlns:x="y">
            <VirtualDevice x:type="ParaVirtualSCSIController"><key>1000</key><busNumber>0</busNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualDisk"><key>2000</key><backing><diskMode>persistent</diskMode></backing><controllerKey>1000</controllerKey><unitNumber>0</unitNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualDisk"><key>2001</key><backing><diskMode>independent_persistent</diskMode></backing><controllerKey>1000</controllerKey><unitNumber>1</unitNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualDisk"><key>2002</key><backing><diskMode>persistent</diskMode></backing><controllerKey>1000</controllerKey><unitNumber>2</unitNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualDisk"><key>16000</key><controllerKey>15000</controllerKey><unitNumber>0</unitNumber></VirtualDevice>
            </val>"#;
        let option =
            |(key, value): &(&str, &str)| format!("<OptionValue><key>{key}</key><value>{value}</value></OptionValue>");
        let extra = options.iter().map(option).collect::<Vec<_>>().concat();
        let mut vm = Properties::default();
        vm.values.insert("config.hardware.device".into(), parse(devices).unwrap());
        vm.values.insert("config.extraConfig".into(), parse(&format!("<val>{extra}</val>")).unwrap());
        if let Some(text) = enabled {
            vm.values.insert("config.changeTrackingEnabled".into(), Element::leaf("val", text));
        }
        vm
    }

    #[test]
    fn every_disk_that_snapshots_reach_must_be_tracked() {
        let all = [("ctkEnabled", "TRUE"), ("scsi0:0.ctkEnabled", "true"), ("scsi0:2.ctkEnabled", "true")];
        assert_eq!(untracked(&vm(Some("true"), &all)), Vec::<String>::new());
        assert_eq!(untracked(&vm(None, &all)), Vec::<String>::new());
        // The server knows better than its own key.
        assert_eq!(untracked(&vm(Some("false"), &all)), ["ctkEnabled"]);
        assert_eq!(untracked(&vm(Some("true"), &all[..2])), ["scsi0:2.ctkEnabled"]);
        assert_eq!(untracked(&vm(None, &[])), ["ctkEnabled", "scsi0:0.ctkEnabled", "scsi0:2.ctkEnabled"]);
    }
}
