//! What a template may read: variables of claims, volumes and networks, by provider and version of the product.
//!
//! Source: forklift-api.md section 8.

use semver::Version;
use std::collections::BTreeMap;

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// A text.
    Text(String),
    /// A whole number.
    Number(usize),
    /// A flag.
    Flag(bool),
}

/// Which variables the product knows for a claim's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vocabulary {
    own: &'static [&'static str],
    /// Minor release of MTV 2.
    minor: u64,
    /// All variables of all providers are known; foreign ones are empty.
    lenient: bool,
}

/// The last release before claims got new names.
const LAST_OLD: u64 = 12;

const COMMON: [&str; 3] = ["VmName", "PlanName", "DiskIndex"];
const VSPHERE: [&str; 4] = ["RootDiskIndex", "FileName", "Shared", "WinDriveLetter"];
const OPENSHIFT: [&str; 2] = ["SourcePVCName", "SourcePVCNamespace"];
const FOREIGN: [&str; 3] = ["VolumeID", "SnapshotID", "DiskId"];

impl Vocabulary {
    /// What a version of the product knows for a source's type (`vsphere`); `None` where it reads no templates at all.
    pub fn of(source: &str, mtv: &Version) -> Option<Self> {
        let minor = if mtv.major > 2 { u64::MAX } else { mtv.minor };
        let since = match source {
            "vsphere" => 8,
            "openshift" => 11,
            "hyperv" => 12,
            _ => LAST_OLD + 1,
        };
        (minor >= since).then(|| Self { own: Self::own(source), minor, lenient: minor > LAST_OLD })
    }

    /// What any version knows for a source's type.
    pub fn of_any_version(source: &str) -> Self {
        Self { own: Self::own(source), minor: u64::MAX, lenient: false }
    }

    fn own(source: &str) -> &'static [&'static str] {
        match source {
            "vsphere" => &VSPHERE,
            "openshift" => &OPENSHIFT,
            "hyperv" | "ovirt" => &["DiskId"],
            "ec2" => &["VolumeID", "SnapshotID"],
            _ => &[],
        }
    }

    /// Whether a template may read the variable.
    pub fn knows(&self, variable: &str) -> bool {
        let own = self.own.contains(&variable);
        match variable {
            "TargetVmName" => self.minor >= 10,
            "VmId" => self.minor > LAST_OLD,
            "FileName" | "Shared" | "WinDriveLetter" if own => self.minor >= 9,
            _ if COMMON.contains(&variable) || own => true,
            other => self.lenient && Self::anywhere(other),
        }
    }

    /// Every variable that a template may read, in the order of the product's documentation.
    pub fn known(&self) -> Vec<&'static str> {
        let all = COMMON.iter().chain(&["TargetVmName", "VmId"]).chain(&VSPHERE).chain(&OPENSHIFT).chain(&FOREIGN);
        all.copied().filter(|name| self.knows(name)).collect()
    }

    fn anywhere(variable: &str) -> bool {
        VSPHERE.contains(&variable) || OPENSHIFT.contains(&variable) || FOREIGN.contains(&variable)
    }

    /// Whether white space at both ends of the outcome is cut off.
    pub(super) const fn trims(&self) -> bool {
        self.minor > LAST_OLD
    }
}

/// The variables of a claim of vSphere.
///
/// What is `None` or empty is an empty text to a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables {
    /// Name of the VM on the source.
    pub vm_name: String,
    /// Name of the VM on the cluster, since MTV 2.10.
    pub target_vm_name: String,
    /// Name of the Plan.
    pub plan_name: String,
    /// Id of the VM on the source, since the version after 2.12.
    pub vm_id: String,
    /// Position of the disk in the product's order, from 0.
    pub disk_index: usize,
    /// Position of the disk that the VM boots from; the product's validation tries 1.
    pub root_disk_index: usize,
    /// Base name of the disk's file with its extension (`web_1.vmdk`), since MTV 2.9.
    pub file_name: Option<String>,
    /// Whether the disk is shared, since MTV 2.9.
    pub shared: bool,
    /// Drive letter of a Windows guest, since MTV 2.9.
    pub win_drive_letter: Option<String>,
    /// Variables of other sources (`SourcePVCName`, `DiskId`), by name; those left out are empty.
    pub others: BTreeMap<String, String>,
    /// Which of them the product knows.
    pub vocabulary: Vocabulary,
}

impl Default for Variables {
    /// Everything empty, all variables of vSphere known.
    fn default() -> Self {
        Self {
            vm_name: String::new(),
            target_vm_name: String::new(),
            plan_name: String::new(),
            vm_id: String::new(),
            disk_index: 0,
            root_disk_index: 0,
            file_name: None,
            shared: false,
            win_drive_letter: None,
            others: BTreeMap::new(),
            vocabulary: Vocabulary::of_any_version("vsphere"),
        }
    }
}

impl Variables {
    /// Name and value of each variable that the product knows.
    pub(super) fn fields(&self) -> Vec<(&'static str, Field)> {
        let text = |value: &String| Field::Text(value.clone());
        let maybe = |value: &Option<String>| Field::Text(value.clone().unwrap_or_default());
        self.vocabulary
            .known()
            .into_iter()
            .map(|name| {
                let value = match name {
                    "VmName" => text(&self.vm_name),
                    "TargetVmName" => text(&self.target_vm_name),
                    "PlanName" => text(&self.plan_name),
                    "VmId" => text(&self.vm_id),
                    "DiskIndex" => Field::Number(self.disk_index),
                    "RootDiskIndex" => Field::Number(self.root_disk_index),
                    "FileName" => maybe(&self.file_name),
                    "Shared" => Field::Flag(self.shared),
                    "WinDriveLetter" => maybe(&self.win_drive_letter),
                    other => Field::Text(self.others.get(other).cloned().unwrap_or_default()),
                };
                (name, value)
            })
            .collect()
    }
}

/// The variables of a volume of the target VM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeVariables {
    /// Name of the claim.
    pub claim_name: String,
    /// Position of the volume, from 0.
    pub volume_index: usize,
}

impl VolumeVariables {
    /// Name and value of each.
    pub fn fields(&self) -> Vec<(&'static str, Field)> {
        vec![("PVCName", Field::Text(self.claim_name.clone())), ("VolumeIndex", Field::Number(self.volume_index))]
    }
}

/// The variables of a network of the target VM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkVariables {
    /// Name of the attachment definition; empty for the pod network.
    pub network_name: String,
    /// Its namespace.
    pub network_namespace: String,
    /// `pod` or `multus`, in lower case when the product renders for good.
    pub network_type: String,
    /// Position of the network, from 0.
    pub network_index: usize,
}

impl NetworkVariables {
    /// Name and value of each.
    pub fn fields(&self) -> Vec<(&'static str, Field)> {
        let text = |value: &String| Field::Text(value.clone());
        vec![
            ("NetworkName", text(&self.network_name)),
            ("NetworkNamespace", text(&self.network_namespace)),
            ("NetworkType", text(&self.network_type)),
            ("NetworkIndex", Field::Number(self.network_index)),
        ]
    }
}
