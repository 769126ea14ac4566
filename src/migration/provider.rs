//! Provider and its Secret.
//!
//! Source: forklift-api.md section 2, original-suite.md sections 1.2 and 4.

use crate::cluster::{Condition, conditions, is_true, observed};
use crate::config::{EndpointType, EsxiCloneMethod, Openstack, ProviderEntry, ProviderKind, Secret};
use crate::wait::Seen;
use kube::api::DynamicObject;
use serde_json::{Map, Value, json};

/// How the product reaches a source and whom it trusts there.
#[derive(Debug, Clone)]
pub struct SourceAccess {
    /// URL of the Provider: that of the entry, or for an OpenShift source that is the cluster itself the cluster's.
    pub url: String,
    /// Token of an OpenShift source; no other type has one.
    pub token: Option<Secret>,
    /// Whether the product shall not verify the source's certificate.
    pub insecure: bool,
    /// PEM that the product shall trust.
    pub ca: Option<String>,
}

/// The Secret of a source Provider.
///
/// Every type has `url` and `insecureSkipVerify`, and oVirt its CA also where it is not verified, as in the original.
/// Source: forklift-api.md section 2, original-suite.md section 4.
pub fn source_secret_body(entry: &ProviderEntry, access: &SourceAccess) -> Value {
    let mut data = Map::new();
    let mut put = |key: &str, value: &str| drop(data.insert(key.to_owned(), Value::String(value.to_owned())));
    put("url", &access.url);
    put("insecureSkipVerify", if access.insecure { "true" } else { "false" });
    let keeps_ca = !access.insecure || matches!(entry.kind, ProviderKind::Ovirt);
    if let Some(pem) = access.ca.as_ref().filter(|_| keeps_ca) {
        put("cacert", pem);
    }
    match &entry.kind {
        ProviderKind::Vsphere(_) | ProviderKind::Ovirt => {
            put("user", &entry.username);
            put("password", entry.password.expose());
        }
        ProviderKind::Openstack(openstack) => {
            put("username", &entry.username);
            put("password", entry.password.expose());
            openstack_scope(openstack, put);
        }
        ProviderKind::Openshift => put("token", access.token.as_ref().map_or("", Secret::expose)),
        ProviderKind::Ova => {}
    }
    json!({ "metadata": { "labels": { "createdForProviderType": entry.type_name() } }, "type": "Opaque", "stringData": data })
}

/// Region, project and domains of an OpenStack login. As the original, one domain by its name stands for the user's and
/// the project's; only where the project's is told to be another one are both told. Of the name and the id of one thing
/// only one may be told: the product's login refuses both.
///
/// Source: original-suite.md section 4, forklift-api.md section 2.
fn openstack_scope(openstack: &Openstack, mut put: impl FnMut(&str, &str)) {
    put("regionName", &openstack.region_name);
    let mut first_of = |candidates: [(&str, &Option<String>); 2]| {
        if let Some((key, value)) = candidates.into_iter().find_map(|(key, value)| Some((key, value.as_ref()?))) {
            put(key, value);
        }
    };
    first_of([("projectName", &openstack.project_name), ("projectID", &openstack.project_id)]);
    if openstack.has_one_domain() {
        first_of([("domainName", &openstack.user_domain_name), ("domainID", &openstack.user_domain_id)]);
    } else {
        first_of([("userDomainName", &openstack.user_domain_name), ("userDomainID", &openstack.user_domain_id)]);
        first_of([
            ("projectDomainID", &openstack.project_domain_id),
            ("projectDomainName", &openstack.project_domain_name),
        ]);
    }
}

/// Source: original-suite.md section 1.2 (`create_source_provider`).
const NO_VDDK: &str = "forklift.konveyor.io/empty-vddk-init-image";

/// A source Provider that uses the Secret `secret` of its own namespace. For copy-offload it tells how ESXi hosts are
/// asked to clone, where that is not the product's own choice.
///
/// `url` is that of its [`SourceAccess`].
pub fn source_provider_body(entry: &ProviderEntry, url: &str, (namespace, secret): (&str, &str)) -> Value {
    let mut settings = Map::new();
    let mut annotations = Map::new();
    if let ProviderKind::Vsphere(vsphere) = &entry.kind {
        settings.insert("sdkEndpoint".to_owned(), json!(vsphere.endpoint_type.map_or("vcenter", EndpointType::as_str)));
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
        "url": url,
        "secret": { "name": secret, "namespace": namespace },
        "settings": settings,
    } });
    if !annotations.is_empty() {
        body["metadata"] = json!({ "annotations": annotations });
    }
    body
}

/// Whether a Provider is Ready. ConnectionFailed and ValidationFailed end the wait at once with the condition's message,
/// except for a failed connection of OVA, whose NFS share may be mounted late (original-suite.md section 1.2).
pub fn provider_ready(object: Option<&DynamicObject>) -> Seen<()> {
    let Some(object) = object else { return Seen::Pending("it is not there yet".to_owned()) };
    if !observed(object) {
        return Seen::Pending("its status is older than its spec".to_owned());
    }
    let phase = object.data["status"]["phase"].as_str().unwrap_or("");
    if phase == "Ready" && is_true(object, "Ready") {
        return Seen::Met(());
    }
    let may_pass = phase == "ConnectionFailed" && object.data["spec"]["type"] == "ova";
    if matches!(phase, "ConnectionFailed" | "ValidationFailed") {
        let words = format!("its phase is {phase}: {}", critical_words(object));
        return if may_pass { Seen::Pending(words) } else { Seen::Hopeless(words) };
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
    use crate::config::{MapEnvironment, Providers};

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
    fn a_failed_connection_is_hopeless_with_its_message_but_for_a_share_that_may_come() {
        let mut failed = provider(json!({ "phase": "ConnectionFailed", "observedGeneration": 1, "conditions": [
            { "type": "ConnectionAuthFailed", "status": "True", "category": "Critical", "message": "wrong password" } ] }));
        let words = "its phase is ConnectionFailed: ConnectionAuthFailed: wrong password".to_owned();
        assert_eq!(provider_ready(Some(&failed)), Seen::Hopeless(words.clone()));
        failed.data["spec"]["type"] = json!("ova");
        assert_eq!(provider_ready(Some(&failed)), Seen::Pending(words));
        failed.data["status"]["phase"] = json!("ValidationFailed");
        assert!(matches!(provider_ready(Some(&failed)), Seen::Hopeless(_)));
    }

    fn entry(type_name: &str, more: &str) -> ProviderEntry {
        let url = if type_name == "ova" { "nas:/ova" } else { "https://h:8443/api" };
        let text = format!(
            r#"{{"e": {{"type": "{type_name}", "version": "1", "fqdn": "h", "api_url": "{url}", "username": "u",
                "password": "p"{more}}}}}"#
        );
        let parsed = Providers::parse(&text, "test", &MapEnvironment::default()).unwrap();
        parsed.get("e").unwrap().clone()
    }

    fn secret(entry: &ProviderEntry, insecure: bool) -> Value {
        let token = matches!(entry.kind, ProviderKind::Openshift).then(|| Secret::new("t"));
        let access = SourceAccess { url: entry.api_url.clone(), token, insecure, ca: Some("pem".to_owned()) };
        let mut body = source_secret_body(entry, &access);
        assert_eq!(body["metadata"]["labels"]["createdForProviderType"], entry.type_name());
        body["stringData"].take()
    }

    #[test]
    fn secrets_have_the_keys_of_their_type() {
        let login = json!({ "url": "https://h:8443/api", "insecureSkipVerify": "false", "cacert": "pem", "user": "u",
            "password": "p" });
        assert_eq!(secret(&entry("vsphere", ""), false), login);
        assert_eq!(secret(&entry("ovirt", ""), false), login);
        let mut open = login.clone();
        open["insecureSkipVerify"] = json!("true");
        assert_eq!(secret(&entry("ovirt", ""), true), open, "oVirt always has its CA");
        open.as_object_mut().unwrap().remove("cacert");
        assert_eq!(secret(&entry("vsphere", ""), true), open);
        assert_eq!(secret(&entry("ova", ""), true), json!({ "url": "nas:/ova", "insecureSkipVerify": "true" }));
        let token =
            json!({ "url": "https://h:8443/api", "insecureSkipVerify": "false", "cacert": "pem", "token": "t" });
        assert_eq!(secret(&entry("openshift", ""), false), token);
    }

    #[test]
    fn an_openstack_login_tells_one_name_or_id_of_each_thing() {
        let keys = |user_domain: &str, project_domain: &str| {
            let more = format!(
                r#", "user_domain_name": "Default", "region_name": "r", "project_name": "admin",
                    "user_domain_id": "{user_domain}", "project_domain_id": "{project_domain}""#
            );
            secret(&entry("openstack", &more), true)
        };
        let one = json!({ "url": "https://h:8443/api", "insecureSkipVerify": "true", "username": "u", "password": "p",
            "regionName": "r", "projectName": "admin", "domainName": "Default" });
        assert_eq!(keys("default", "default"), one);
        let two = keys("default", "other");
        assert_eq!((&two["userDomainName"], &two["projectDomainID"]), (&json!("Default"), &json!("other")));
        assert!(two.get("domainName").is_none());
    }
}
