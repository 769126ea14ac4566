//! The program's own course of a run, put together as the program does it: preflight, set-up, the test, tear-down. What
//! it runs against, the lab or a real control plane, is its caller's.

use mtvtest::cluster::Cluster;
use mtvtest::config::{MapEnvironment, Providers, Settings};
use mtvtest::engine::{
    ConnectedSource, NeededSource, Problem, Reach, RunDirectory, Session, SessionParts, StepError, examine_cluster,
    examine_sources, native_tunnel, run_test,
};
use mtvtest::event::{CheckReport, Event, EventSender, Leftover, Outcome, Reader, Stamped, Verdict, bus};
use mtvtest::facts::{Seed, SessionId};
use mtvtest::http::{Network, RequestCounter};
use mtvtest::scenario::{Catalogue, Test, tests};
use mtvtest::undo::Ledger;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The scenario of most tests: what `cold/sanity` does.
pub(crate) const COLD: &str =
    "description: One cold migration.\nvirtual_machines:\n  - {name: mtv-tests-rhel8, guest_agent: true}\n";

/// What a run needs besides a cluster.
pub(crate) struct Course {
    pub(crate) settings: Settings,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) providers_json: String,
    /// The provider that scenarios given as text run on.
    pub(crate) provider: String,
    pub(crate) folder: TempDir,
    pub(crate) cancel: CancellationToken,
    /// Names everything that the run makes.
    pub(crate) seed: u64,
}

/// How a run went.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) events: Vec<Event>,
    pub(crate) leftovers: Vec<Leftover>,
}

struct Collect(Arc<Mutex<Vec<Event>>>);

impl Reader for Collect {
    fn see(&mut self, stamped: &Stamped) -> std::io::Result<()> {
        self.0.lock().unwrap().push(stamped.event.clone());
        Ok(())
    }
}

impl Course {
    pub(crate) fn new(settings: Settings, network: Arc<dyn Network>, providers_json: String) -> Self {
        let folder = TempDir::new().unwrap();
        let provider = "vsphere-8".to_owned();
        Self { settings, network, providers_json, provider, folder, cancel: CancellationToken::new(), seed: 7 }
    }

    pub(crate) fn providers(&self) -> Providers {
        Providers::parse(&self.providers_json, "lab", &MapEnvironment::default()).unwrap()
    }

    /// The one test of a scenario's text, on the first source.
    pub(crate) fn test(&self, scenario: &str) -> Test {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("cold")).unwrap();
        std::fs::write(folder.path().join("cold/sanity.yaml"), scenario).unwrap();
        let catalogue = Catalogue::load(folder.path()).unwrap();
        tests(&catalogue, std::slice::from_ref(&self.provider)).remove(0)
    }

    pub(crate) async fn sources(
        &self,
        parts: &SessionParts,
        test: &Test,
    ) -> Result<BTreeMap<String, ConnectedSource>, Vec<Problem>> {
        self.sources_of(parts, std::slice::from_ref(test)).await
    }

    /// Connects to the sources of these tests.
    pub(crate) async fn sources_of(
        &self,
        parts: &SessionParts,
        tests: &[Test],
    ) -> Result<BTreeMap<String, ConnectedSource>, Vec<Problem>> {
        let mut needed: BTreeMap<&str, NeededSource<'_>> = BTreeMap::new();
        for test in tests {
            let name = test.provider.as_deref().unwrap();
            let entry = parts.providers.get(name).unwrap();
            needed.entry(name).or_insert_with(|| NeededSource::of(entry)).add(test);
        }
        let needed: Vec<NeededSource<'_>> = needed.into_values().collect();
        let reach = Reach {
            network: parts.network.as_ref(),
            cluster: &parts.cluster,
            settings: &parts.settings,
            counter: &parts.source_requests,
        };
        examine_sources(&reach, &needed).await
    }

    /// Examines the cluster and begins a run on it.
    pub(crate) async fn parts(&self, cluster: Cluster) -> Result<(SessionParts, Collected), Vec<Problem>> {
        let class = self.settings.storage_class.clone().unwrap();
        let environment = examine_cluster(&cluster, &self.settings, &class).await?;
        let seed = Seed(self.seed);
        let id = self.session_id();
        let directory = RunDirectory::create(self.folder.path(), &id).unwrap();
        let ledger = Ledger::create(&directory.ledger_path(), id.clone()).unwrap();
        let (events, collected) = Collected::start();
        let parts = SessionParts {
            tunnel: native_tunnel(&cluster),
            id,
            seed,
            settings: self.settings.clone(),
            providers: self.providers(),
            cluster,
            network: Arc::clone(&self.network),
            environment,
            directory,
            ledger,
            events,
            cancel: self.cancel.clone(),
            source_requests: RequestCounter::default(),
            skip_teardown: self.settings.skip_teardown,
        };
        Ok((parts, collected))
    }

    /// Sets up a session for a scenario's text.
    pub(crate) async fn session(
        &self,
        cluster: Cluster,
        scenario: &str,
    ) -> (Result<Session, (SessionParts, StepError)>, Test, Collected) {
        let test = self.test(scenario);
        let (parts, collected) = self.parts(cluster).await.unwrap_or_else(|problems| panic!("{problems:?}"));
        let sources = self.sources(&parts, &test).await.unwrap_or_else(|problems| panic!("{problems:?}"));
        (Session::set_up(parts, sources).await.map_err(|failed| *failed), test, collected)
    }

    /// A whole run: set up, the test, tear down.
    pub(crate) async fn run(&self, cluster: Cluster, scenario: &str) -> Ended {
        let (session, test, collected) = self.session(cluster, scenario).await;
        let (parts, outcome) = match session {
            Ok(session) => {
                let outcome = run_test(&session, &test).await;
                (session.close().await, outcome)
            }
            Err((parts, error)) => (parts, error.outcome()),
        };
        let leftovers = if parts.skip_teardown { Vec::new() } else { parts.tear_down().await.unwrap() };
        drop(parts);
        Ended { outcome, events: collected.end().await, leftovers }
    }

    pub(crate) fn run_directory(&self) -> std::path::PathBuf {
        self.folder.path().join(self.session_id().as_str())
    }

    pub(crate) fn session_id(&self) -> SessionId {
        SessionId::generate(Seed(self.seed))
    }
}

/// Events on their way into a list.
pub(crate) struct Collected {
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
    pump: JoinSet<std::io::Result<()>>,
}

impl Collected {
    pub(crate) fn start() -> (EventSender, Self) {
        let events = Arc::default();
        let (sender, pumped) = bus(vec![Box::new(Collect(Arc::clone(&events)))]);
        let mut pump = JoinSet::new();
        pump.spawn(pumped);
        (sender, Self { events, pump })
    }

    /// All events, once every sender is gone.
    pub(crate) async fn end(mut self) -> Vec<Event> {
        self.pump.join_next().await.unwrap().unwrap().unwrap();
        self.events.lock().unwrap().clone()
    }
}

impl Ended {
    /// The checks that failed.
    pub(crate) fn failed_checks(&self) -> Vec<String> {
        self.reports()
            .filter(|report| matches!(report.verdict, Verdict::Failed { .. }))
            .map(|report| report.check.clone())
            .collect()
    }

    pub(crate) fn reports(&self) -> impl Iterator<Item = &CheckReport> {
        self.events.iter().filter_map(|event| match event {
            Event::CheckJudged { report, .. } => Some(report),
            _ => None,
        })
    }

    /// The reason of a scenario that did not pass.
    pub(crate) fn reason(&self) -> &str {
        match &self.outcome {
            Outcome::Failed { reason } | Outcome::Broken { reason } | Outcome::Skipped { reason } => reason,
            Outcome::Passed | Outcome::Cancelled => "",
        }
    }
}

/// Everything that a run's directory holds, as text.
pub(crate) fn all_files(directory: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&all_files(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
    text
}
