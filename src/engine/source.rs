//! Connecting to a source, in the one way that preflight, fixtures and teardown share.

use super::steps::StepError;
use crate::config::{ProviderEntry, Settings};
use crate::http::{Network, RequestCounter, TlsPolicy};
use crate::provider::{self, SourceProvider};
use std::sync::Arc;

/// A connection to a source, and what it was trusted by.
#[derive(Clone)]
pub struct ConnectedSource {
    /// The connection.
    pub sdk: Arc<dyn SourceProvider>,
    /// PEM that the source was trusted by; `None` where the settings say not to verify.
    pub ca: Option<String>,
}

/// How sources are reached.
pub struct Reach<'a> {
    /// The outside world.
    pub network: &'a dyn Network,
    /// Settings.
    pub settings: &'a Settings,
    /// Counts requests to sources.
    pub counter: &'a RequestCounter,
}

impl Reach<'_> {
    /// Logs in to the source of `entry`.
    ///
    /// Trust: anybody, if the settings say so by name; else the chain that the source shows now, pinned for this run and
    /// stored in the Provider's Secret, as the original does (original-suite.md section 1.2).
    ///
    /// # Errors
    /// The source cannot be reached, or refuses the login.
    pub async fn connect(&self, entry: &ProviderEntry) -> Result<ConnectedSource, StepError> {
        let (tls, ca) = if self.settings.source_provider_insecure_skip_verify {
            (TlsPolicy::AcceptAny, None)
        } else {
            let pem = self.network.certificate_chain(&entry.host(), entry.port()).await.map_err(|error| {
                StepError::Broken(format!("fetch the certificate of provider {}: {error}", entry.name))
            })?;
            (TlsPolicy::Pinned(pem.clone()), Some(pem))
        };
        let sdk = provider::connect(entry, tls, self.network, self.counter.clone()).await?;
        Ok(ConnectedSource { sdk, ca })
    }
}
