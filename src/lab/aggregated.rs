//! KubeVirt's subresources beside a real control plane: served over TLS at a port of this machine, and made known to the
//! API server as KubeVirt's own are, by an APIService. The API server authenticates and authorizes, then passes on.

use super::authority::Authority;
use super::beside::{Beside, BesideError};
use super::controllers::{kubevirt_subresources, plant};
use super::serve::{ANY_PORT, accept, bind};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The group, and its version.
const GROUP: &str = "subresources.kubevirt.io";
const VERSION: &str = "v1";
/// The service that the APIService names. It has no pods: an external name leads to this machine.
const SERVICE: &str = "virt-api";

/// A served API. Dropping it ends its connections; what was made on the cluster stays.
#[derive(Debug)]
pub struct Aggregated {
    _listener: JoinSet<()>,
}

impl Beside {
    /// Serves KubeVirt's subresources to the API server that `client` leads to, which must run on this machine and know
    /// the namespace of the product; `client` must be its administrator.
    ///
    /// # Errors
    /// No port can be had, or an object cannot be made.
    pub async fn aggregate(&self, client: &kube::Client) -> Result<Aggregated, BesideError> {
        let (listener, _) = bind("subresources of KubeVirt", ANY_PORT).await?;
        let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
        let authority = Authority::new()?;
        let acceptor = TlsAcceptor::from(authority.server(vec!["localhost".to_owned()])?);
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, acceptor, kubevirt_subresources(client.clone(), self.guests().clone())));
        let namespace = &self.world().spec.cluster.mtv_namespace;
        plant(client, registration(namespace, port)).await?;
        Ok(Aggregated { _listener: serving })
    }
}

fn registration(namespace: &str, port: u16) -> Vec<Value> {
    vec![
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": namespace, "name": SERVICE},
            "spec": {"type": "ExternalName", "externalName": "localhost"},
        }),
        json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": format!("{VERSION}.{GROUP}")},
            "spec": {
                "group": GROUP, "version": VERSION, "groupPriorityMinimum": 1000, "versionPriority": 15,
                "service": {"namespace": namespace, "name": SERVICE, "port": port},
                // The API server asks for the service's name in the cluster, which no name of this machine is.
                "insecureSkipTLSVerify": true,
            },
        }),
    ]
}
