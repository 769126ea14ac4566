//! The providers file of a world's sources, in the original suite's own format.
//!
//! Source: original-suite.md section 4.

use super::world::{SourceSpec, World};
use serde_json::{Value, json};

/// The providers file with `host[:port]` texts for the sources' hosts.
pub(super) fn providers_json(world: &World, place: impl Fn(&str) -> String) -> String {
    let entries: serde_json::Map<String, Value> =
        world.spec.sources.iter().map(|source| provider_entry(source, &place)).collect();
    format!("{:#}\n", Value::Object(entries))
}

fn provider_entry(source: &SourceSpec, place: impl Fn(&str) -> String) -> (String, Value) {
    let SourceSpec::Vsphere { name, version, host, username, password, datastores, .. } = source;
    let authority = place(host);
    let mut entry = json!({
        "type": "vsphere",
        "version": version,
        "fqdn": authority,
        "api_url": format!("https://{authority}/sdk"),
        "username": username,
        "password": password,
        "guest_vm_linux_user": "root",
        "guest_vm_linux_password": "lab-guest",
        "guest_vm_win_user": "Administrator",
        "guest_vm_win_password": "lab-guest",
        "vddk_init_image": format!("registry.lab.mtvtest/vddk:{version}"),
    });
    let mut offload = json!({
        "storage_vendor_product": "ontap",
        "storage_hostname": "array.lab.mtvtest",
        "storage_username": "admin",
        "storage_password": "lab-array",
        "ontap_svm": "svm-lab",
        "rdm_lun_uuid": "naa.600a0980383139544924583130326761",
    });
    // The world's first datastore is on the array, the second too, the third is not.
    for (index, key) in ["datastore_id", "secondary_datastore_id", "non_xcopy_datastore_id"].iter().enumerate() {
        if index < datastores.len() {
            offload[*key] = json!(format!("datastore-{}", 41 + index));
        }
    }
    entry["copyoffload"] = offload;
    (name.clone(), entry)
}
