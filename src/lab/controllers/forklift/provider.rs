//! Providers: secret and URL checks, the connection test against the world, the inventory.
//!
//! Source: forklift-api.md section 2.

use super::super::conditions::{Condition, Conditions};
use super::super::hub::{Fail, Hub, Outcome, STEP};
use super::super::kinds::{PROVIDER, SECRET};
use super::super::object::{generation, has_condition, is_deleting, name, namespace, reference, secret_key, text};
use super::login::{Login, authority, is_insecure, log_in};
use super::offload;
use crate::facts;
use crate::lab::fault::Failure;
use crate::lab::world::{Source, World};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long a failed connection waits for the next test where simulated time does not pass, in real time.
const RETRY: Duration = Duration::from_millis(250);

/// How far a provider has come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// What it is given is wrong.
    Invalid(Vec<Condition>),
    /// It does not answer, or not to these credentials.
    Disconnected(Condition),
    /// The source answers.
    Connected,
}

/// The world's source that a provider's URL names.
pub(crate) fn source_of<'a>(world: &'a World, provider: &Value) -> Option<&'a Arc<Source>> {
    let (kind, url) = (text(provider, "/spec/type"), text(provider, "/spec/url"));
    let place = if kind == "ova" {
        share(url)?.0.to_owned()
    } else {
        url.parse::<http::Uri>().ok()?.authority()?.as_str().to_owned()
    };
    world.sources.iter().find(|source| source.type_name() == kind && source.answers_to(&place))
}

/// Server and path of an NFS share, `server:/path`.
fn share(url: &str) -> Option<(&str, &str)> {
    let (server, path) = url.split_once(':')?;
    (!server.is_empty() && !server.contains('/') && path.starts_with('/') && !path.starts_with("//"))
        .then_some((server, path))
}

/// Whether this is the cluster's own provider, or another of type openshift without a URL.
pub(crate) fn is_host(provider: &Value) -> bool {
    text(provider, "/spec/type") == "openshift" && text(provider, "/spec/url").is_empty()
}

pub(crate) async fn reconcile(hub: &Hub, provider: &Value) -> Result<Outcome, Fail> {
    if is_deleting(provider) {
        return Ok(Outcome::Done);
    }
    let (space, secret_name) = reference(provider, "/spec/secret");
    let secret = hub.find(SECRET, space, secret_name).await?;
    if hub.since(9) && text(provider, "/spec/type") == "vsphere" {
        offload::ensure_keys(hub, provider).await?;
    }
    let verdict = match judge(hub, provider, secret.as_deref()) {
        // A remote cluster knows its tokens; in this world it is the same one.
        Verdict::Connected if text(provider, "/spec/type") == "openshift" && !is_host(provider) => {
            let token = secret.as_deref().map(|secret| secret_key(secret, "token")).unwrap_or_default();
            let refused = Condition::critical("ConnectionAuthFailed", "Tested", "the cluster refuses the token");
            let expired = |failure: &Failure| matches!(failure, Failure::ClusterToken).then_some(());
            let expired = hub.world.faults.failing(expired).is_some();
            if !expired && hub.knows_token(&token).await? { Verdict::Connected } else { Verdict::Disconnected(refused) }
        }
        other => other,
    };
    let mut conditions = Conditions::begin(provider);
    let insecure =
        secret.as_deref().is_some_and(is_insecure) && matches!(text(provider, "/spec/type"), "vsphere" | "ovirt");
    if insecure {
        let words = "the certificate of the source is not verified";
        conditions.set(Condition::warn("ConnectionInsecure", "SkipTLSVerification", words));
    }
    let asks_hosts = verdict == Verdict::Connected && text(provider, "/spec/type") == "vsphere";
    if let Some(source) = source_of(&hub.world, provider).filter(|_| asks_hosts) {
        conditions.set_all(offload::ssh_conditions(hub, provider, source).await?);
    }
    let is_tried_again = matches!(&verdict, Verdict::Disconnected(blocker) if blocker.kind == "ConnectionTestFailed");
    let waits = hub.since(12) && waits_for_service(provider, &verdict);
    let (phase, more) = if waits {
        conditions.set(Condition::advisory("WaitingForService", "Started", "the provider server is starting"));
        ("Staging", true)
    } else {
        progress(provider, verdict, &mut conditions)
    };
    let mut status = json!({
        "phase": phase, "conditions": conditions.finish(), "observedGeneration": generation(provider),
    });
    if phase != "ValidationFailed" && text(provider, "/spec/type") == "vsphere" {
        status["fingerprint"] = json!(fingerprint(text(provider, "/spec/url")));
    }
    if hub.since(11)
        && let Some(secret) = &secret
    {
        status["secretResourceVersion"] = secret["metadata"]["resourceVersion"].clone();
    }
    hub.put_status(PROVIDER, provider, status).await?;
    if is_tried_again && !waits {
        // A refused login is not tried again, everything else is.
        let nap = hub.world.pace.real(STEP).unwrap_or(RETRY);
        return Ok(if hub.arm(namespace(provider), name(provider)) { Outcome::Nap(nap) } else { Outcome::Done });
    }
    Ok(if more { Outcome::Again(STEP) } else { Outcome::Done })
}

/// Since 2.12 the provider of a share says that it waits for the pod that mounts it, before anything else.
fn waits_for_service(provider: &Value, verdict: &Verdict) -> bool {
    let known = ["WaitingForService", "ConnectionTestSucceeded", "ConnectionTestFailed"];
    text(provider, "/spec/type") == "ova"
        && !matches!(verdict, Verdict::Invalid(_))
        && !known.iter().any(|condition| has_condition(provider, condition))
}

/// The next phase, its conditions, and whether there is a further one.
///
/// A connection is tested first, then the inventory is loaded; only when it is at parity the provider is Ready.
fn progress(provider: &Value, verdict: Verdict, conditions: &mut Conditions) -> (&'static str, bool) {
    match verdict {
        Verdict::Invalid(blockers) => {
            conditions.set_all(blockers);
            return ("ValidationFailed", false);
        }
        Verdict::Disconnected(blocker) => {
            conditions.set(blocker);
            return ("ConnectionFailed", false);
        }
        Verdict::Connected => {}
    }
    conditions.set(Condition::required("ConnectionTestSucceeded", "Tested", "the connection test was successful"));
    conditions.set(Condition::advisory("Validated", "Completed", "the provider has been validated"));
    if has_condition(provider, "LoadInventory") || has_condition(provider, "InventoryCreated") {
        conditions.set(Condition::required("InventoryCreated", "Completed", "the inventory has been loaded"));
        conditions.set(Condition::required("Ready", "", "the provider is ready"));
        return ("Ready", false);
    }
    if has_condition(provider, "ConnectionTestSucceeded") {
        conditions.set(Condition::advisory("LoadInventory", "Started", "the inventory is being loaded"));
    }
    ("Staging", true)
}

fn judge(hub: &Hub, provider: &Value, secret: Option<&Value>) -> Verdict {
    let kind = text(provider, "/spec/type");
    if !["vsphere", "ovirt", "openstack", "openshift", "ova", "hyperv", "ec2"].contains(&kind) {
        let words = format!("{kind:?} is no provider type");
        return Verdict::Invalid(vec![Condition::critical("ProviderTypeNotSupported", "NotSupported", words)]);
    }
    let blockers = if is_host(provider) { Vec::new() } else { check_settings(hub, provider, secret) };
    if !blockers.is_empty() {
        return Verdict::Invalid(blockers);
    }
    if is_host(provider) {
        return Verdict::Connected;
    }
    let failing = hub.world.faults.failing(|failure| match failure {
        Failure::ProviderConnection { message } => Some(message.clone()),
        _ => None,
    });
    if let (Some(message), true) = (failing, kind != "openshift") {
        return Verdict::Disconnected(Condition::critical("ConnectionTestFailed", "Tested", message));
    }
    match (kind, source_of(&hub.world, provider), secret) {
        ("openshift", ..) => Verdict::Connected,
        (_, Some(source), Some(secret)) => verdict_of(kind, log_in(&hub.world, source, provider, secret)),
        _ => {
            let words = format!("no such host: {}", text(provider, "/spec/url"));
            Verdict::Disconnected(Condition::critical("ConnectionTestFailed", "Tested", words))
        }
    }
}

/// OpenStack's refusal counts as a failed test. Source: forklift-api.md section 2, "Bad credentials".
fn verdict_of(kind: &str, login: Login) -> Verdict {
    let critical = |condition: &str, words| Verdict::Disconnected(Condition::critical(condition, "Tested", words));
    match login {
        Login::Accepted => Verdict::Connected,
        Login::Refused(words) if kind != "openstack" => critical("ConnectionAuthFailed", words),
        Login::Refused(words) | Login::Failed(words) => critical("ConnectionTestFailed", words),
    }
}

fn check_settings(hub: &Hub, provider: &Value, secret: Option<&Value>) -> Vec<Condition> {
    let kind = text(provider, "/spec/type");
    let url = text(provider, "/spec/url");
    let mut found = Vec::new();
    if url.is_empty() {
        found.push(Condition::critical("UrlNotValid", "NotSet", "spec.url is empty"));
    } else if !is_well_formed(kind, url) {
        found.push(Condition::critical("UrlNotValid", "Malformed", format!("{url:?} is no URL")));
    }
    let (space, secret_name) = reference(provider, "/spec/secret");
    match secret {
        None if space.is_empty() || secret_name.is_empty() => {
            found.push(Condition::critical("SecretNotValid", "NotSet", "spec.secret is not set"));
        }
        None => found.push(Condition::critical(
            "SecretNotValid",
            "NotFound",
            format!("the secret {space}/{secret_name} does not exist"),
        )),
        Some(secret) => {
            let missing = missing_keys(kind, secret, hub.since(11), hub.since(12));
            if !missing.is_empty() {
                let words = "the secret lacks keys";
                found.push(Condition::critical("SecretNotValid", "DataErr", words).about(missing));
            }
        }
    }
    found
}

fn is_well_formed(kind: &str, url: &str) -> bool {
    match kind {
        "ova" => share(url).is_some(),
        _ => url.parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty())),
    }
}

/// The keys that a Secret must have for this provider type and has not.
fn missing_keys(kind: &str, secret: &Value, ca_enforced: bool, ca_crt: bool) -> Vec<String> {
    let required: &[&str] = match kind {
        "vsphere" | "ovirt" => &["user", "password"],
        "openshift" => &["token"],
        "ova" => &["url"],
        _ => &[],
    };
    let mut missing: Vec<String> =
        required.iter().filter(|key| secret_key(secret, key).is_empty()).map(|key| (*key).to_owned()).collect();
    let wants_ca = kind == "ovirt" || (kind == "vsphere" && ca_enforced);
    if wants_ca && !is_insecure(secret) && authority(secret, ca_crt).is_empty() {
        missing.push(if ca_crt { "ca.crt" } else { "cacert" }.to_owned());
    }
    missing
}

/// The form of a SHA-1 fingerprint, the same for each source at each time.
fn fingerprint(url: &str) -> String {
    let mut stream = facts::Seed(0).stream(url);
    let bytes: Vec<String> = (0..20).map(|_| format!("{:02X}", stream.u8(..))).collect();
    bytes.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    fn secret(keys: &[(&str, &str)]) -> Value {
        let data: serde_json::Map<String, Value> = keys
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(base64::engine::general_purpose::STANDARD.encode(value))))
            .collect();
        json!({"data": data})
    }

    #[test]
    fn a_ca_is_required_unless_insecure_since_2_11() {
        let bare = secret(&[("user", "u"), ("password", "p")]);
        assert_eq!(missing_keys("vsphere", &bare, true, false), ["cacert"]);
        assert_eq!(missing_keys("vsphere", &bare, true, true), ["ca.crt"]);
        assert!(missing_keys("vsphere", &bare, false, false).is_empty());
        let insecure = secret(&[("user", "u"), ("insecureSkipVerify", "true")]);
        assert_eq!(missing_keys("vsphere", &insecure, true, false), ["password"]);
    }

    #[test]
    fn each_type_has_its_keys_and_its_url() {
        assert_eq!(missing_keys("ovirt", &secret(&[("user", "u"), ("password", "p")]), false, false), ["cacert"]);
        assert_eq!(missing_keys("ova", &secret(&[]), true, true), ["url"]);
        assert!(missing_keys("openstack", &secret(&[]), true, true).is_empty());
        for (kind, url, good) in [
            ("ova", "nfs.lab:/exports/ova", true),
            ("ova", "nfs.lab/exports", false),
            ("ova", "nfs://nfs.lab/exports", false),
            ("ova", ":/exports", false),
            ("ovirt", "https://rhv/ovirt-engine/api", true),
            ("ovirt", "/ovirt-engine", false),
        ] {
            assert_eq!(is_well_formed(kind, url), good, "{kind} {url}");
        }
    }

    #[test]
    fn a_login_that_openstack_refuses_is_a_failed_test() {
        let condition = |kind: &str| match verdict_of(kind, Login::Refused("no".to_owned())) {
            Verdict::Disconnected(condition) => condition.kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(condition("openstack"), "ConnectionTestFailed");
        assert_eq!(condition("ovirt"), "ConnectionAuthFailed");
    }

    #[test]
    fn readiness_comes_after_the_inventory() {
        let mut provider = json!({"status": {}});
        let mut seen = Vec::new();
        for _ in 0..3 {
            let mut conditions = Conditions::begin(&provider);
            let (phase, more) = progress(&provider, Verdict::Connected, &mut conditions);
            seen.push((phase, more, conditions.has("LoadInventory"), conditions.has("Ready")));
            provider = json!({"status": {"phase": phase, "conditions": conditions.finish()}});
        }
        assert_eq!(
            seen,
            [("Staging", true, false, false), ("Staging", true, true, false), ("Ready", false, false, true)]
        );
        let mut conditions = Conditions::begin(&provider);
        let lost = Verdict::Disconnected(Condition::critical("ConnectionAuthFailed", "Tested", "x"));
        assert_eq!(progress(&provider, lost, &mut conditions).0, "ConnectionFailed");
        assert!(!conditions.has("Ready") && !conditions.has("Validated"));
    }
}
