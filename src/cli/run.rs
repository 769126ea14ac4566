//! `mtvtest run`: everything a test run is, from arguments to exit code.

use super::args::{GlobalArgs, ListFormat, RunArgs};
use super::error::CliError;
use super::exit::ExitCode;
use super::harness::Harness;
use super::interrupt;
use super::log;
use super::output::{say, stderr_paint, stderr_screen, stdout_is_terminal};
use super::selected;
use super::surroundings::Surroundings;
use crate::cluster::Cluster;
use crate::config::Environment;
use crate::engine::{
    self, ConnectedSource, Reach, RunDirectory, Session, SessionParts, StepError, TunnelParts, disconnect,
    examine_cluster, examine_sources, find_leftovers,
};
use crate::event::{Event, EventSender, Leftover, Reader, Summary, bus};
use crate::facts::{Seed, SessionId, chain, now, rfc3339};
use crate::guest::Tunnel;
use crate::http::RequestCounter;
use crate::report::{Console, JUnit, JsonLines, Place};
use crate::scenario::Test;
use crate::undo::Ledger;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Tests at once on a cluster, where each needs minutes of its storage.
const PARALLEL_ON_CLUSTER: usize = 4;
/// Tests at once on the lab, where each needs milliseconds.
const PARALLEL_ON_LAB: usize = 32;

/// Runs the selected tests.
pub(super) fn run(args: &RunArgs, global: GlobalArgs, environment: &dyn Environment) -> Result<ExitCode, CliError> {
    let runtime = super::runtime()?;
    let code = begin(&runtime, args, global, environment);
    runtime.shutdown_background();
    code
}

/// What the preflight found out; nothing has been created yet.
struct Ready {
    cluster: Cluster,
    tunnel: Arc<dyn Tunnel>,
    /// What is to be told of it.
    notes: Vec<String>,
    environment: engine::Environment,
    sources: BTreeMap<String, ConnectedSource>,
    /// Tests that cannot run, with the reason.
    skipped: BTreeMap<String, String>,
}

fn begin(
    runtime: &Runtime,
    args: &RunArgs,
    global: GlobalArgs,
    environment: &dyn Environment,
) -> Result<ExitCode, CliError> {
    let around = {
        let _inside = runtime.enter();
        Surroundings::resolve(&args.environment, args.settings(environment)?, environment)?
    };
    let (class, providers) = around.required()?;
    let tests = selected::runnable_tests(&args.all_selection(), &providers)?;
    let counter = RequestCounter::default();
    let ready = runtime.block_on(Box::pin(preflight(&around, environment, &class, &tests, &counter)))?;
    let seed = Seed(around.settings.seed.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0 >> 1));
    let id = SessionId::generate(seed);
    let directory = RunDirectory::create(&around.settings.data_collector_path, &id)?;
    let paint = stderr_paint(global.colour, environment);
    // Results in a form for programs go to standard output always; live lines on the same terminal would tear them.
    let for_people = args.harness.format == ListFormat::Pretty;
    let screen = stderr_screen(!args.no_progress && (for_people || !stdout_is_terminal()), environment);
    let alone = screen.is_live() && stdout_is_terminal();
    log::init(global.log_level, screen.clone(), false, Some(&directory.path().join("mtvtest.log")))?;
    let place = Place::run(directory.path()).with_clean_options(args.environment.clean_options());
    let farewell = farewell(around.lab.is_some(), &place, &id);
    let console = Console::new(screen, paint, place, alone);
    let results = alone.then(|| directory.path().join("libtest.log"));
    let (events, pump) = bus(readers(args, directory.path(), console)?);
    let mut tasks = JoinSet::new();
    tasks.spawn_on(pump, runtime.handle());
    let cancel = CancellationToken::new();
    let interrupts = interrupt::watch(runtime.handle(), &cancel, farewell.clone(), args.timeout);
    let ledger = Ledger::create(&directory.ledger_path(), id.clone())?;
    let Surroundings { settings, providers, network, lab } = around;
    let Ready { cluster, tunnel, notes, environment, sources, skipped } = ready;
    let skip_teardown = settings.skip_teardown;
    let parts = SessionParts {
        tunnel,
        id,
        seed,
        settings,
        providers,
        cluster,
        network,
        environment,
        directory,
        ledger,
        events,
        cancel,
        source_requests: counter,
        skip_teardown,
    };
    announce(&parts, &tests);
    for note in notes {
        parts.emit(Event::Noted { test: None, note });
    }
    let outcome =
        Conduct { runtime, args, tests, skipped, on_lab: lab.is_some(), results, farewell }.execute(parts, sources);
    // The senders are gone with the parts; the readers have seen everything once the pump ends.
    let read = runtime.block_on(async { tasks.join_next().await });
    drop(interrupts);
    if let Some(lab) = lab {
        runtime.block_on(lab.stop());
    }
    let (summary, interrupted) = outcome?;
    if let Some(Ok(Err(error))) = read {
        return Err(CliError::internal(format!("write the run's reports: {error}")));
    }
    Ok(ExitCode::of_run(&summary, interrupted))
}

/// What becomes of things that a run leaves in place.
fn farewell(on_lab: bool, place: &Place, id: &SessionId) -> String {
    if on_lab {
        "it ends with the lab, which is part of this program".to_owned()
    } else {
        format!("remove it with: {}", place.clean_command(id.as_str()))
    }
}

async fn preflight(
    around: &Surroundings,
    environment: &dyn Environment,
    class: &str,
    tests: &[Test],
    counter: &RequestCounter,
) -> Result<Ready, CliError> {
    let cluster = around.connect(environment).await?;
    let reach = Reach { network: around.network.as_ref(), cluster: &cluster, settings: &around.settings, counter };
    let found = examine_cluster(&cluster, &around.settings, class).await;
    let skipped = selected::skips(tests, around, found.as_ref().ok());
    let needed = selected::needed(tests, &skipped, around);
    match (found, examine_sources(&reach, &needed).await) {
        (Ok(found), Ok(sources)) => {
            let tunnel = TunnelParts {
                cluster: &cluster,
                environment: &found,
                settings: &around.settings,
                variables: environment,
                network: around.network.as_ref(),
                counter,
            };
            match tunnel.open().await {
                Ok((tunnel, notes)) => Ok(Ready { cluster, tunnel, notes, environment: found, sources, skipped }),
                Err(problem) => {
                    disconnect(sources).await;
                    Err(CliError::NotReady(vec![problem]))
                }
            }
        }
        (Err(problems), Ok(sources)) => {
            disconnect(sources).await;
            Err(CliError::NotReady(problems))
        }
        (Ok(_), Err(problems)) => Err(CliError::NotReady(problems)),
        (Err(mut problems), Err(more)) => {
            problems.extend(more);
            Err(CliError::NotReady(problems))
        }
    }
}

fn readers(args: &RunArgs, directory: &Path, console: Console) -> Result<Vec<Box<dyn Reader>>, CliError> {
    let mut readers: Vec<Box<dyn Reader>> = vec![
        Box::new(JsonLines::create(&directory.join("events.jsonl"))?),
        Box::new(JUnit::new(directory.join("junit.xml"))),
        Box::new(console),
        Box::new(log::EventLog),
    ];
    if let Some(path) = &args.junit {
        readers.push(Box::new(JUnit::new(path.clone())));
    }
    Ok(readers)
}

fn announce(parts: &SessionParts, tests: &[Test]) {
    parts.emit(Event::RunStarted {
        session: parts.id.to_string(),
        seed: parts.seed.0,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: rfc3339(now()),
        tests: tests.iter().map(|test| test.name.clone()).collect(),
    });
    parts.emit(Event::EnvironmentKnown {
        cluster: parts.environment.cluster.clone(),
        mtv: parts.environment.mtv.clone(),
        openshift: parts.environment.openshift.clone(),
        storage_class: parts.environment.storage_class.clone(),
    });
}

/// The conduct of one run: set up, run the tests, tear down, count.
struct Conduct<'a> {
    runtime: &'a Runtime,
    args: &'a RunArgs,
    tests: Vec<Test>,
    skipped: BTreeMap<String, String>,
    on_lab: bool,
    /// Where the results of libtest-mimic go, if not to standard output.
    results: Option<PathBuf>,
    /// What becomes of things that are left in place.
    farewell: String,
}

impl Conduct<'_> {
    /// Returns the counts, and whether the run was interrupted.
    fn execute(
        self,
        parts: SessionParts,
        sources: BTreeMap<String, ConnectedSource>,
    ) -> Result<(Summary, bool), CliError> {
        let mut summary = Summary::default();
        let set_up = self.runtime.block_on(Box::pin(Session::set_up(parts, sources)));
        let (parts, failure) = match set_up {
            Ok(session) => {
                let parallel = session.parts().settings.parallel;
                let harness = Harness {
                    runtime: self.runtime.handle().clone(),
                    session: Arc::new(session),
                    failures_max: self.args.failures_max(),
                    parallel: parallel.unwrap_or(if self.on_lab { PARALLEL_ON_LAB } else { PARALLEL_ON_CLUSTER }),
                    format: self.args.harness.format,
                    results: self.results,
                };
                let (session, counted) = harness.run(self.tests, self.skipped)?;
                summary = counted;
                (self.runtime.block_on(session.close()), None)
            }
            Err(failed) => {
                let (parts, error) = *failed;
                (parts, Some(error))
            }
        };
        let begun = parts.events.elapsed_ms();
        let leftovers = self.runtime.block_on(Box::pin(tear_down(&parts, &self.farewell)))?;
        summary.leftovers = u32::try_from(leftovers.len()).unwrap_or(u32::MAX);
        summary.kubernetes_requests = parts.cluster.requests();
        summary.source_requests = parts.source_requests.total();
        let interrupted = parts.cancel.is_cancelled();
        tracing::debug!("teardown took {} ms", parts.events.elapsed_ms() - begun);
        parts.emit(Event::RunFinished { took_ms: parts.events.elapsed_ms(), summary });
        match failure {
            None | Some(StepError::Cancelled) => Ok((summary, interrupted)),
            // Nothing ran, and what the set-up made is gone again: the environment was not ready.
            Some(error) if leftovers.is_empty() => Err(CliError::NotReady(vec![engine::Problem(words(error))])),
            Some(error) => {
                say(&words(error));
                summary.broken += 1;
                Ok((summary, interrupted))
            }
        }
    }
}

fn words(error: StepError) -> String {
    match error {
        StepError::Failed(reason) | StepError::Broken(reason) => reason,
        StepError::Cancelled => "interrupted".to_owned(),
    }
}

/// Removes everything, then looks on the cluster whether anything of the session is still there.
async fn tear_down(parts: &SessionParts, farewell: &str) -> Result<Vec<Leftover>, CliError> {
    if parts.skip_teardown {
        let note = format!("everything was left in place; {farewell}");
        parts.emit(Event::Noted { test: None, note });
        return Ok(Vec::new());
    }
    let mut leftovers = parts.tear_down().await?;
    match find_leftovers(&parts.cluster, &parts.id).await {
        Ok(found) => {
            let known: Vec<String> = leftovers.iter().map(|leftover| leftover.what.clone()).collect();
            for (target, _) in found.into_iter().filter(|(target, _)| !known.contains(&target.to_string())) {
                let why = "it is not in the ledger, or came back after its removal".to_owned();
                leftovers.push(tell(&parts.events, Leftover { what: target.to_string(), why, test: None }));
            }
        }
        Err(error) => {
            let why = chain(&error);
            let what = "whatever the cluster still holds of this session".to_owned();
            leftovers.push(tell(&parts.events, Leftover { what, why, test: None }));
        }
    }
    Ok(leftovers)
}

fn tell(events: &EventSender, leftover: Leftover) -> Leftover {
    events.emit(Event::LeftBehind { leftover: leftover.clone() });
    leftover
}
