//! `plan`: what a run would set up, in order, with the manifests. Touches nothing.

use super::args::PlanArgs;
use super::output;
use super::selected;
use super::surroundings::Surroundings;
use super::{CliError, ExitCode};
use crate::config::Environment;
use crate::engine::{Outline, OutlineStep};
use crate::facts::{Seed, SessionId};
use std::collections::BTreeSet;
use std::fmt::Write;
use uuid::Uuid;

/// `mtvtest plan`.
pub(super) fn plan(args: &PlanArgs, environment: &dyn Environment) -> Result<ExitCode, CliError> {
    let runtime = super::runtime()?;
    let settings = args.settings(environment)?;
    let around = {
        let _inside = runtime.enter();
        Surroundings::resolve(&args.environment, settings, environment)?
    };
    let (class, providers) = around.required()?;
    let tests = selected::runnable_tests(&args.selection, &providers)?;
    let seed = Seed(around.settings.seed.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0 >> 1));
    let session = SessionId::generate(seed);
    let outline = Outline { session: &session, seed, settings: &around.settings, storage_class: &class };
    let mut text = format!("# Session {session}; `mtvtest run --seed {}` uses the same names.\n", seed.0);
    let skipped = selected::skips(&tests, &around, None);
    let running = || tests.iter().filter(|test| !skipped.contains_key(&test.name));
    let used: BTreeSet<&str> = running().filter_map(|test| test.provider.as_deref()).collect();
    for name in used {
        write_steps(&mut text, "session", &[outline.session(around.providers.get(name)?)])?;
    }
    for test in &tests {
        if let Some(reason) = skipped.get(&test.name) {
            writeln!(text, "\n# {}: skipped: {reason}", test.name).ok();
        } else {
            let entry = around.providers.get(test.provider.as_deref().unwrap_or_default())?;
            write_steps(&mut text, &test.name, &outline.test(test, entry))?;
        }
    }
    output::print(&text).map_err(CliError::stdout)?;
    if let Some(lab) = around.lab {
        runtime.block_on(lab.stop());
    }
    Ok(ExitCode::Success)
}

/// Comments in words, then the manifests as a stream of YAML documents, so that the whole output is YAML.
fn write_steps(text: &mut String, test: &str, steps: &[OutlineStep]) -> Result<(), CliError> {
    for step in steps {
        let name = step.step.map_or("set-up", |step| step.as_str());
        for words in &step.words {
            writeln!(text, "\n# {test}: {name}: {words}").ok();
        }
        for manifest in &step.manifests {
            let yaml = serde_yaml::to_string(manifest)
                .map_err(|error| CliError::internal(format!("write a manifest as YAML: {error}")))?;
            write!(text, "---\n{yaml}").ok();
        }
    }
    Ok(())
}
