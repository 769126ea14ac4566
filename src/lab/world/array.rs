//! The storage array behind a vCenter's datastores, and the login of its ESXi hosts: what copy-offload needs.
//!
//! Source: original-suite.md section 4; forklift-api.md section 3.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A storage array that copies by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArraySpec {
    /// The product, as Forklift's `storageVendorProduct` names it.
    pub vendor: String,
    /// Host of its management API.
    pub hostname: String,
    /// User of that API.
    pub username: String,
    /// Password; a lab's passwords are no secrets.
    pub password: String,
    /// The datastores on it, by name.
    pub datastores: Vec<String>,
    /// Its LUNs for raw device mappings (`naa.600a...`).
    #[serde(default)]
    pub luns: Vec<String>,
    /// How ESXi hosts are told to clone: `vib` or `ssh`; left out, providers.json says nothing about it.
    #[serde(default)]
    pub clone_method: Option<String>,
    /// The vendor's own values, by key of providers.json (`ontap_svm`).
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
}

/// Login of every ESXi host of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EsxiSpec {
    /// User.
    pub user: String,
    /// Password; a lab's passwords are no secrets.
    pub password: String,
}

impl Default for EsxiSpec {
    fn default() -> Self {
        Self { user: "root".to_owned(), password: "lab-esxi".to_owned() }
    }
}

/// A storage product that Forklift knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StorageProduct {
    /// Its word in a StorageMap.
    pub(crate) name: &'static str,
    /// The first minor release of MTV 2 that knows it.
    pub(crate) since: u64,
    /// Its own required values: key of providers.json, key of the storage Secret.
    pub(crate) keys: &'static [(&'static str, &'static str)],
}

const fn product(name: &'static str, since: u64, keys: &'static [(&'static str, &'static str)]) -> StorageProduct {
    StorageProduct { name, since, keys }
}

/// All of them. Source: forklift-api.md section 3 (versions), original-suite.md section 4 (keys).
pub(crate) const PRODUCTS: [StorageProduct; 9] = [
    product("ontap", 8, &[("ontap_svm", "ONTAP_SVM")]),
    product(
        "vantara",
        8,
        &[
            ("vantara_storage_id", "STORAGE_ID"),
            ("vantara_storage_port", "STORAGE_PORT"),
            ("vantara_hostgroup_id_list", "HOSTGROUP_ID_LIST"),
        ],
    ),
    product("primera3par", 9, &[]),
    product("pureFlashArray", 9, &[("pure_cluster_prefix", "PURE_CLUSTER_PREFIX")]),
    product("powerflex", 9, &[("powerflex_system_id", "POWERFLEX_SYSTEM_ID")]),
    product("powermax", 9, &[("powermax_symmetrix_id", "POWERMAX_SYMMETRIX_ID")]),
    product("flashsystem", 10, &[]),
    product("powerstore", 10, &[]),
    product("infinibox", 10, &[]),
];

/// The product of this name.
pub(crate) fn storage_product(name: &str) -> Option<&'static StorageProduct> {
    PRODUCTS.iter().find(|product| product.name == name)
}

impl ArraySpec {
    /// What is wrong with it in a source that has these datastores.
    pub(super) fn problems(&self, place: &str, known: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        match storage_product(&self.vendor) {
            None => {
                let names: Vec<&str> = PRODUCTS.iter().map(|one| one.name).collect();
                found.push(format!("{place}: vendor {} is none of {}", self.vendor, names.join(", ")));
            }
            Some(product) => {
                let missing = product.keys.iter().filter(|(own, _)| !self.keys.contains_key(*own));
                found.extend(missing.map(|(own, _)| format!("{place}: keys lacks {own}, which {} has", product.name)));
                let foreign = self.keys.keys().filter(|key| !product.keys.iter().any(|(own, _)| own == key));
                found.extend(foreign.map(|key| format!("{place}: keys.{key} is none of {}", product.name)));
            }
        }
        if self.datastores.is_empty() {
            found.push(format!("{place}: datastores is empty; an array holds one at least"));
        }
        let strange = self.datastores.iter().filter(|name| !known.contains(name));
        found.extend(strange.map(|name| format!("{place}: no datastore {name} in this source")));
        let luns = self.luns.iter().filter(|lun| !lun.starts_with("naa."));
        found.extend(luns.map(|lun| format!("{place}: LUN {lun} does not begin with naa.")));
        if let Some(method) = self.clone_method.as_deref().filter(|method| !["vib", "ssh"].contains(method)) {
            found.push(format!("{place}: clone_method {method} is neither vib nor ssh"));
        }
        found
    }

    /// Whether it holds the LUN behind a device (`/vmfs/devices/disks/naa.600a`).
    pub(crate) fn holds(&self, device: &str) -> bool {
        let lun = device.rsplit('/').next().unwrap_or_default();
        self.luns.iter().any(|own| own == lun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array() -> ArraySpec {
        ArraySpec {
            vendor: "ontap".into(),
            hostname: "array".into(),
            username: "u".into(),
            password: "p".into(),
            datastores: vec!["vmfs-1".into()],
            luns: vec!["naa.6001".into()],
            clone_method: None,
            keys: BTreeMap::from([("ontap_svm".to_owned(), "svm".to_owned())]),
        }
    }

    #[test]
    fn every_contradiction_of_an_array_is_named() {
        let known = ["vmfs-1".to_owned()];
        assert!(array().problems("a", &known).is_empty());
        let broken = ArraySpec {
            vendor: "powerflex".into(),
            datastores: vec!["vmfs-9".into()],
            luns: vec!["6001".into()],
            clone_method: Some("scp".into()),
            ..array()
        };
        let problems = broken.problems("a", &known).join("\n");
        for part in ["lacks powerflex_system_id", "keys.ontap_svm", "vmfs-9", "LUN 6001", "clone_method scp"] {
            assert!(problems.contains(part), "{part} in {problems}");
        }
        let unknown = ArraySpec { vendor: "tape".into(), ..array() };
        assert!(unknown.problems("a", &known)[0].contains("none of ontap, vantara"));
    }

    #[test]
    fn a_lun_is_known_by_its_device() {
        assert!(array().holds("/vmfs/devices/disks/naa.6001") && !array().holds("/vmfs/devices/disks/naa.6002"));
    }
}
