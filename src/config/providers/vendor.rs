//! The arrays that Forklift's copy offload knows, and what each requires.
//!
//! Source: original-suite.md section 4.

use semver::Version;

/// The arrays that Forklift knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageVendor {
    /// NetApp ONTAP.
    Ontap,
    /// Hitachi Vantara.
    Vantara,
    /// Pure Storage FlashArray.
    PureFlashArray,
    /// Dell PowerFlex.
    Powerflex,
    /// Dell PowerMax.
    Powermax,
    /// HPE Primera and 3PAR.
    Primera3par,
    /// Dell PowerStore.
    Powerstore,
    /// Infinidat InfiniBox.
    Infinibox,
    /// IBM FlashSystem.
    Flashsystem,
}

/// A key that one vendor requires.
pub(super) struct VendorKey {
    /// Name in the providers file.
    pub(super) name: &'static str,
    /// Name in the storage Secret.
    pub(super) secret: &'static str,
    pub(super) doc: &'static str,
}

const fn own(name: &'static str, secret: &'static str, doc: &'static str) -> VendorKey {
    VendorKey { name, secret, doc }
}

impl StorageVendor {
    /// Every vendor.
    pub const ALL: [Self; 9] = [
        Self::Ontap,
        Self::Vantara,
        Self::PureFlashArray,
        Self::Powerflex,
        Self::Powermax,
        Self::Primera3par,
        Self::Powerstore,
        Self::Infinibox,
        Self::Flashsystem,
    ];

    /// Their names, in the order of [`StorageVendor::ALL`].
    pub(super) const NAMES: [&'static str; 9] = {
        let mut names = [""; 9];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].as_str();
            at += 1;
        }
        names
    };

    /// The first version of MTV that knows it. Source: forklift-api.md section 3.
    pub fn since(self) -> Version {
        let minor = match self {
            Self::Ontap | Self::Vantara => 8,
            Self::PureFlashArray | Self::Powerflex | Self::Powermax | Self::Primera3par => 9,
            Self::Powerstore | Self::Infinibox | Self::Flashsystem => 10,
        };
        Version::new(2, minor, 0)
    }

    /// The name of the file and of Forklift's `storageVendorProduct`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ontap => "ontap",
            Self::Vantara => "vantara",
            Self::PureFlashArray => "pureFlashArray",
            Self::Powerflex => "powerflex",
            Self::Powermax => "powermax",
            Self::Primera3par => "primera3par",
            Self::Powerstore => "powerstore",
            Self::Infinibox => "infinibox",
            Self::Flashsystem => "flashsystem",
        }
    }

    /// Whether `key` is one vendor's own.
    pub(super) fn owns(key: &str) -> bool {
        Self::ALL.into_iter().any(|vendor| vendor.keys().iter().any(|own| own.name == key))
    }

    /// What this vendor requires beyond host, user and password.
    pub(super) const fn keys(self) -> &'static [VendorKey] {
        match self {
            Self::Ontap => const { &[own("ontap_svm", "ONTAP_SVM", "For ontap: the storage virtual machine.")] },
            Self::Vantara => {
                const {
                    &[
                        own("vantara_storage_id", "STORAGE_ID", "For vantara: id of the storage."),
                        own("vantara_storage_port", "STORAGE_PORT", "For vantara: port of the management API."),
                        own("vantara_hostgroup_id_list", "HOSTGROUP_ID_LIST", "For vantara: ids of the host groups."),
                    ]
                }
            }
            Self::PureFlashArray => {
                const { &[own("pure_cluster_prefix", "PURE_CLUSTER_PREFIX", "For pureFlashArray: prefix of the cluster.")] }
            }
            Self::Powerflex => {
                const { &[own("powerflex_system_id", "POWERFLEX_SYSTEM_ID", "For powerflex: id of the system.")] }
            }
            Self::Powermax => {
                const { &[own("powermax_symmetrix_id", "POWERMAX_SYMMETRIX_ID", "For powermax: id of the Symmetrix.")] }
            }
            Self::Primera3par | Self::Powerstore | Self::Infinibox | Self::Flashsystem => &[],
        }
    }
}
