//! Destination Providers: the cluster itself, and the same cluster as a remote one.
//!
//! Source: forklift-api.md section 2, original-suite.md section 1.1.

use serde_json::{Value, json};

/// The Provider of the cluster itself: type `openshift` with an empty URL and no Secret.
pub fn destination_provider_body() -> Value {
    json!({ "spec": { "type": "openshift", "url": "", "secret": {} } })
}

/// The Secret of a remote destination: URL and token. `ca` is the PEM that the product shall trust; without it
/// verification is skipped.
pub fn remote_secret_body(url: &str, token: &str, ca: Option<&str>) -> Value {
    let mut data = json!({
        "url": url, "token": token, "insecureSkipVerify": if ca.is_none() { "true" } else { "false" },
    });
    if let Some(pem) = ca {
        data["cacert"] = json!(pem);
    }
    json!({ "metadata": { "labels": { "createdForProviderType": "openshift" } }, "type": "Opaque", "stringData": data })
}

/// A remote destination: the API server at `url`, logged in to with the Secret `secret` of the Provider's namespace.
pub fn remote_provider_body(url: &str, namespace: &str, secret: &str) -> Value {
    json!({ "spec": { "type": "openshift", "url": url, "secret": { "name": secret, "namespace": namespace } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_destination_is_verified_where_a_ca_is_known() {
        let verified = remote_secret_body("https://api:6443", "t", Some("pem"));
        assert_eq!(verified["stringData"]["insecureSkipVerify"], "false");
        assert_eq!(verified["stringData"]["cacert"], "pem");
        let open = remote_secret_body("https://api:6443", "t", None);
        assert_eq!(
            (open["stringData"]["insecureSkipVerify"].as_str(), open["stringData"].get("cacert")),
            (Some("true"), None)
        );
        assert_eq!(remote_provider_body("u", "n", "s")["spec"]["secret"], json!({ "name": "s", "namespace": "n" }));
    }
}
