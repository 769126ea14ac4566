//! What a row of the table of product faults says.

use super::table::{HARMLESS, PRODUCT_FAULTS, ProductFault};
use crate::facts::nearest;
use serde::{Serialize, Serializer};
use std::fmt;

/// A way in which the product migrates wrongly and says Succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FaultRow {
    /// The fault; its key as data.
    pub fault: ProductFault,
    /// What the product does wrong, in one sentence.
    pub does: &'static str,
    /// Key of the one check that must catch it; [`NO_CHECK`](super::NO_CHECK) for what is harmless.
    pub caught_by: &'static str,
    /// What a migration must have for it to do harm.
    pub needs: Need,
}

/// What a migration must have for a fault to do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Nothing but a VM with a disk and a NIC.
    Anything,
    /// The source runs, and the VM is to run.
    Running,
    /// A source that runs, of a type that records how its VMs are switched off.
    RecordedStop,
    /// The source is off, and no target power state is asked for.
    Stopped,
    /// A guest agent is asked for.
    Agent,
    /// More than one core.
    SeveralCores,
    /// Nested virtualization is asked for, and `expect` looks at it.
    Nested,
    /// EFI with secure boot.
    SecureBoot,
    /// EFI without secure boot.
    OpenEfi,
    /// MTV 2.10 or later on OpenShift 4.20 or later.
    VmwareSerial,
    /// A name that no object can have.
    Renamed,
    /// At least two NICs on different networks, the last one not on the pod network.
    SeveralNics,
    /// A NIC that is disconnected when the VM starts.
    LooseNic,
    /// At least two disks.
    SeveralDisks,
    /// A storage class of ceph-rbd, or an access mode in the map.
    SharedStorage,
    /// A template of PVC names that ends in `disk-{{.DiskIndex}}`, with a random suffix.
    PrefixedClaims,
    /// A template of PVC names without a suffix.
    ExactClaims,
    /// Snapshots of the source.
    Snapshots,
    /// A node selector.
    Selector,
    /// Target labels.
    Labels,
    /// A preferred pod affinity.
    Affinity,
    /// Warm migration.
    Warm,
    /// Warm migration, cut over after a number of precopies.
    CountedWarm,
    /// Copy-offload.
    Offload,
    /// Copy-offload with a disk that the array does not reach.
    OffloadElsewhere,
    /// Copy-offload on MTV 2.12, whose tasks tell how their disks are copied.
    OffloadTold,
    /// `expect` looks at the devices.
    Expect,
    /// A guest that runs, without static addresses or anything else that only a login tells.
    Reachable,
    /// A NIC with static addresses, of a guest that runs.
    StaticAddress,
    /// Two NICs with static addresses, of a guest that runs.
    SeveralStaticNics,
    /// A marker, and files of which the content is compared.
    Integrity,
    /// `xfs_check`.
    Xfs,
    /// An encrypted disk, of a guest that runs.
    Luks,
}

impl fmt::Display for Need {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Anything => "-",
            Self::Running => "a source that runs",
            Self::RecordedStop => "a source that runs on oVirt",
            Self::Stopped => "a source that is off",
            Self::Agent => "guest_agent",
            Self::SeveralCores => "several cores",
            Self::Nested => "enable_nested_virtualization, expect",
            Self::SecureBoot => "secure boot",
            Self::OpenEfi => "EFI without secure boot",
            Self::VmwareSerial => "MTV 2.10, OpenShift 4.20",
            Self::Renamed => "preserve_name_format",
            Self::SeveralNics => "NICs on several networks",
            Self::LooseNic => "a disconnected NIC",
            Self::SeveralDisks => "several disks",
            Self::SharedStorage => "a ceph-rbd class",
            Self::PrefixedClaims => "pvc_name_template",
            Self::ExactClaims => "pvc_name_template without suffix",
            Self::Snapshots => "snapshots",
            Self::Selector => "target_node_selector",
            Self::Labels => "target_labels",
            Self::Affinity => "target_affinity",
            Self::Warm => "warm_migration",
            Self::CountedWarm => "cutover: {after_precopies}",
            Self::Offload => "copyoffload",
            Self::OffloadElsewhere => "copyoffload, a disk elsewhere",
            Self::OffloadTold => "copyoffload, MTV 2.12",
            Self::Expect => "expect",
            Self::Reachable => "a guest that runs",
            Self::StaticAddress => "static addresses",
            Self::SeveralStaticNics => "static addresses on two NICs",
            Self::Integrity => "integrity",
            Self::Xfs => "xfs_check",
            Self::Luks => "luks",
        })
    }
}

impl Serialize for Need {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl ProductFault {
    /// Its row in the table.
    pub fn row(self) -> Option<&'static FaultRow> {
        rows().find(|row| row.fault == self)
    }
}

impl fmt::Display for ProductFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.key())
    }
}

impl From<ProductFault> for String {
    fn from(fault: ProductFault) -> Self {
        fault.key().to_owned()
    }
}

impl TryFrom<String> for ProductFault {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        product_fault(&key)
    }
}

fn rows() -> impl Iterator<Item = &'static FaultRow> {
    PRODUCT_FAULTS.iter().chain(HARMLESS)
}

/// The fault of this key.
///
/// # Errors
/// There is none; the text names the nearest.
pub fn product_fault(key: &str) -> Result<ProductFault, String> {
    if let Some(row) = rows().find(|row| row.fault.key() == key) {
        return Ok(row.fault);
    }
    let near = nearest(key, rows().map(|row| row.fault.key()), 3);
    let hint = if near.is_empty() { ";".to_owned() } else { format!("; did you mean {}?", near.join(" or ")) };
    Err(format!("{key:?} is no fault of the lab{hint} `mtvtest lab faults` lists them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_fault_is_its_key_as_data_and_an_unknown_key_gets_the_nearest() {
        let fault: ProductFault = serde_json::from_str("\"lost-core\"").unwrap();
        assert_eq!((fault, fault.to_string().as_str()), (ProductFault::LostCore, "lost-core"));
        assert_eq!(serde_json::to_value(fault.row().unwrap()).unwrap()["caught_by"], "cpu");
        let unknown = serde_json::from_str::<ProductFault>("\"lost-cor\"").unwrap_err().to_string();
        assert!(unknown.contains("did you mean lost-core"), "{unknown}");
        assert!(product_fault("qqqq").unwrap_err().ends_with("no fault of the lab; `mtvtest lab faults` lists them"));
    }

    #[test]
    fn rows_have_keys_of_their_own_and_one_sentence() {
        let keys: BTreeSet<&str> = rows().map(|row| row.fault.key()).collect();
        assert_eq!(keys.len(), PRODUCT_FAULTS.len() + HARMLESS.len());
        for row in rows() {
            let kebab = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(row.fault.key().bytes().all(kebab), "{}", row.fault);
            assert!(row.does.ends_with('.') && row.does.matches(". ").count() == 0, "{}", row.does);
        }
    }
}
