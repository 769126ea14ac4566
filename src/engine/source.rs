//! Connecting to a source, in the one way that preflight, fixtures and teardown share, and whom to trust there.

use super::steps::StepError;
use crate::cluster::Cluster;
use crate::config::{ProviderEntry, ProviderKind, Settings};
use crate::http::{Network, RequestCounter, TlsPolicy};
use crate::provider::openshift::Openshift;
use crate::provider::{self, SourceProvider};
use http::Uri;
use std::sync::Arc;

/// A connection to a source, and what it was trusted by.
#[derive(Clone)]
pub struct ConnectedSource {
    /// The connection.
    pub sdk: Arc<dyn SourceProvider>,
    /// PEM that the source shows; `None` where nothing is verified, or nothing is shown.
    pub ca: Option<String>,
    /// Whether the settings say not to verify.
    pub insecure: bool,
}

/// How sources are reached.
pub struct Reach<'a> {
    /// The outside world.
    pub network: &'a dyn Network,
    /// The cluster of the run, which may be a source itself.
    pub cluster: &'a Cluster,
    /// Settings.
    pub settings: &'a Settings,
    /// Counts requests to sources.
    pub counter: &'a RequestCounter,
}

/// Whether sources of this type show a certificate that the run pins. A cluster is trusted by the run's own login, and an
/// NFS share has none.
pub(super) fn shows_certificate(entry: &ProviderEntry) -> bool {
    let kind = matches!(entry.kind, ProviderKind::Vsphere(_) | ProviderKind::Ovirt | ProviderKind::Openstack(_));
    kind && entry.api_url.starts_with("https://")
}

impl Reach<'_> {
    /// Logs in to the source of `entry`.
    ///
    /// Trust: anybody, if the settings say so by name; else the chain that the source shows now, pinned for this run and
    /// stored in the Provider's Secret, as the original does (original-suite.md section 1.2). It is fetched from `api_url`
    /// and, where that is another place, from `fqdn`, each with its port; oVirt's always.
    ///
    /// # Errors
    /// The source cannot be reached, or refuses the login.
    pub async fn connect(&self, entry: &ProviderEntry) -> Result<ConnectedSource, StepError> {
        let insecure = self.settings.source_provider_insecure_skip_verify;
        let is_wanted = shows_certificate(entry) && (!insecure || matches!(entry.kind, ProviderKind::Ovirt));
        let places = if is_wanted { entry.addresses() } else { Vec::new() };
        let ca = self.chains(entry, &places).await?;
        let sdk = self.log_in(entry, insecure, ca.as_deref()).await?;
        if insecure || ca.is_none() {
            return Ok(ConnectedSource { sdk, ca, insecure });
        }
        // Where a source sends its users to further hosts, these are trusted in the same way, by this run and the product.
        let further = further_places(&places, &sdk.endpoints().await?);
        if further.is_empty() {
            return Ok(ConnectedSource { sdk, ca, insecure });
        }
        sdk.disconnect().await;
        let more = self.chains(entry, &further).await?.unwrap_or_default();
        let ca = without_repeats(&(ca.unwrap_or_default() + &more));
        let sdk = self.log_in(entry, insecure, Some(&ca)).await?;
        Ok(ConnectedSource { sdk, ca: Some(ca), insecure })
    }

    async fn log_in(
        &self,
        entry: &ProviderEntry,
        insecure: bool,
        ca: Option<&str>,
    ) -> Result<Arc<dyn SourceProvider>, StepError> {
        let tls = match ca {
            _ if insecure => TlsPolicy::AcceptAny,
            Some(pem) => TlsPolicy::Pinned(pem.to_owned()),
            None => TlsPolicy::SystemRoots,
        };
        if matches!(entry.kind, ProviderKind::Openshift) {
            return Ok(Arc::new(Openshift::at(self.cluster.clone(), entry)?));
        }
        Ok(provider::connect(entry, tls, self.network, self.counter.clone()).await?)
    }

    /// The certificates that are shown at these places, each once; `None` without a place.
    async fn chains(&self, entry: &ProviderEntry, places: &[(String, u16)]) -> Result<Option<String>, StepError> {
        let fetch = places.iter().map(|(host, port)| self.network.certificate_chain(host, *port));
        let fetched = futures::future::try_join_all(fetch).await;
        let words = |error| StepError::Broken(format!("fetch the certificate of provider {}: {error}", entry.name));
        let pem = fetched.map_err(words)?.concat();
        Ok((!places.is_empty()).then(|| without_repeats(&pem)))
    }
}

/// The places of `urls` that are none of `known`. What is not spoken over TLS shows no certificate.
fn further_places(known: &[(String, u16)], urls: &[String]) -> Vec<(String, u16)> {
    let mut further = Vec::new();
    for uri in urls.iter().filter_map(|url| url.parse::<Uri>().ok()) {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let place = (host, uri.port_u16().unwrap_or(443));
        if uri.scheme_str() == Some("https") && !known.contains(&place) && !further.contains(&place) {
            further.push(place);
        }
    }
    further
}

/// Each certificate of a PEM text once, in order. A text without any stays as it is.
fn without_repeats(pem: &str) -> String {
    const END: &str = "-----END CERTIFICATE-----";
    let mut kept: Vec<&str> = Vec::new();
    for block in pem.split_inclusive(END).map(str::trim).filter(|block| !block.is_empty()) {
        if !kept.contains(&block) {
            kept.push(block);
        }
    }
    kept.iter().flat_map(|block| [*block, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_kept_once_in_order() {
        let block = |name: &str| format!("-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n");
        let (one, two) = (block("one"), block("two"));
        assert_eq!(without_repeats(&format!("{one}{two}{one}")), format!("{one}{two}"));
        assert_eq!(without_repeats(""), "");
    }

    #[test]
    fn further_places_have_another_host_or_port_and_tls() {
        let known = [("keystone".to_owned(), 5000)];
        let urls = [
            "https://keystone:5000/v3",
            "https://nova:8774/v2.1",
            "https://nova:8774/x",
            "http://plain/",
            "x",
            "https://[fd00::1]/",
        ]
        .map(str::to_owned);
        assert_eq!(further_places(&known, &urls), [("nova".to_owned(), 8774), ("fd00::1".to_owned(), 443)]);
    }
}
