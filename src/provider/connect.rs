//! From an entry of providers.json to a connected source.

use super::vsphere::Vcenter;
use super::{ProviderError, SourceProvider};
use crate::config::{ProviderEntry, ProviderKind};
use crate::http::{HttpClient, Network, RequestCounter, TlsPolicy};
use std::sync::Arc;

/// Logs in to the source of `entry`; `tls` says whom to trust, `counter` counts the requests.
///
/// # Errors
/// [`ProviderError::Login`] when the user is refused, [`ProviderError::Unreachable`] when nothing answers,
/// [`ProviderError::Invalid`] for a type of source that is not supported.
pub async fn connect(
    entry: &ProviderEntry,
    tls: TlsPolicy,
    network: &dyn Network,
    counter: RequestCounter,
) -> Result<Arc<dyn SourceProvider>, ProviderError> {
    match &entry.kind {
        ProviderKind::Vsphere(_) => {
            let http = HttpClient::open(network, &tls, counter.clone())
                .map_err(|source| ProviderError::Transport { url: entry.api_url.clone(), source })?;
            Ok(Arc::new(Vcenter::connect(entry, http, counter).await?))
        }
        _ => Err(ProviderError::Invalid {
            operation: format!("connect to source {:?}", entry.name),
            problem: format!("sources of type {} are not supported yet", entry.type_name()),
            remedy: "choose a source of type vsphere with --source-provider",
        }),
    }
}
