//! The section `copyoffload`: which array copies, and how Forklift logs in to it.
//!
//! Source: original-suite.md section 4.

use super::StorageVendor;
use super::fields::{Fields, Members, Scope, override_name};
use super::keys::{self, Need};
use crate::config::{Environment, Secret};
use crate::facts;
use std::collections::BTreeMap;

/// Storage copy offload through the array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOffload {
    /// The array.
    pub storage_vendor_product: StorageVendor,
    /// MoRef of the datastore on the array.
    pub datastore_id: String,
    /// MoRef of a second datastore on the array.
    pub secondary_datastore_id: Option<String>,
    /// MoRef of a datastore without offload support.
    pub non_xcopy_datastore_id: Option<String>,
    /// Template that replaces the name of every cloned VM.
    pub default_vm_name: Option<String>,
    /// How the ESXi host is told to clone; `None`: Forklift's default.
    pub esxi_clone_method: Option<EsxiCloneMethod>,
    /// Login of the ESXi host; always there when the method is ssh.
    pub esxi: Option<EsxiLogin>,
    /// LUN for raw device mappings, `naa.<id>`.
    pub rdm_lun_uuid: Option<String>,
    /// Resource pool of the clones.
    pub resource_pool: Option<String>,
    /// MoRefs of the hosts that do the copying.
    pub dedicated_migration_hosts: Vec<String>,
    /// Host of the array's management API.
    pub storage_hostname: String,
    /// User of that API.
    pub storage_username: String,
    /// Password of that user.
    pub storage_password: Secret,
    /// Whether the array's certificate is not verified; `None`: the key is left out of the Secret.
    pub storage_skip_ssl_verification: Option<bool>,
    /// Further keys of the Secret; they win.
    pub storage_secret_extra: BTreeMap<String, Secret>,
    /// The vendor's own values, by key of the providers file.
    pub vendor: BTreeMap<&'static str, String>,
    present: Vec<&'static str>,
}

/// How the ESXi host is told to clone. Source: forklift-api.md section 2, `esxiCloneMethod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EsxiCloneMethod {
    /// An installed VIB.
    Vib,
    /// A key-bound command over SSH.
    Ssh,
}

impl EsxiCloneMethod {
    /// The word of the file and of Forklift.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vib => "vib",
            Self::Ssh => "ssh",
        }
    }
}

/// Login of an ESXi host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EsxiLogin {
    /// Host; clones are placed on it.
    pub host: String,
    /// User.
    pub user: String,
    /// Password.
    pub password: Secret,
}

impl CopyOffload {
    /// The data of the storage Secret that Forklift's copy offload reads: login, vendor's keys, extra keys last.
    ///
    /// Source: original-suite.md section 4.
    pub fn storage_secret(&self) -> BTreeMap<String, Secret> {
        let mut data = BTreeMap::from([
            ("STORAGE_HOSTNAME".to_owned(), Secret::new(&self.storage_hostname)),
            ("STORAGE_USERNAME".to_owned(), Secret::new(&self.storage_username)),
            ("STORAGE_PASSWORD".to_owned(), self.storage_password.clone()),
        ]);
        if let Some(skip) = self.storage_skip_ssl_verification {
            data.insert("STORAGE_SKIP_SSL_VERIFICATION".to_owned(), Secret::new(skip.to_string()));
        }
        for key in self.storage_vendor_product.keys() {
            if let Some(value) = self.vendor.get(key.name) {
                data.insert(key.secret.to_owned(), Secret::new(value));
            }
        }
        data.extend(self.storage_secret_extra.clone());
        data
    }

    /// The names of the keys that have a value, for scenarios that require some (`requires.copyoffload`).
    pub fn present_keys(&self) -> &[&'static str] {
        &self.present
    }

    /// Builds the section; faults go to the scope, and then it is not to be used.
    pub(super) fn build(members: Members, scope: &mut Scope<'_>) -> Self {
        scope.prefix = "copyoffload.";
        let mut fields = Fields::check(members, &keys::copyoffload_keys(), |_| None, scope);
        let given = fields.names();
        let name = fields.word("storage_vendor_product");
        let known = StorageVendor::ALL.into_iter().find(|vendor| vendor.as_str() == name);
        let vendor = known.map(|known| vendor_values(known, &mut fields, scope)).unwrap_or_default();
        let rdm_place = fields.place("rdm_lun_uuid");
        let rdm_lun_uuid = fields.text("rdm_lun_uuid");
        if let (Some(text), Some(place)) = (&rdm_lun_uuid, rdm_place)
            && !text.starts_with("naa.")
        {
            scope.fault(&place, "rdm_lun_uuid", format!("is {text:?}"), "write the LUN's name, naa.<id>");
        }
        let esxi_clone_method = fields.text("esxi_clone_method").map(|word| match word.as_str() {
            "ssh" => EsxiCloneMethod::Ssh,
            _ => EsxiCloneMethod::Vib,
        });
        let esxi = esxi_login(esxi_clone_method, &mut fields, scope);
        // A variable may give a key that serves an entry of another vendor.
        let serves = |key: &&str| vendor.contains_key(*key) || !StorageVendor::owns(key);
        let present = given.into_iter().filter(serves).collect();
        let section = Self {
            storage_vendor_product: known.unwrap_or(StorageVendor::Ontap),
            datastore_id: fields.word("datastore_id"),
            secondary_datastore_id: fields.text("secondary_datastore_id"),
            non_xcopy_datastore_id: fields.text("non_xcopy_datastore_id"),
            default_vm_name: fields.text("default_vm_name"),
            esxi_clone_method,
            esxi,
            rdm_lun_uuid,
            resource_pool: fields.text("resource_pool"),
            dedicated_migration_hosts: fields.list("dedicated_migration_hosts"),
            storage_hostname: fields.word("storage_hostname"),
            storage_username: fields.word("storage_username"),
            storage_password: fields.secret("storage_password").unwrap_or_else(|| Secret::new("")),
            storage_skip_ssl_verification: fields.switch("storage_skip_ssl_verification"),
            storage_secret_extra: fields.map("storage_secret_extra"),
            vendor,
            present,
        };
        scope.prefix = "";
        section
    }
}

/// The vendor's own values. In the file a key of another vendor is a slip; in the environment it may serve another
/// entry.
fn vendor_values(vendor: StorageVendor, fields: &mut Fields, scope: &mut Scope<'_>) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    for other in StorageVendor::ALL {
        for key in other.keys() {
            let place = fields.place(key.name);
            match (fields.text(key.name), place) {
                (Some(value), _) if other == vendor => drop(values.insert(key.name, value)),
                (Some(_), Some(place)) if place.in_file() => {
                    let fault = format!("belongs to the vendor {}, not {}", other.as_str(), vendor.as_str());
                    scope.fault(&place, key.name, fault, "remove it");
                }
                (None, _) if other == vendor => {
                    let remedy =
                        format!("add it or set {}: {}", override_name(key.name), key.doc.trim_end_matches('.'));
                    let fault = format!("is missing, which {} requires", vendor.as_str());
                    scope.fault(&scope.entry(), key.name, fault, remedy);
                }
                _ => {}
            }
        }
    }
    values
}

/// The login of the ESXi host: the three keys come together, and ssh cannot do without them.
fn esxi_login(method: Option<EsxiCloneMethod>, fields: &mut Fields, scope: &mut Scope<'_>) -> Option<EsxiLogin> {
    let (host, user, password) = (fields.text("esxi_host"), fields.text("esxi_user"), fields.secret("esxi_password"));
    let there = [("esxi_host", host.is_some()), ("esxi_user", user.is_some()), ("esxi_password", password.is_some())];
    let given = there.iter().any(|(_, there)| *there);
    if given || method == Some(EsxiCloneMethod::Ssh) {
        let why = if given { "beside the other keys of the ESXi login" } else { "for esxi_clone_method ssh" };
        for (key, _) in there.iter().filter(|(_, there)| !there) {
            let remedy = format!("add it or set {}", override_name(key));
            scope.fault(&scope.entry(), key, format!("is missing {why}"), remedy);
        }
    }
    Some(EsxiLogin { host: host?, user: user?, password: password? })
}

/// Faults of `COPYOFFLOAD_` variables that override nothing.
pub(super) fn unread_overrides(env: &dyn Environment) -> Vec<(String, String)> {
    let keys = keys::copyoffload_keys();
    let known: Vec<String> = keys.iter().filter(|key| key.env).map(|key| override_name(key.name)).collect();
    let stray = |name: &String| name.starts_with("COPYOFFLOAD_") && !known.contains(name);
    let remedy = |name: &str| {
        let in_file = keys.iter().find(|key| !key.env && override_name(key.name) == name);
        if let Some(key) = in_file {
            let need = if key.need == Need::Required { "required there" } else { "optional there" };
            return format!("set {} in the file ({need}): the environment cannot override it", key.name);
        }
        match facts::nearest(name, known.iter().map(String::as_str), 1).first() {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known: {}", known.join(", ")),
        }
    };
    let names = env.all().into_iter().map(|(name, _)| name).filter(stray);
    names.map(|name| (name.clone(), remedy(&name))).collect()
}
