//! From an entry of providers.json to a connected source.

use super::openstack::Openstack;
use super::ova::OvaShare;
use super::ovirt::Ovirt;
use super::vsphere::Vcenter;
use super::{ProviderError, SourceProvider};
use crate::config::{ProviderEntry, ProviderKind};
use crate::http::{HttpClient, Network, RequestCounter, TlsPolicy};
use std::sync::Arc;

/// Logs in to the source of `entry`; `tls` says whom to trust, `counter` counts the requests. A source of type openshift
/// is the cluster that the run is logged in to already: see [`super::openshift::Openshift::at`].
///
/// # Errors
/// [`ProviderError::Login`] when the user is refused, [`ProviderError::Unreachable`] when nothing answers,
/// [`ProviderError::Invalid`] for a source that is the cluster itself.
pub async fn connect(
    entry: &ProviderEntry,
    tls: TlsPolicy,
    network: &dyn Network,
    counter: RequestCounter,
) -> Result<Arc<dyn SourceProvider>, ProviderError> {
    let open = || {
        HttpClient::open(network, &tls, counter.clone())
            .map_err(|source| ProviderError::Transport { url: entry.api_url.clone(), source })
    };
    match &entry.kind {
        ProviderKind::Vsphere(_) => Ok(Arc::new(Vcenter::connect(entry, open()?, counter.clone()).await?)),
        ProviderKind::Ovirt => Ok(Arc::new(Ovirt::connect(entry, open()?, counter.clone()).await?)),
        ProviderKind::Openstack(scope) => {
            Ok(Arc::new(Openstack::connect(entry, scope, open()?, counter.clone()).await?))
        }
        ProviderKind::Ova => Ok(Arc::new(OvaShare::new(entry))),
        ProviderKind::Openshift => Err(ProviderError::Invalid {
            operation: format!("connect to source {:?}", entry.name),
            problem: "it is the cluster of the run, which has a connection already".to_owned(),
            remedy: "use that connection",
        }),
    }
}
