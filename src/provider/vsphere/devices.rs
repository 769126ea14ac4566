//! The virtual devices of a VM: which are NICs, disks and SCSI controllers.
//!
//! Source: source-providers.md section 2.3.

use super::xml::Element;
use crate::facts::DiskBus;
use std::collections::{BTreeMap, BTreeSet};

/// Classes of NICs.
const NICS: [&str; 8] = [
    "VirtualE1000",
    "VirtualE1000e",
    "VirtualPCNet32",
    "VirtualVmxnet",
    "VirtualVmxnet2",
    "VirtualVmxnet3",
    "VirtualVmxnet3Vrdma",
    "VirtualSriovEthernetCard",
];
/// Classes of SCSI controllers.
const SCSI: [&str; 4] = [
    "ParaVirtualSCSIController",
    "VirtualLsiLogicController",
    "VirtualLsiLogicSASController",
    "VirtualBusLogicController",
];
/// Classes of the other controllers that disks may hang on.
const SATA: [&str; 2] = ["VirtualAHCIController", "VirtualSATAController"];
const IDE: [&str; 1] = ["VirtualIDEController"];
const NVME: [&str; 1] = ["VirtualNVMEController"];
/// Units of a SCSI controller; 7 is the controller itself.
const UNITS: std::ops::Range<i32> = 0..16;
const CONTROLLER_UNIT: i32 = 7;

/// The value of `config.hardware.device`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Devices<'a>(pub(crate) &'a [Element]);

/// A SCSI controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Controller {
    /// Device key.
    pub(crate) key: i32,
    /// Bus number.
    pub(crate) bus: i32,
}

impl<'a> Devices<'a> {
    fn of_class(self, classes: &'static [&'static str]) -> impl Iterator<Item = &'a Element> {
        self.0.iter().filter(|device| device.class.as_deref().is_some_and(|class| classes.contains(&class)))
    }

    /// NICs in device order.
    pub(crate) fn nics(self) -> impl Iterator<Item = &'a Element> {
        self.of_class(&NICS)
    }

    /// Disks in device order.
    pub(crate) fn disks(self) -> impl Iterator<Item = &'a Element> {
        self.of_class(&["VirtualDisk"])
    }

    /// Whether there is a TPM.
    pub(crate) fn has_tpm(self) -> bool {
        self.of_class(&["VirtualTPM"]).next().is_some()
    }

    /// What the controller of that key speaks; `None` if there is no such controller of disks.
    pub(crate) fn bus_of(self, key: i32) -> Option<DiskBus> {
        let class = self.0.iter().find(|device| device.value_at("key") == Some(key))?.class.as_deref()?;
        if SATA.contains(&class) {
            Some(DiskBus::Sata)
        } else if IDE.contains(&class) {
            Some(DiskBus::Ide)
        } else if SCSI.contains(&class) {
            Some(DiskBus::Scsi)
        } else {
            NVME.contains(&class).then_some(DiskBus::Nvme)
        }
    }

    /// SCSI controllers in device order.
    pub(crate) fn controllers(self) -> Vec<Controller> {
        self.of_class(&SCSI)
            .filter_map(|device| Some(Controller { key: device.value_at("key")?, bus: device.value_at("busNumber")? }))
            .collect()
    }

    /// Disks that several VMs may use at once: marked so themselves, or on a controller whose bus is shared. In device
    /// order.
    pub(crate) fn shared_disks(self) -> impl Iterator<Item = &'a Element> {
        let buses: BTreeSet<i32> = self
            .of_class(&SCSI)
            .filter(|device| matches!(device.text_at("sharedBus"), Some("virtualSharing" | "physicalSharing")))
            .filter_map(|device| device.value_at("key"))
            .collect();
        self.disks().filter(move |disk| {
            disk.text_at("backing/sharing") == Some("sharingMultiWriter")
                || disk.value_at("controllerKey").is_some_and(|key| buses.contains(&key))
        })
    }

    /// Units of a controller that no device holds, lowest first.
    pub(crate) fn free_units(self, controller: i32) -> impl Iterator<Item = i32> {
        let taken: BTreeSet<i32> = self
            .0
            .iter()
            .filter(|device| device.value_at("controllerKey") == Some(controller))
            .filter_map(|device| device.value_at("unitNumber"))
            .collect();
        UNITS.filter(move |unit| *unit != CONTROLLER_UNIT && !taken.contains(unit))
    }

    /// Bus and unit of each disk on a SCSI controller.
    pub(crate) fn scsi_addresses(self) -> Vec<(i32, i32)> {
        let buses: BTreeMap<i32, i32> = self.controllers().iter().map(|found| (found.key, found.bus)).collect();
        self.disks()
            .filter_map(|disk| {
                let bus = buses.get(&disk.value_at("controllerKey")?)?;
                Some((*bus, disk.value_at("unitNumber")?))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    #[test]
    fn classes_units_and_buses() {
        let array = parse(
            r#"<val xmlns:x="y">
            <VirtualDevice x:type="VirtualIDEController"><key>200</key><busNumber>0</busNumber></VirtualDevice>
            <VirtualDevice x:type="ParaVirtualSCSIController"><key>1000</key><busNumber>0</busNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualLsiLogicController"><key>1001</key><busNumber>1</busNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualDisk"><key>2000</key><controllerKey>1000</controllerKey><unitNumber>0</unitNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualDisk"><key>2017</key><controllerKey>1001</controllerKey><unitNumber>1</unitNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualDisk"><key>3000</key><controllerKey>200</controllerKey><unitNumber>0</unitNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualCdrom"><key>16000</key><controllerKey>1000</controllerKey><unitNumber>2</unitNumber></VirtualDevice>
            <VirtualDevice x:type="VirtualVmxnet3"><key>4000</key></VirtualDevice>
            <VirtualDevice x:type="VirtualUSB"><key>9000</key></VirtualDevice>
            </val>"#,
        )
        .unwrap();
        let devices = Devices(&array.children);
        assert_eq!(devices.controllers(), [Controller { key: 1000, bus: 0 }, Controller { key: 1001, bus: 1 }]);
        assert_eq!((devices.bus_of(200), devices.bus_of(1001)), (Some(DiskBus::Ide), Some(DiskBus::Scsi)));
        assert_eq!((devices.bus_of(2000), devices.bus_of(7), devices.has_tpm()), (None, None, false));
        assert_eq!(devices.disks().count(), 3);
        assert_eq!(devices.nics().count(), 1);
        assert_eq!(devices.scsi_addresses(), [(0, 0), (1, 1)]);
        let free: Vec<i32> = devices.free_units(1000).collect();
        assert_eq!(free, [1, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15]);
    }
}
