//! All of a lab but its API server: the controllers, the inventory and the sources, beside whatever API server a client
//! leads to. The lab runs it beside its own; beside a real control plane it stands in for the products alone.

use super::authority::{Authority, CertificateError};
use super::controllers::{self, INVENTORY_HOST, PlantError};
use super::esxi::EsxiServer;
use super::guest::Guests;
use super::inventory::InventoryServer;
use super::network::LabNetwork;
use super::providers_file::providers_json;
use super::serve::ServeError;
use super::shell::SSH_PORT;
use super::source_api::SourceApi;
use super::world::{Source, World};
use crate::http::Network;
use axum::Router;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A lab that cannot start beside a cluster.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    /// The cluster does not take what it must hold.
    #[error("start the lab beside a cluster")]
    Plant(#[from] PlantError),
    /// The certificate authority of the sources' hosts.
    #[error("start the lab beside a cluster")]
    Certificates(#[from] CertificateError),
    /// No port for KubeVirt's subresources.
    #[error("start the lab beside a cluster")]
    Serve(#[from] ServeError),
}

/// The running products and sources of a world. Stop it to be sure that nothing of it runs on; dropping it ends its
/// tasks, too, without waiting.
#[derive(Debug)]
pub struct Beside {
    world: World,
    network: LabNetwork,
    inventory: InventoryServer,
    sources: Vec<(Arc<Source>, SourceApi)>,
    esxi: Vec<Arc<EsxiServer>>,
    guests: Guests,
    cancel: CancellationToken,
    running: JoinSet<()>,
}

impl Beside {
    /// Starts beside the cluster of `client`, who must be its administrator: what a lab's cluster holds at its start is
    /// made there, except definitions of kinds, which must be there, and what exists. Needs a running tokio runtime.
    ///
    /// # Errors
    /// An object cannot be made.
    pub async fn start(world: World, client: kube::Client) -> Result<Self, BesideError> {
        let authority = Authority::new()?;
        controllers::plant(&client, controllers::seed(&world)).await?;
        Ok(Self::run(world, client, authority.pem()))
    }

    /// As [`Self::start`], where everything is there already. `authority` is the PEM that the hosts on
    /// [`Self::network`] show.
    pub(super) fn run(world: World, client: kube::Client, authority: &str) -> Self {
        world.shown.show(authority);
        let cancel = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(controllers::run(world.clone(), client.clone(), cancel.clone()));
        let beside = Self {
            network: LabNetwork::new(authority),
            inventory: InventoryServer::start(&world, client),
            sources: (world.sources.iter())
                .filter_map(|source| Some((Arc::clone(source), SourceApi::of(source, &world)?)))
                .collect(),
            esxi: world.of_type("vsphere").map(|source| Arc::new(EsxiServer::new(Arc::clone(source)))).collect(),
            guests: Guests::new(&world),
            world,
            cancel,
            running,
        };
        beside.mount(INVENTORY_HOST, beside.inventory());
        for (source, api) in &beside.sources {
            beside.mount(&source.host, api.router());
        }
        for (source, server) in beside.world.of_type("vsphere").zip(&beside.esxi) {
            for host in &source.read().hosts {
                let (server, moref) = (Arc::clone(server), host.moref.clone());
                beside.network.listen(&host.name, SSH_PORT, move |stream| server.accept(&moref, stream));
            }
        }
        let guests = beside.guests.clone();
        beside.network.listen_elsewhere(move |host, port, stream| guests.accept_source(host, port, stream));
        beside
    }

    /// The guests of its VMs.
    pub fn guests(&self) -> &Guests {
        &self.guests
    }

    /// Puts another host on the network.
    pub(super) fn mount(&self, host: &str, router: Router) {
        self.network.mount(host, router);
    }

    pub(super) fn inventory(&self) -> Router {
        self.inventory.router()
    }

    /// The APIs of those sources that have one, in the order of the world.
    pub(super) fn sources(&self) -> Vec<(Arc<Source>, Router)> {
        self.sources.iter().map(|(source, api)| (Arc::clone(source), api.router())).collect()
    }

    /// Its world: what exists, how fast it goes, what goes wrong.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The network on which the inventory and the sources are found by name, in this process.
    pub fn network(&self) -> Arc<dyn Network> {
        Arc::new(self.network.clone())
    }

    /// The providers file of the sources, as they are reached on [`Self::network`].
    pub fn providers_json(&self) -> String {
        providers_json(&self.world, str::to_owned)
    }

    /// Ends everything that runs and waits until it has ended.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        self.network.cut();
        self.inventory.stop().await;
        for (_, server) in &self.sources {
            server.stop().await;
        }
        self.esxi.iter().for_each(|server| server.stop());
        self.guests.stop();
        while self.running.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Lab;
    use crate::lab::clock::Pace;
    use crate::lab::world::WorldSpec;
    use serde_json::Value;

    /// Beside another lab's API server, whose own controllers are another client's as any cluster's are.
    #[tokio::test(start_paused = true)]
    async fn what_is_missing_is_made_with_its_status_and_what_is_there_is_kept() {
        let world = || World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        let lab = Lab::start(world()).unwrap();
        let client = lab.client();
        let path =
            "/apis/forklift.konveyor.io/v1beta1/namespaces/openshift-mtv/forkliftcontrollers/forklift-controller";
        let ask = async |method: &str, path: &str| {
            let request = http::Request::builder().method(method).uri(path).body(Vec::new()).unwrap();
            client.request::<Value>(request).await.unwrap()
        };
        let pod = "/api/v1/namespaces/openshift-mtv/pods/forklift-controller-5d8f7c9b4d-x2k7p";
        let before = ask("GET", path).await;
        ask("DELETE", pod).await;
        let beside = Beside::start(world(), client.clone()).await.unwrap();
        assert_eq!(ask("GET", path).await["metadata"]["uid"], before["metadata"]["uid"]);
        assert_eq!(ask("GET", pod).await["status"]["phase"], "Running");
        let chain = beside.network().certificate_chain("vcenter.lab.mtvtest", 443).await.unwrap();
        assert!(chain.contains("BEGIN CERTIFICATE"), "{chain}");
        beside.stop().await;
        lab.stop().await;
    }
}
