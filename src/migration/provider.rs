//! Provider and its Secret.
//!
//! Source: forklift-api.md section 2, original-suite.md sections 1.2 and 4.

use crate::cluster::{Condition, conditions, is_true, observed};
use crate::config::{EsxiCloneMethod, ProviderEntry, ProviderKind};
use crate::wait::Seen;
use kube::api::DynamicObject;
use serde_json::{Map, Value, json};

/// The Secret of a source Provider. `ca` is the PEM that the product shall trust; without it verification is skipped.
pub fn source_secret_body(entry: &ProviderEntry, ca: Option<&str>) -> Value {
    let mut data = Map::new();
    let mut put = |key: &str, value: &str| data.insert(key.to_owned(), Value::String(value.to_owned()));
    put("url", &entry.api_url);
    put("insecureSkipVerify", if ca.is_none() { "true" } else { "false" });
    if let Some(pem) = ca {
        put("cacert", pem);
    }
    match &entry.kind {
        ProviderKind::Vsphere(_) | ProviderKind::Ovirt => {
            put("user", &entry.username);
            put("password", entry.password.expose());
        }
        ProviderKind::Openstack(_) => {
            put("username", &entry.username);
            put("password", entry.password.expose());
        }
        ProviderKind::Openshift | ProviderKind::Ova => {}
    }
    json!({ "metadata": { "labels": { "createdForProviderType": entry.type_name() } }, "type": "Opaque", "stringData": data })
}

/// Source: original-suite.md section 1.2 (`create_source_provider`).
const NO_VDDK: &str = "forklift.konveyor.io/empty-vddk-init-image";

/// A source Provider that uses the Secret `secret` of its own namespace. For copy-offload it tells how ESXi hosts are
/// asked to clone, where that is not the product's own choice.
pub fn source_provider_body(entry: &ProviderEntry, namespace: &str, secret: &str) -> Value {
    let mut settings = Map::new();
    let mut annotations = Map::new();
    if let ProviderKind::Vsphere(vsphere) = &entry.kind {
        settings.insert("sdkEndpoint".to_owned(), json!("vcenter"));
        let offload = vsphere.copyoffload.as_ref();
        match &vsphere.vddk_init_image {
            Some(image) => drop(settings.insert("vddkInitImage".to_owned(), json!(image))),
            // The console's mark of a provider that is meant to have no VDDK image.
            None if offload.is_some() => drop(annotations.insert(NO_VDDK.to_owned(), json!("yes"))),
            None => {}
        }
        if offload.is_some_and(|section| section.esxi_clone_method == Some(EsxiCloneMethod::Ssh)) {
            settings.insert("esxiCloneMethod".to_owned(), json!(EsxiCloneMethod::Ssh.as_str()));
        }
    }
    let mut body = json!({ "spec": {
        "type": entry.type_name(),
        "url": entry.api_url,
        "secret": { "name": secret, "namespace": namespace },
        "settings": settings,
    } });
    if !annotations.is_empty() {
        body["metadata"] = json!({ "annotations": annotations });
    }
    body
}

/// Whether a Provider is Ready. ConnectionFailed and ValidationFailed end the wait at once with the condition's message,
/// except for OVA, whose NFS server may come late (original-suite.md section 1.2).
pub fn provider_ready(object: Option<&DynamicObject>) -> Seen<()> {
    let Some(object) = object else { return Seen::Pending("it is not there yet".to_owned()) };
    if !observed(object) {
        return Seen::Pending("its status is older than its spec".to_owned());
    }
    let phase = object.data["status"]["phase"].as_str().unwrap_or("");
    if phase == "Ready" && is_true(object, "Ready") {
        return Seen::Met(());
    }
    let is_ova = object.data["spec"]["type"] == "ova";
    if matches!(phase, "ConnectionFailed" | "ValidationFailed") && !is_ova {
        return Seen::Hopeless(format!("its phase is {phase}: {}", critical_words(object)));
    }
    let seen: Vec<String> = conditions(object).into_iter().map(|found| found.kind).collect();
    Seen::Pending(format!("phase {}, conditions {}", or_none(phase), or_none(&seen.join(", "))))
}

/// The blocking conditions in words.
pub(super) fn critical_words(object: &DynamicObject) -> String {
    let words: Vec<String> = blockers(object).map(|(kind, message)| format!("{kind}: {message}")).collect();
    if words.is_empty() { "no condition says why".to_owned() } else { words.join("; ") }
}

/// Conditions of category Critical or Error, with their messages.
pub(super) fn blockers(object: &DynamicObject) -> impl Iterator<Item = (String, String)> {
    conditions(object).into_iter().filter(Condition::is_blocker).map(|found| (found.kind, found.message))
}

pub(super) fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(status: Value) -> DynamicObject {
        serde_json::from_value(json!({ "apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Provider",
            "metadata": { "name": "p", "generation": 1 }, "spec": { "type": "vsphere" }, "status": status }))
        .unwrap()
    }

    #[test]
    fn ready_needs_phase_condition_and_current_status() {
        let ready = json!([{ "type": "Ready", "status": "True", "category": "Required", "message": "" }]);
        assert_eq!(
            provider_ready(Some(&provider(json!({ "phase": "Ready", "observedGeneration": 1, "conditions": ready })))),
            Seen::Met(())
        );
        assert!(matches!(
            provider_ready(Some(&provider(json!({ "phase": "Ready", "observedGeneration": 0, "conditions": ready })))),
            Seen::Pending(_)
        ));
        assert!(matches!(provider_ready(Some(&provider(json!({})))), Seen::Pending(_)));
        assert!(matches!(provider_ready(None), Seen::Pending(_)));
    }

    #[test]
    fn a_failed_connection_is_hopeless_with_its_message() {
        let failed = provider(json!({ "phase": "ConnectionFailed", "observedGeneration": 1, "conditions": [
            { "type": "ConnectionAuthFailed", "status": "True", "category": "Critical", "message": "wrong password" } ] }));
        let Seen::Hopeless(why) = provider_ready(Some(&failed)) else { panic!() };
        assert_eq!(why, "its phase is ConnectionFailed: ConnectionAuthFailed: wrong password");
    }
}
