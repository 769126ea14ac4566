//! `mtvtest clean`: removing what a run left behind, from its ledger or from the cluster and the sources alone.

use super::args::CleanArgs;
use super::error::CliError;
use super::exit::ExitCode;
use super::output::say;
use super::surroundings::Surroundings;
use crate::cluster::Cluster;
use crate::config::Environment;
use crate::engine::{RunDirectory, Unwinder, find_leftovers, record_found};
use crate::event::{Event, EventSender, Leftover, Reader, Stamped, bus};
use crate::facts::SessionId;
use crate::http::RequestCounter;
use crate::undo::{Ledger, LedgerError};
use crate::wait::Deadline;
use std::path::{Path, PathBuf};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Cleans up.
pub(super) fn clean(args: &CleanArgs, environment: &dyn Environment) -> Result<ExitCode, CliError> {
    let runtime = super::runtime()?;
    let code = runtime.block_on(Box::pin(begin(args, environment)));
    runtime.shutdown_background();
    code
}

async fn begin(args: &CleanArgs, environment: &dyn Environment) -> Result<ExitCode, CliError> {
    // A ledger that cannot be used is told before anybody is asked.
    let known = match args.run.as_deref().map(open_run).transpose() {
        Err(CliError::Ledger(LedgerError::Empty(path))) => {
            say(&format!("the ledger {} has no entry: the run made nothing", path.display()));
            return Ok(ExitCode::Success);
        }
        known => known?,
    };
    let around = Surroundings::resolve(&args.environment, args.environment.settings(environment)?, environment)?;
    let cluster = around.connect(environment).await?;
    let (events, pump) = bus(vec![Box::new(Narrator)]);
    let mut tasks = JoinSet::new();
    tasks.spawn(pump);
    let done = match (known, &args.session) {
        (Some((_directory, ledger)), _) => undo(args, &around, &cluster, &events, &ledger).await,
        (None, Some(session)) => undo_found(args, &around, &cluster, &events, session).await,
        (None, None) => Err(CliError::usage("name a run directory, its resources.json, or --session ID")),
    };
    drop(events);
    tasks.join_next().await;
    if let Some(lab) = around.lab {
        lab.stop().await;
    }
    let leftovers = done?;
    Ok(if leftovers.is_empty() { ExitCode::Success } else { ExitCode::LeftBehind })
}

/// The locked directory and its ledger.
fn open_run(path: &Path) -> Result<(RunDirectory, Ledger), CliError> {
    let directory: PathBuf = match path.file_name() {
        Some(name) if name == "resources.json" => path.parent().map(Path::to_owned).unwrap_or_default(),
        _ => path.to_owned(),
    };
    let directory = if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory };
    // Before the lock, which is a file: a directory that is no run's stays as it is.
    if !directory.join("resources.json").is_file() {
        return Err(CliError::usage(format!(
            "{} has no ledger (resources.json); name a run directory, such as .data-collector/latest, or use --session ID",
            directory.display()
        )));
    }
    let run = RunDirectory::open(&directory)?;
    let ledger = Ledger::open(&run.ledger_path())?;
    Ok((run, ledger))
}

/// Finds what a session left, writes it into a ledger of its own beside the runs, and undoes that.
async fn undo_found(
    args: &CleanArgs,
    around: &Surroundings,
    cluster: &Cluster,
    events: &EventSender,
    session: &SessionId,
) -> Result<Vec<Leftover>, CliError> {
    let base = around.settings.data_collector_path.join(format!("{session}-clean"));
    let fresh = !base.exists();
    std::fs::create_dir_all(&base).map_err(|error| CliError::internal(format!("make {}: {error}", base.display())))?;
    let directory = RunDirectory::open(&base)?;
    let ledger = Ledger::create(&directory.ledger_path(), session.clone())?;
    let counter = RequestCounter::default();
    let unwinder = unwinder(around, cluster, events, &ledger, &counter);
    let found = record_found(&unwinder, &ledger, &around.providers, session).await?;
    unwinder.close().await;
    if found == 0 {
        drop((ledger, directory));
        // An empty ledger is of no use to anybody; that of an earlier clean-up is.
        if fresh {
            std::fs::remove_dir_all(&base)
                .map_err(|error| CliError::internal(format!("remove {}: {error}", base.display())))?;
        }
        say(&format!("nothing of session {session} is left"));
        return Ok(Vec::new());
    }
    let mut leftovers = undo(args, around, cluster, events, &ledger).await?;
    if !args.dry_run {
        for (target, _) in find_leftovers(cluster, session).await? {
            let what = target.to_string();
            if leftovers.iter().all(|known| known.what != what) {
                leftovers.push(Leftover { what, why: "it is still there".to_owned(), test: None });
            }
        }
    }
    Ok(leftovers)
}

async fn undo(
    args: &CleanArgs,
    around: &Surroundings,
    cluster: &Cluster,
    events: &EventSender,
    ledger: &Ledger,
) -> Result<Vec<Leftover>, CliError> {
    if args.dry_run {
        for entry in ledger.open_entries() {
            say(&format!("would remove {}", entry.thing));
        }
        return Ok(Vec::new());
    }
    let counter = RequestCounter::default();
    let unwinder = unwinder(around, cluster, events, ledger, &counter);
    let leftovers = unwinder.undo(|_| true).await;
    unwinder.close().await;
    Ok(leftovers?)
}

fn unwinder<'a>(
    around: &'a Surroundings,
    cluster: &'a Cluster,
    events: &'a EventSender,
    ledger: &'a Ledger,
    counter: &'a RequestCounter,
) -> Unwinder<'a> {
    Unwinder {
        ledger,
        cluster,
        providers: &around.providers,
        network: around.network.as_ref(),
        settings: &around.settings,
        events,
        source_requests: counter,
        deadline: Deadline::after(around.settings.timeouts.teardown, &CancellationToken::new()),
        connections: tokio::sync::Mutex::default(),
    }
}

/// Says what is removed and what is not.
struct Narrator;

impl Reader for Narrator {
    fn see(&mut self, stamped: &Stamped) -> std::io::Result<()> {
        match &stamped.event {
            Event::Removed { what, .. } => say(&format!("removed {what}")),
            Event::Noted { note, .. } => say(&format!("note: {note}")),
            Event::LeftBehind { leftover } => say(&format!("left behind: {}: {}", leftover.what, leftover.why)),
            _ => {}
        }
        Ok(())
    }
}
