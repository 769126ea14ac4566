//! The certificates that the lab's hosts show: what a product that verifies them must have been given.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Certificates in PEM. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct ShownCertificates(Arc<Mutex<BTreeSet<String>>>);

impl ShownCertificates {
    /// The hosts show these certificates from now on, beside what they showed before.
    pub fn show(&self, pem: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bodies(pem));
    }

    /// Whether one of the certificates of `pem` is shown. Where nobody serves the hosts, nothing can be verified, and
    /// every certificate will do.
    pub fn are_vouched_for_by(&self, pem: &str) -> bool {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.is_empty() || bodies(pem).iter().any(|body| shown.contains(body))
    }
}

/// The text between the marks of each certificate, without white space.
fn bodies(pem: &str) -> Vec<String> {
    let blocks = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    let body = |block: &str| block.split("-----END").next().unwrap_or_default().split_whitespace().collect::<String>();
    blocks.map(body).filter(|body| !body.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_certificate_of_a_chain_is_enough_and_layout_does_not_count() {
        let shown = ShownCertificates::default();
        assert!(shown.are_vouched_for_by("anything"));
        shown.show("-----BEGIN CERTIFICATE-----\nAB\nCD\n-----END CERTIFICATE-----\n");
        let chain = "-----BEGIN CERTIFICATE-----\nXX\n-----END CERTIFICATE-----\n\
                     -----BEGIN CERTIFICATE-----\r\nABCD\r\n-----END CERTIFICATE-----";
        assert!(shown.are_vouched_for_by(chain));
        for other in ["", "ABCD", "-----BEGIN CERTIFICATE-----\nXX\n-----END CERTIFICATE-----"] {
            assert!(!shown.are_vouched_for_by(other), "{other}");
        }
    }
}
