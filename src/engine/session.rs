//! What the tests of one run share.

use super::controller_share::ControllerShares;
use super::fixtures::{SharedFixtures, SourceFixture, create_namespace, remote_destination};
use super::node_label::NodeLabels;
use super::preflight::{Environment, disconnect};
use super::run::RunDirectory;
use super::source::ConnectedSource;
use super::steps::StepError;
use crate::cluster::Cluster;
use crate::config::{Providers, Settings};
use crate::event::{Event, EventSender};
use crate::facts::{Seed, SessionId};
use crate::guest::Tunnel;
use crate::http::{Network, RequestCounter};
use crate::scenario::Destination;
use crate::undo::{EntryId, Ledger};
use crate::wait::Deadline;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;

/// What a session is made of.
pub struct SessionParts {
    /// Session id.
    pub id: SessionId,
    /// Seed of every random choice.
    pub seed: Seed,
    /// Settings.
    pub settings: Settings,
    /// Providers file.
    pub providers: Providers,
    /// The cluster.
    pub cluster: Cluster,
    /// Everything else outside.
    pub network: Arc<dyn Network>,
    /// The way to the guests of migrated VMs.
    pub tunnel: Arc<dyn Tunnel>,
    /// What the preflight found.
    pub environment: Environment,
    /// The run's directory.
    pub directory: RunDirectory,
    /// The run's ledger.
    pub ledger: Ledger,
    /// Where events go.
    pub events: EventSender,
    /// Ends every wait when the run is interrupted.
    pub cancel: CancellationToken,
    /// Counts requests to sources and the inventory.
    pub source_requests: RequestCounter,
    /// Leave everything in place at the end.
    pub skip_teardown: bool,
}

/// A run: its parts and its shared fixtures.
pub struct Session {
    pub(super) parts: SessionParts,
    pub(super) shared: SharedFixtures,
    pub(super) sources: BTreeMap<String, Result<SourceFixture, StepError>>,
    namespaces: Mutex<BTreeMap<String, EntryId>>,
    remote: OnceCell<(String, EntryId)>,
    pub(super) controller: ControllerShares,
    pub(super) node_labels: NodeLabels,
}

impl Session {
    /// Sets up what tests share: the target namespace, the destination Provider, and a source Provider for each name.
    ///
    /// A source that fails breaks its own tests only. On an error the caller must still `tear_down` what the ledger
    /// holds, with an [`super::Unwinder`].
    ///
    /// # Errors
    /// The namespace or the destination Provider cannot be had, or no source can.
    pub async fn set_up(
        parts: SessionParts,
        connected: BTreeMap<String, ConnectedSource>,
    ) -> Result<Self, Box<(SessionParts, StepError)>> {
        let shared = match SharedFixtures::create(&parts).await {
            Ok(shared) => shared,
            Err(error) => {
                disconnect(connected).await;
                return Err(Box::new((parts, error)));
            }
        };
        let fixtures = connected.into_iter().map(async |(name, connected)| {
            let made = SourceFixture::create(&parts, &shared, &name, connected).await;
            (name, made)
        });
        let sources: BTreeMap<_, _> = futures::future::join_all(fixtures).await.into_iter().collect();
        if !sources.is_empty() && sources.values().all(Result::is_err) {
            let errors = sources.into_values().filter_map(Result::err).collect();
            let error = StepError::join(errors).unwrap_or(StepError::Cancelled);
            return Err(Box::new((parts, error)));
        }
        let namespaces = Mutex::new(BTreeMap::from([(shared.namespace.clone(), shared.namespace_entry)]));
        let (controller, node_labels) = (ControllerShares::default(), NodeLabels::default());
        Ok(Self { parts, shared, sources, namespaces, remote: OnceCell::new(), controller, node_labels })
    }

    /// A namespace for VMs or NADs: made once for all tests that name it, and removed with the session, since another
    /// test may still use it when one ends.
    pub(super) async fn namespace(&self, name: &str) -> Result<EntryId, StepError> {
        let mut known = self.namespaces.lock().await;
        if let Some(entry) = known.get(name) {
            return Ok(*entry);
        }
        let created = create_namespace(&self.parts, name).await?;
        known.insert(name.to_owned(), created.entry);
        Ok(created.entry)
    }

    /// Name and ledger entry of the destination Provider; the remote one is made when it is first asked for.
    pub(super) async fn destination(&self, destination: Destination) -> Result<(String, EntryId), StepError> {
        match destination {
            Destination::Local => Ok((self.shared.destination.clone(), self.shared.destination_entry)),
            Destination::Remote => {
                let made = self.remote.get_or_try_init(|| remote_destination(&self.parts, &self.shared));
                Ok(made.await?.clone())
            }
        }
    }

    /// Settings of the product that tests share.
    pub fn controller(&self) -> &ControllerShares {
        &self.controller
    }

    /// Labels of nodes that tests share.
    pub fn node_labels(&self) -> &NodeLabels {
        &self.node_labels
    }

    /// The parts, for reading.
    pub fn parts(&self) -> &SessionParts {
        &self.parts
    }

    /// Ends the session's connections and gives the parts back, for the teardown.
    pub async fn close(self) -> SessionParts {
        for source in self.sources.values().flatten() {
            source.sdk.disconnect().await;
        }
        self.parts.tunnel.close().await;
        self.parts
    }
}

impl SessionParts {
    /// Emits an event.
    pub fn emit(&self, event: Event) {
        self.events.emit(event);
    }

    /// A deadline that an interruption ends early.
    pub fn deadline(&self, limit: Duration) -> Deadline {
        Deadline::after(limit, &self.cancel)
    }
}
