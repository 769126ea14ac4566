//! The living world as a whole: its parts, and how sources are found in it.

use super::{MigratedGuests, PodLogs, ShownCertificates, Source, WorldSpec};
use crate::lab::clock::Pace;
use crate::lab::fault::Faults;
use std::sync::Arc;

/// The living world that all parts of a lab share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct World {
    /// What it was made from.
    pub spec: Arc<WorldSpec>,
    /// Its sources, in the order of the spec.
    pub sources: Vec<Arc<Source>>,
    /// How fast simulated work goes.
    pub pace: Pace,
    /// What goes wrong.
    pub faults: Faults,
    /// What the pods of the cluster print.
    pub pod_logs: PodLogs,
    /// The certificates that its hosts show.
    pub shown: ShownCertificates,
    /// The guests of the cluster's VMs.
    pub migrated: MigratedGuests,
}

impl World {
    /// The source whose API or share is at `host` (name or `host:port`), as a Provider's URL names it.
    pub fn source_at(&self, host: &str) -> Option<&Arc<Source>> {
        self.sources.iter().find(|source| source.answers_to(host))
    }

    /// The sources of a type, as Forklift names it.
    pub fn of_type<'a>(&'a self, type_name: &'a str) -> impl Iterator<Item = &'a Arc<Source>> {
        self.sources.iter().filter(move |source| source.type_name() == type_name)
    }

    /// The source with this name in providers.json.
    pub fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.sources.iter().find(|source| source.name == name)
    }
}
