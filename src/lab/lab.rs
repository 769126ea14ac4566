//! The composition of a lab: one world, its API server with the controllers, its sources, and a network to reach them.

use super::authority::{Authority, CertificateError};
use super::beside::Beside;
use super::controllers;
use super::downloads::{self, DOWNLOADS_HOST};
use super::guest::Guests;
use super::kube::ApiServer;
use super::network::connection_lost;
use super::oauth::OauthServer;
use super::providers_file::providers_json;
use super::world::{Role, Source, World};
use crate::http::Network;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use std::convert::Infallible;
use std::sync::Arc;
use tower::ServiceExt;

/// Host of the API server inside the lab.
pub(super) const API_HOST: &str = "api.lab.mtvtest";
/// Host of the OAuth server inside the lab.
pub(super) const OAUTH_HOST: &str = "oauth.apps.lab.mtvtest";

/// A lab that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Nobody may do everything, so nobody can run the controllers.
    #[error("start the lab: the world has no user with role: admin; add one to cluster.users")]
    NoAdmin,
    /// An object of the start does not fit its kind.
    #[error("start the lab: seed {object}: {problem}")]
    Seed {
        /// Kind and name.
        object: String,
        /// What the API server said.
        problem: String,
    },
    /// The certificate authority.
    #[error("start the lab")]
    Certificates(#[from] CertificateError),
}

/// A running lab. Stop it to be sure that nothing of it runs on; dropping it ends its tasks, too, without waiting.
#[derive(Debug)]
pub struct Lab {
    api: ApiServer,
    beside: Beside,
    authority: Authority,
    oauth: OauthServer,
    admin_token: String,
}

/// The routers of a lab, for whoever serves them.
pub(super) struct Faces {
    pub(super) api: Router,
    pub(super) oauth: Router,
    pub(super) inventory: Router,
    /// Of the sources that have an API of their own, in the order of the world.
    pub(super) sources: Vec<(Arc<Source>, Router)>,
}

impl Lab {
    /// Starts the lab of `world`: the API server is seeded, the controllers run. Needs a running tokio runtime.
    ///
    /// # Errors
    /// The world has no administrator, or an object of the start breaks a rule of its kind.
    pub fn start(world: World) -> Result<Self, LabError> {
        let admin = world.spec.cluster.users.iter().find(|user| user.role == Role::Admin);
        let admin_token = admin.map(|user| user.token.clone()).ok_or(LabError::NoAdmin)?;
        let authority = Authority::new()?;
        let api = ApiServer::with_logs(&world.spec.cluster, world.faults.clone(), world.pod_logs.clone());
        for object in controllers::seed(&world) {
            let name = format!("{} {}", object["kind"], object["metadata"]["name"]);
            api.insert(object).map_err(|error| LabError::Seed { object: name, problem: error.to_string() })?;
        }
        let oauth = OauthServer::new(&world, &format!("https://{OAUTH_HOST}"));
        if world.spec.cluster.openshift.is_some() {
            api.mount("/.well-known/oauth-authorization-server", oauth.well_known());
        }
        let beside = Beside::run(world, api.client(&admin_token), authority.pem());
        let subresources = controllers::kubevirt_subresources(api.client(&admin_token), beside.guests().clone());
        api.mount("/apis/subresources.kubevirt.io/", subresources);
        let lab = Self { api, beside, authority, oauth, admin_token };
        lab.beside.mount(API_HOST, api_router(&lab.api));
        lab.beside.mount(OAUTH_HOST, lab.oauth.router());
        lab.beside.mount(DOWNLOADS_HOST, downloads::router());
        Ok(lab)
    }

    pub(super) fn faces(&self) -> Faces {
        Faces {
            api: api_router(&self.api),
            oauth: self.oauth.router(),
            inventory: self.beside.inventory(),
            sources: self.beside.sources(),
        }
    }

    /// Its world: what exists, how fast it goes, what goes wrong.
    pub fn world(&self) -> &World {
        self.beside.world()
    }

    /// Its API server.
    pub fn api(&self) -> &ApiServer {
        &self.api
    }

    /// The guests of its VMs.
    pub fn guests(&self) -> &Guests {
        self.beside.guests()
    }

    /// The network on which its hosts are found by name, in this process.
    pub fn network(&self) -> Arc<dyn Network> {
        self.beside.network()
    }

    /// A client of the API server as the administrator, in this process, without retries.
    pub fn client(&self) -> kube::Client {
        self.api.client(&self.admin_token)
    }

    /// Bearer token of the administrator.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// URL of the API server on the lab's network.
    pub fn api_url(&self) -> String {
        format!("https://{API_HOST}:6443")
    }

    /// The certificate of the lab's authority, as PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.pem()
    }

    /// The providers file of the lab's sources, as they are reached on the lab's network.
    pub fn providers_json(&self) -> String {
        self.providers_json_at(str::to_owned)
    }

    /// The providers file with other `host[:port]` texts for the sources' hosts.
    pub(super) fn providers_json_at(&self, place: impl Fn(&str) -> String) -> String {
        providers_json(self.world(), place)
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn oauth(&self) -> &OauthServer {
        &self.oauth
    }

    /// Ends everything that runs in the lab and waits until it has ended.
    pub async fn stop(self) {
        self.beside.stop().await;
    }
}

/// The API server as a router; a reset by a fault becomes the lab's mark for lost connections.
fn api_router(api: &ApiServer) -> Router {
    let service = api.service();
    Router::new().fallback_service(tower::service_fn(move |request: Request<Body>| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.oneshot(request).await.unwrap_or_else(|_| connection_lost())) }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HttpClient, RequestCounter, TlsPolicy};
    use crate::lab::clock::Pace;
    use crate::lab::fault::{TransportEffect, TransportFault};
    use crate::lab::world::WorldSpec;
    use bytes::Bytes;
    use serde_json::Value;

    #[tokio::test]
    async fn every_host_answers_until_the_lab_stops() {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        let lab = Lab::start(world).unwrap();
        let network = lab.network();
        let http = HttpClient::open(&*network, &TlsPolicy::SystemRoots, RequestCounter::default()).unwrap();
        let get = async |url: &str| {
            let request = http::Request::get(url).header("Authorization", "Bearer sha256~lab-admin-token");
            http.send(request.body(Bytes::new()).unwrap()).await.map(|answer| answer.status().as_u16())
        };
        let urls = [
            "https://api.lab.mtvtest:6443/.well-known/oauth-authorization-server",
            "https://api.lab.mtvtest:6443/apis/config.openshift.io/v1/clusterversions/version",
            "https://forklift-inventory.apps.lab.mtvtest/providers",
            "https://vcenter.lab.mtvtest/sdk/vimServiceVersions.xml",
            "https://hyperconverged-cluster-cli-download-openshift-cnv.apps.lab.mtvtest/amd64/linux/virtctl.tar.gz",
        ];
        for url in urls {
            assert_eq!(get(url).await.unwrap(), 200, "{url}");
        }
        let (verb, path) = ("GET".to_owned(), "/clusterversions".to_owned());
        let effect = TransportEffect::Reset;
        lab.world().faults.disturb(TransportFault { verb, path, after: 0, times: Some(1), effect });
        assert!(get(urls[1]).await.unwrap_err().transient);
        let providers: Value = serde_json::from_str(&lab.providers_json()).unwrap();
        assert_eq!(providers["vsphere-8"]["api_url"], "https://vcenter.lab.mtvtest/sdk");
        lab.stop().await;
        assert!(get(urls[2]).await.is_err(), "a stopped lab answers");
    }
}
