//! A run on a lab of its own, put together as the program does it, with hands on the lab's faults.

use mtvtest::cluster::{ClusterError, connect_through};
use mtvtest::config::{MapEnvironment, Providers, Secret, Settings};
use mtvtest::engine::{
    NeededSource, Problem, Reach, RunDirectory, Session, SessionParts, StepError, disconnect, examine_cluster,
    examine_sources, run_test,
};
use mtvtest::event::{CheckReport, Event, EventSender, Leftover, Outcome, Reader, Stamped, Verdict, bus};
use mtvtest::facts::{Seed, SessionId};
use mtvtest::http::RequestCounter;
use mtvtest::lab::clock::Pace;
use mtvtest::lab::fault::Faults;
use mtvtest::lab::world::{Role, World, WorldSpec};
use mtvtest::lab::{Baseline, Lab, Oracle};
use mtvtest::scenario::{Catalogue, Test, tests};
use mtvtest::undo::Ledger;
use mtvtest::wait::pause;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The scenario of most tests: what `cold/sanity` does.
pub(crate) const COLD: &str =
    "description: One cold migration.\nvirtual_machines:\n  - {name: mtv-tests-rhel8, guest_agent: true}\n";

/// A lab, and what a run on it needs.
pub(crate) struct Rig {
    pub(crate) lab: Lab,
    pub(crate) settings: Settings,
    pub(crate) baseline: Baseline,
    pub(crate) folder: TempDir,
    pub(crate) cancel: CancellationToken,
    seed: u64,
}

/// How a run went.
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) events: Vec<Event>,
    pub(crate) leftovers: Vec<Leftover>,
    /// What differs in the world from before the run.
    pub(crate) differences: Vec<String>,
}

struct Collect(Arc<Mutex<Vec<Event>>>);

impl Reader for Collect {
    fn see(&mut self, stamped: &Stamped) -> std::io::Result<()> {
        self.0.lock().unwrap().push(stamped.event.clone());
        Ok(())
    }
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_world(|_| {}, &Faults::default())
    }

    /// A lab of the default world, changed, with faults that are on from the start.
    pub(crate) fn with_world(change: impl FnOnce(&mut WorldSpec), faults: &Faults) -> Self {
        let mut spec = WorldSpec::embedded().unwrap();
        change(&mut spec);
        let admin = spec.cluster.users.iter().find(|user| user.role == Role::Admin).unwrap().clone();
        let mut settings = Settings::default();
        settings.storage_class = Some(spec.cluster.storage_classes[0].name.clone());
        settings.cluster_username = Some(admin.name);
        settings.cluster_password = Some(Secret::new(admin.password));
        settings.insecure_verify_skip = true;
        let mut world = World::from_spec(spec, Pace::FULL).unwrap();
        world.faults = faults.clone();
        let lab = Lab::start(world).unwrap();
        settings.cluster_host = Some(lab.api_url());
        let baseline = Baseline::take(&lab);
        let folder = TempDir::new().unwrap();
        Self { lab, settings, baseline, folder, cancel: CancellationToken::new(), seed: 7 }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.lab.world().faults
    }

    pub(crate) fn providers(&self) -> Providers {
        Providers::parse(&self.lab.providers_json(), "lab", &MapEnvironment::default()).unwrap()
    }

    /// The one test of a scenario's text, on the lab's first source.
    pub(crate) fn test(&self, scenario: &str) -> Test {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("cold")).unwrap();
        std::fs::write(folder.path().join("cold/sanity.yaml"), scenario).unwrap();
        let catalogue = Catalogue::load(folder.path()).unwrap();
        let provider = self.providers().iter().next().unwrap().name.clone();
        tests(&catalogue, &[provider]).remove(0)
    }

    /// What the preflight says; nothing is created by it.
    pub(crate) async fn preflight(&self, scenario: &str) -> Vec<String> {
        let test = self.test(scenario);
        let (parts, _events) = match self.parts().await {
            Ok(parts) => parts,
            Err(problems) => return problems.into_iter().map(|problem| problem.0).collect(),
        };
        match self.sources(&parts, &test).await {
            Ok(sources) => {
                disconnect(sources).await;
                Vec::new()
            }
            Err(problems) => problems.into_iter().map(|problem| problem.0).collect(),
        }
    }

    async fn sources(
        &self,
        parts: &SessionParts,
        test: &Test,
    ) -> Result<std::collections::BTreeMap<String, mtvtest::engine::ConnectedSource>, Vec<Problem>> {
        let entry = parts.providers.get(test.provider.as_deref().unwrap()).unwrap();
        let vms: BTreeSet<&str> = test
            .scenario
            .plans
            .iter()
            .flat_map(|plan| &plan.plan.virtual_machines)
            .map(|vm| vm.name.as_str())
            .collect();
        let reach =
            Reach { network: parts.network.as_ref(), settings: &parts.settings, counter: &parts.source_requests };
        examine_sources(&reach, &[NeededSource { entry, vms }]).await
    }

    /// Connects and examines the cluster.
    pub(crate) async fn parts(&self) -> Result<(SessionParts, Collected), Vec<Problem>> {
        let network = self.lab.network();
        let login: Result<_, ClusterError> =
            connect_through(&self.settings, network.as_ref(), self.lab.api().service()).await;
        let cluster = login.map_err(|error| vec![Problem(mtvtest::facts::chain(&error))])?;
        let class = self.settings.storage_class.clone().unwrap();
        let environment = examine_cluster(&cluster, &self.settings, &class).await?;
        let seed = Seed(self.seed);
        let id = SessionId::generate(seed);
        let directory = RunDirectory::create(self.folder.path(), &id).unwrap();
        let ledger = Ledger::create(&directory.ledger_path(), id.clone()).unwrap();
        let (events, collected) = Collected::start();
        let parts = SessionParts {
            id,
            seed,
            settings: self.settings.clone(),
            providers: self.providers(),
            cluster,
            network,
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
        scenario: &str,
    ) -> (Result<Session, (SessionParts, StepError)>, Test, Collected) {
        let test = self.test(scenario);
        let (parts, collected) = self.parts().await.unwrap_or_else(|problems| panic!("{problems:?}"));
        let sources = self.sources(&parts, &test).await.unwrap_or_else(|problems| panic!("{problems:?}"));
        (Session::set_up(parts, sources).await.map_err(|failed| *failed), test, collected)
    }

    /// A whole run: set up, the test, tear down.
    pub(crate) async fn run(&self, scenario: &str) -> Ran {
        let (session, test, collected) = self.session(scenario).await;
        let (parts, outcome) = match session {
            Ok(session) => {
                let outcome = run_test(&session, &test).await;
                (session.close().await, outcome)
            }
            Err((parts, error)) => (parts, error.outcome()),
        };
        let leftovers = if parts.skip_teardown { Vec::new() } else { parts.tear_down().await.unwrap() };
        drop(parts);
        let events = collected.end().await;
        Ran { outcome, events, leftovers, differences: self.baseline.differences(&self.lab) }
    }

    /// Lets (paused) time pass until there is a Migration.
    pub(crate) async fn migration_exists(&self) {
        while !self.lab.api().objects().iter().any(|object| object["kind"] == "Migration") {
            pause(Duration::from_millis(1)).await;
        }
    }

    pub(crate) fn run_directory(&self) -> std::path::PathBuf {
        self.folder.path().join(SessionId::generate(Seed(self.seed)).as_str())
    }

    pub(crate) fn session_id(&self) -> SessionId {
        SessionId::generate(Seed(self.seed))
    }

    pub(crate) fn leftovers(&self) -> Vec<String> {
        Oracle::leftovers(&self.lab, self.session_id().as_str())
    }
}

/// Events on their way into a list.
pub(crate) struct Collected {
    events: Arc<Mutex<Vec<Event>>>,
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

impl Ran {
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

    /// Nothing was left, by the ledger and by the world itself.
    #[track_caller]
    pub(crate) fn assert_empty_world(&self) {
        assert_eq!(self.leftovers, [], "the ledger has leftovers after {:?}", self.outcome);
        assert_eq!(self.differences, Vec::<String>::new(), "the world differs after {:?}", self.outcome);
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
