//! Access to a cluster for other programs: a kubeconfig in a file that only its owner can read.

use super::TlsPolicy;
use super::private_file::write_private;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::io;
use std::path::Path;

/// A kubeconfig with one context and a bearer token.
///
/// Source: cluster-api.md section 3.2.
#[derive(Clone, Copy)]
pub struct Kubeconfig<'a> {
    /// Name of the cluster and of its context.
    pub name: &'a str,
    /// URL of the API server.
    pub server: &'a str,
    /// Whom to trust. The system's roots are what every client trusts without being told.
    pub tls: &'a TlsPolicy,
    /// The bearer token.
    pub token: &'a str,
}

impl Kubeconfig<'_> {
    /// The text of the file: YAML, each value on a line of its own.
    pub fn text(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let trust = match self.tls {
            TlsPolicy::SystemRoots => String::new(),
            TlsPolicy::Pinned(pem) => {
                format!("    certificate-authority-data: {}\n", BASE64_STANDARD.encode(pem))
            }
            TlsPolicy::AcceptAny => "    insecure-skip-tls-verify: true\n".to_owned(),
        };
        let (name, server, token) = (quoted(self.name), quoted(self.server), quoted(self.token));
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    server: {server}\n{trust}\
             users:\n- name: {name}\n  user:\n    token: {token}\ncontexts:\n- name: {name}\n  context:\n    cluster: \
             {name}\n    user: {name}\n    namespace: default\ncurrent-context: {name}\n"
        )
    }

    /// Writes the file with mode 0600, also if it was there with other rights.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        write_private(path, &self.text())
    }
}

/// Without the token.
impl std::fmt::Debug for Kubeconfig<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Kubeconfig").field("server", &self.server).field("tls", &self.tls).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_three_policies_are_told_in_the_keys_of_a_cluster() {
        let of = |tls: &TlsPolicy| {
            let config = Kubeconfig { name: "lab", server: "https://[::1]:6443", tls, token: "sha256~a: \"b\"" };
            let read: Value = serde_yaml::from_str(&config.text()).unwrap();
            assert_eq!(read["users"][0]["user"]["token"], "sha256~a: \"b\"");
            assert_eq!(
                (&read["current-context"], &read["contexts"][0]["context"]["user"]),
                (&json!("lab"), &json!("lab"))
            );
            assert!(!format!("{config:?}").contains("sha256~a"));
            read["clusters"][0]["cluster"].clone()
        };
        let server = "https://[::1]:6443";
        assert_eq!(of(&TlsPolicy::SystemRoots), json!({"server": server}));
        assert_eq!(of(&TlsPolicy::AcceptAny), json!({"server": server, "insecure-skip-tls-verify": true}));
        let pinned = of(&TlsPolicy::Pinned("PEM".into()));
        assert_eq!(pinned, json!({"server": server, "certificate-authority-data": "UEVN"}));
    }
}
