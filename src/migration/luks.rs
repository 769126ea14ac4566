//! The passphrase of a guest whose disks are encrypted with LUKS.
//!
//! Source: forklift-api.md section 5, `vms[].luks`; original-suite.md section 2, rows `luks_cold_migration`.

use super::Names;
use crate::config::Secret;
use serde_json::{Value, json};

/// Name of the Secret for the VM at `index` of a plan.
pub fn luks_secret_name(names: &Names, index: usize) -> String {
    names.resource(&format!("luks-secret-{index}"))
}

/// The Secret that an entry of `vms[]` refers to. Each of its keys is a passphrase that virt-v2v tries on every disk, so
/// the key's name says nothing.
pub fn luks_secret_body(passphrase: &Secret) -> Value {
    json!({ "type": "Opaque", "stringData": { "0": passphrase.expose() } })
}
