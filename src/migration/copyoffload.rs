//! What a copy-offload plan needs of the product: the array's Secret, rows of the StorageMap, the template of claims,
//! and which Secret tells that the product is about to copy.
//!
//! Source: forklift-api.md sections 3, 7 and 8, original-suite.md sections 1.4 and 4.

use super::maps::{OffloadPlugin, StorageRow};
use crate::config::CopyOffload;
use crate::inventory::MapSource;
use crate::scenario::PlanSpec;
use kube::api::DynamicObject;
use serde_json::{Map, Value, json};

/// The template of claim names that a plan must have whatever it says itself; `None`: its own holds. To the names of
/// copy-offload plans the product appends eight hexadecimal digits.
///
/// Source: original-suite.md section 1.4 (`create_plan_resource`), forklift-api.md section 8.
pub fn forced_claim_template(spec: &PlanSpec) -> Option<&'static str> {
    spec.copyoffload.then_some("pvc")
}

/// The Secret with the array's login. It must be in the namespace of the source Provider.
pub fn storage_secret_body(section: &CopyOffload) -> Value {
    let data: Map<String, Value> =
        section.storage_secret().iter().map(|(key, value)| (key.clone(), json!(value.expose()))).collect();
    json!({ "type": "Opaque", "stringData": data })
}

/// The rows of a copy-offload plan: the datastore of the array, the second one, and the one that the array does not
/// serve, each once and each with the plugin, since the product picks the way for a VM and not for a disk.
///
/// Source: original-suite.md section 1.4 (`get_storage_migration_map`).
pub fn offload_storage_rows(section: &CopyOffload, storage_class: &str, secret: &str) -> Vec<StorageRow> {
    let plugin = OffloadPlugin {
        secret: secret.to_owned(),
        vendor: section.storage_vendor_product.as_str().to_owned(),
        dedicated_hosts: section.dedicated_migration_hosts.clone(),
    };
    let row = |id: &str, on_array: bool| StorageRow {
        source: MapSource { id: Some(id.to_owned()), name: None, kind: None },
        storage_class: storage_class.to_owned(),
        access_mode: Some("ReadWriteOnce".to_owned()),
        volume_mode: Some("Block".to_owned()),
        offload: Some(plugin.clone()),
        on_array,
    };
    let mut rows = vec![row(&section.datastore_id, true)];
    let further = [(&section.secondary_datastore_id, true), (&section.non_xcopy_datastore_id, false)];
    for (id, on_array) in further {
        if let Some(id) = id
            && rows.iter().all(|known| known.source.id.as_ref() != Some(id))
        {
            rows.push(row(id, on_array));
        }
    }
    rows
}

/// Whether a Secret is the one that the product makes for the populators of a Plan. It is labelled with the Plan's UID,
/// from 2.12 on with its name too; before 2.10 the mark of its purpose may lack, and the name alone tells.
pub fn is_populator_secret(secret: &DynamicObject, plan: &str, plan_uid: &str) -> bool {
    let label = |key: &str| secret.metadata.labels.as_ref().and_then(|labels| labels.get(key)).map(String::as_str);
    let is_of_plan = label("plan") == Some(plan_uid) || label("plan-name") == Some(plan);
    let is_named = secret.metadata.name.as_deref().is_some_and(|name| name.starts_with(&format!("{plan}-")));
    let purpose = ["isPopulator", "isDV", "isV2V"].into_iter().find(|key| label(key) == Some("true"));
    match purpose {
        Some("isPopulator") => is_of_plan || is_named,
        Some(_) => false,
        None => is_named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{MapEnvironment, ProviderKind, Providers};
    use crate::migration::{source_provider_body, storage_map_body};

    fn providers(section: &str, rest: &str) -> Providers {
        let text = format!(
            r#"{{"v8": {{"type": "vsphere", "version": "8.0", "fqdn": "vc", "api_url": "https://vc/sdk", "username": "u",
                "password": "p"{rest}, "copyoffload": {{"storage_vendor_product": "ontap", "datastore_id": "datastore-1",
                "storage_hostname": "h", "storage_username": "su", "storage_password": "sp", "ontap_svm": "svm"{section}}}}}}}"#
        );
        Providers::parse(&text, "test", &MapEnvironment::default()).unwrap()
    }

    fn section(providers: &Providers) -> &CopyOffload {
        match &providers.get("v8").unwrap().kind {
            ProviderKind::Vsphere(vsphere) => vsphere.copyoffload.as_ref().unwrap(),
            _ => panic!(),
        }
    }

    #[test]
    fn each_datastore_is_mapped_once_with_the_plugin() {
        let further = r#", "secondary_datastore_id": "datastore-2", "non_xcopy_datastore_id": "datastore-3",
            "dedicated_migration_hosts": ["host-9"]"#;
        let providers = providers(further, "");
        let rows = offload_storage_rows(section(&providers), "sc", "s1");
        let on_array: Vec<bool> = rows.iter().map(|row| row.on_array).collect();
        assert_eq!(on_array, [true, true, false]);
        let body = storage_map_body(&rows, ("s", "d"), "ns");
        let entry = |id: &str| {
            json!({
                "source": { "id": id },
                "destination": { "storageClass": "sc", "accessMode": "ReadWriteOnce", "volumeMode": "Block" },
                "offloadPlugin": { "vsphereXcopyConfig": {
                    "secretRef": "s1", "storageVendorProduct": "ontap", "dedicatedMigrationHosts": ["host-9"] } },
            })
        };
        assert_eq!(body["spec"]["map"], json!(["datastore-1", "datastore-2", "datastore-3"].map(entry)));
    }

    #[test]
    fn a_datastore_that_is_named_twice_is_mapped_once() {
        let providers = providers(r#", "secondary_datastore_id": "datastore-1""#, "");
        let rows = offload_storage_rows(section(&providers), "sc", "s1");
        assert_eq!(rows.len(), 1);
        let body = storage_map_body(&rows, ("s", "d"), "ns");
        let config = &body["spec"]["map"][0]["offloadPlugin"]["vsphereXcopyConfig"];
        assert_eq!(*config, json!({ "secretRef": "s1", "storageVendorProduct": "ontap" }));
    }

    #[test]
    fn the_secret_holds_login_and_the_vendors_keys() {
        let providers = providers(r#", "storage_skip_ssl_verification": true, "storage_secret_extra": {"X": "y"}"#, "");
        let body = storage_secret_body(section(&providers));
        assert_eq!(
            body["stringData"],
            json!({ "STORAGE_HOSTNAME": "h", "STORAGE_USERNAME": "su", "STORAGE_PASSWORD": "sp", "ONTAP_SVM": "svm",
                "STORAGE_SKIP_SSL_VERIFICATION": "true", "X": "y" })
        );
    }

    #[test]
    fn a_provider_tells_the_clone_method_and_the_missing_vddk_image() {
        let ssh = r#", "esxi_clone_method": "ssh", "esxi_host": "e", "esxi_user": "r", "esxi_password": "p""#;
        let by_ssh = providers(ssh, r#", "vddk_init_image": "image""#);
        let body = source_provider_body(by_ssh.get("v8").unwrap(), "https://vc/sdk", ("ns", "s"));
        assert_eq!(body["spec"]["settings"]["esxiCloneMethod"], "ssh");
        assert_eq!(body["metadata"]["annotations"], json!(null));
        let by_vib = providers(r#", "esxi_clone_method": "vib""#, "");
        let body = source_provider_body(by_vib.get("v8").unwrap(), "https://vc/sdk", ("ns", "s"));
        assert_eq!(body["spec"]["settings"], json!({ "sdkEndpoint": "vcenter" }));
        assert_eq!(body["metadata"]["annotations"], json!({ "forklift.konveyor.io/empty-vddk-init-image": "yes" }));
    }

    #[test]
    fn the_populators_secret_is_known_in_every_version() {
        let secret = |name: &str, labels: Value| -> DynamicObject {
            serde_json::from_value(json!({ "apiVersion": "v1", "kind": "Secret",
                "metadata": { "name": name, "labels": labels } }))
            .unwrap()
        };
        for (name, labels, known) in [
            ("p-vm-1-x", json!({}), true),
            ("p-vm-1-x", json!({ "isV2V": "true", "plan": "u" }), false),
            ("cut", json!({ "isPopulator": "true", "plan": "u" }), true),
            ("cut", json!({ "isPopulator": "true", "plan-name": "p" }), true),
            ("cut", json!({ "isPopulator": "true", "plan": "other" }), false),
            ("other", json!({ "plan": "u" }), false),
        ] {
            assert_eq!(is_populator_secret(&secret(name, labels.clone()), "p", "u"), known, "{name} {labels}");
        }
    }
}
