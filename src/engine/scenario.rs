//! One test, step by step: prepare, storage map, network map, hooks, plan, migrate, check, clean-up.
//!
//! Each step is timed and reported; a failed step skips the later ones, except the clean-up, which always runs. Several
//! plans go through the steps one after the other, or side by side.

use super::clean_up;
use super::collect::collect;
use super::overlap::proven_overlap;
use super::session::Session;
use super::steps::StepError;
use super::support::unproven;
use super::walk::Walk;
use crate::event::{Event, Outcome, StepName};
use crate::scenario::{RunMode, StopAfter, Test};

/// Runs a test from its first step to its clean-up and tells how it ended. Never panics, never leaves a step unreported.
pub async fn run_test(session: &Session, test: &Test) -> Outcome {
    let parts = session.parts();
    let begun = parts.events.elapsed_ms();
    let (name, description) = (test.name.clone(), test.scenario.description.clone());
    parts.emit(Event::ScenarioStarted { test: name.clone(), description });
    let outcome = if parts.cancel.is_cancelled() { Outcome::Cancelled } else { walk_and_clean(session, test).await };
    let took_ms = parts.events.elapsed_ms() - begun;
    parts.emit(Event::ScenarioFinished { test: name, took_ms, outcome: outcome.clone() });
    outcome
}

async fn walk_and_clean(session: &Session, test: &Test) -> Outcome {
    let provider = test.provider.as_deref().unwrap_or_default();
    let source = match session.sources.get(provider) {
        Some(Ok(source)) => source,
        Some(Err(error)) => return error.clone().outcome(),
        None => return Outcome::Broken { reason: format!("provider {provider:?} was not set up") },
    };
    if let Some(note) = unproven(&test.scenario) {
        session.parts().emit(Event::Noted { test: Some(test.name.clone()), note });
    }
    let plans = test.scenario.plans.iter();
    let mut walks: Vec<Walk<'_>> = plans.map(|named| Walk::new(session, test, named, source)).collect();
    let walked = Box::pin(walk(session, test, &mut walks)).await;
    if matches!(walked, Err(StepError::Failed(_) | StepError::Broken(_))) {
        Box::pin(collect(session, &test.name)).await;
    }
    drop(walks);
    if !session.parts().skip_teardown {
        let cleaning = async { clean_up::scenario(session, &test.name).await };
        let cleaned = timed(session, &test.name, StepName::CleanUp, cleaning).await;
        // Leftovers have their own events and exit code; they do not hide what the scenario found.
        drop(cleaned);
    }
    match walked {
        Ok(()) => Outcome::Passed,
        Err(error) => error.outcome(),
    }
}

async fn walk(session: &Session, test: &Test, walks: &mut [Walk<'_>]) -> Result<(), StepError> {
    match test.scenario.run {
        RunMode::Concurrent => Box::pin(together(session, test, walks)).await,
        RunMode::Sequential => {
            for index in 0..walks.len() {
                Box::pin(together(session, test, &mut walks[index..=index])).await?;
            }
            Ok(())
        }
    }
}

/// Takes plans through the steps, each step for all of them before the next.
async fn together(session: &Session, test: &Test, walks: &mut [Walk<'_>]) -> Result<(), StepError> {
    let name = test.name.as_str();
    timed(session, name, StepName::Prepare, all(walks.iter_mut().map(|walk| (walk.plan_name, walk.prepare())))).await?;
    timed(session, name, StepName::StorageMap, all(walks.iter_mut().map(|walk| (walk.plan_name, walk.storage_map()))))
        .await?;
    timed(session, name, StepName::NetworkMap, all(walks.iter_mut().map(|walk| (walk.plan_name, walk.network_map()))))
        .await?;
    if walks.iter().any(Walk::has_hooks) {
        timed(session, name, StepName::Hooks, all(walks.iter_mut().map(|walk| (walk.plan_name, walk.make_hooks()))))
            .await?;
    }
    timed(session, name, StepName::Plan, all(walks.iter_mut().map(|walk| (walk.plan_name, walk.make_plan())))).await?;
    if walks.iter().all(|walk| walk.plan.stop_after == Some(StopAfter::Plan)) {
        return Ok(());
    }
    timed(session, name, StepName::Migrate, migrate(session, walks)).await?;
    if walks.iter().any(|walk| walk.shall_check) {
        timed(session, name, StepName::Check, all(walks.iter_mut().map(|walk| (walk.plan_name, walk.check())))).await?;
    }
    Ok(())
}

/// Runs the migrations; of several it must be proven that all were executing at one moment.
async fn migrate(session: &Session, walks: &mut [Walk<'_>]) -> Result<(), StepError> {
    if walks.len() < 2 {
        return all(walks.iter_mut().map(|walk| (walk.plan_name, walk.migrate()))).await;
    }
    let plans: Vec<String> = walks.iter().filter_map(Walk::made_plan).collect();
    let watching = proven_overlap(session, &plans);
    let (overlap, migrated) =
        futures::join!(watching, all(walks.iter_mut().map(|walk| (walk.plan_name, walk.migrate()))));
    // What went wrong with a migration says more than that it did not overlap.
    migrated.and(overlap)
}

/// Awaits all, also when one fails: what nobody awaits could appear after its undo. Errors are told with the plan's name,
/// where it has one.
async fn all<'a>(
    actions: impl Iterator<Item = (Option<&'a str>, impl Future<Output = Result<(), StepError>>)>,
) -> Result<(), StepError> {
    let named = actions.map(async |(plan, action)| action.await.map_err(|error| error.of_plan(plan)));
    let answers: Vec<Result<(), StepError>> = futures::future::join_all(named).await;
    StepError::join(answers.into_iter().filter_map(Result::err).collect()).map_or(Ok(()), Err)
}

/// Runs a step between its two events.
async fn timed<T>(
    session: &Session,
    test: &str,
    step: StepName,
    action: impl Future<Output = Result<T, StepError>>,
) -> Result<T, StepError> {
    let parts = session.parts();
    let test = test.to_owned();
    parts.emit(Event::StepStarted { test: test.clone(), step });
    let begun = parts.events.elapsed_ms();
    let answer = Box::pin(action).await;
    let outcome = answer.as_ref().map_or_else(|error| error.clone().outcome(), |_| Outcome::Passed);
    parts.emit(Event::StepFinished { test, step, took_ms: parts.events.elapsed_ms() - begun, outcome });
    answer
}
