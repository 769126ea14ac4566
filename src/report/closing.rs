//! The final report: what did not pass and why, what was left behind and how to remove it, the counts.

use super::failure::describe;
use super::paint::Paint;
use super::record::{RunRecord, TestRecord};
use super::words::{count_text, duration_text, hang, leftover_line};
use crate::event::Outcome;
use crate::facts::sh_quoted;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Names shown for one reason of skipping; the rest is counted.
const SKIPPED_NAMES_MAX: usize = 4;

/// Where the run keeps its files, so that the report can point to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The run's directory.
    pub run_directory: Option<PathBuf>,
    /// Options that `mtvtest clean` needs to reach what the run reached, a word each.
    pub clean_options: Vec<String>,
}

impl Place {
    /// A run that keeps its files in `directory`.
    pub fn run(directory: &Path) -> Self {
        Self { run_directory: Some(directory.to_owned()), clean_options: Vec::new() }
    }

    /// The same place, where `clean` needs `options`.
    #[must_use]
    pub fn with_clean_options(self, options: Vec<String>) -> Self {
        Self { clean_options: options, ..self }
    }

    /// The command that removes what `session` left, ready for a shell.
    pub fn clean_command(&self, session: &str) -> String {
        let what = match &self.run_directory {
            Some(directory) => vec![directory.display().to_string()],
            None => vec!["--session".to_owned(), session.to_owned()],
        };
        let words = what.iter().chain(&self.clean_options).map(|word| shell_word(word));
        words.fold("mtvtest clean".to_owned(), |command, word| command + " " + &word)
    }
}

/// The final report of a run, or of as much of it as is known.
pub fn closing_text(run: &RunRecord, place: &Place, paint: Paint) -> String {
    let mut text = String::new();
    for test in &run.tests {
        text.push_str(&failed_test(run, test, place, paint));
    }
    text.push_str(&warm(run));
    text.push_str(&skipped(run, paint));
    text.push_str(&left_behind(run, place, paint));
    for note in &run.notes {
        writeln!(text, "note: {}", hang(note, 6)).ok();
    }
    text.push_str(&counts(run, place, paint));
    text
}

fn failed_test(run: &RunRecord, test: &TestRecord, place: &Place, paint: Paint) -> String {
    let word = match &test.finished {
        Some((_, Outcome::Passed | Outcome::Skipped { .. })) => return String::new(),
        Some((_, Outcome::Failed { .. })) => "FAILED",
        Some((_, Outcome::Broken { .. })) => "BROKEN",
        Some((_, Outcome::Cancelled)) => "INTERRUPTED",
        // The counts tell of the tests that never began.
        None if test.started_ms.is_none() => return String::new(),
        None => "NOT FINISHED",
    };
    let took_ms = match (&test.finished, test.started_ms) {
        (Some((took_ms, _)), _) => *took_ms,
        (None, started) => run.elapsed_ms.saturating_sub(started.unwrap_or(run.elapsed_ms)),
    };
    let mut block = format!("{} {} ({})\n", paint.bad(word), test.name, duration_text(took_ms));
    for line in describe(test).lines() {
        writeln!(block, "  {line}").ok();
    }
    let diagnostics = place.run_directory.as_ref().map(|directory| directory.join("diagnostics").join(&test.name));
    if let Some(path) = diagnostics.filter(|path| path.is_dir()) {
        writeln!(block, "  diagnostics: {}", path.display()).ok();
    }
    block + "\n"
}

/// What warm migrations took: their point is a short downtime.
fn warm(run: &RunRecord) -> String {
    let mut text = String::new();
    for test in &run.tests {
        for measure in test.measures.iter().filter(|measure| measure.precopies.is_some()) {
            writeln!(text, "warm {}: {measure}", test.name).ok();
        }
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// Skipped tests by their reason: many tests often share one.
fn skipped(run: &RunRecord, paint: Paint) -> String {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for test in &run.tests {
        if let Some((_, Outcome::Skipped { reason })) = &test.finished {
            reasons.entry(reason).or_default().push(&test.name);
        }
    }
    let mut text = String::new();
    for (reason, names) in reasons {
        let shown = names.iter().take(SKIPPED_NAMES_MAX).copied().collect::<Vec<_>>().join(", ");
        let rest = names.len().saturating_sub(SKIPPED_NAMES_MAX);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        writeln!(text, "{} {shown}{more}: {}", paint.warn("skipped"), hang(reason, 2)).ok();
    }
    if text.is_empty() { text } else { text + "\n" }
}

fn left_behind(run: &RunRecord, place: &Place, paint: Paint) -> String {
    if run.leftovers.is_empty() {
        return String::new();
    }
    let mut text = format!("{} ({})\n", paint.bad("LEFT BEHIND"), run.leftovers.len());
    for leftover in &run.leftovers {
        writeln!(text, "  {}", hang(&leftover_line(leftover), 4)).ok();
    }
    writeln!(text, "  to remove: {}\n", place.clean_command(&run.session)).ok();
    text
}

/// A word that a shell reads as it is meant.
fn shell_word(word: &str) -> String {
    let harmless = |letter: char| letter.is_alphanumeric() || "-_./:=@%+,".contains(letter);
    if !word.is_empty() && word.chars().all(harmless) { word.to_owned() } else { sh_quoted(word) }
}

fn counts(run: &RunRecord, place: &Place, paint: Paint) -> String {
    let summary = run.summary();
    let parts = [
        (summary.passed, "passed", paint.good("passed")),
        (summary.failed, "failed", paint.bad("failed")),
        (summary.broken, "broken", paint.bad("broken")),
        (summary.skipped, "skipped", paint.warn("skipped")),
        (summary.cancelled, "interrupted", paint.bad("interrupted")),
    ];
    let ended: u32 = parts.iter().map(|(count, ..)| count).sum();
    let mut words: Vec<String> =
        parts.iter().filter(|(count, ..)| *count > 0).map(|(count, _, word)| format!("{count} {word}")).collect();
    let open = u64::try_from(run.tests.len()).unwrap_or(u64::MAX).saturating_sub(u64::from(ended));
    if open > 0 {
        words.push(format!("{open} {}", paint.bad("not run to the end")));
    }
    if words.is_empty() {
        words.push("nothing to run".into());
    }
    let mut text = format!("{}: {}", count_text(u64::from(ended) + open, "test"), words.join(", "));
    writeln!(text, " in {}", duration_text(run.took_ms())).ok();
    text.push_str(&circumstances(run, place, paint));
    text
}

fn circumstances(run: &RunRecord, place: &Place, paint: Paint) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| writeln!(text, "{} {value}", paint.dim(label)).ok();
    line("session:", &format!("{} (seed {})", run.session, run.seed));
    if let Some(environment) = &run.environment {
        let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".into());
        line(
            "cluster:",
            &format!(
                "{} (MTV {}, OpenShift {}, storage class {})",
                environment.cluster,
                known(&environment.mtv),
                known(&environment.openshift),
                environment.storage_class
            ),
        );
    }
    if let Some((_, summary)) = &run.finished {
        let (kubernetes, source) = (summary.kubernetes_requests, summary.source_requests);
        line("requests:", &format!("{kubernetes} to Kubernetes, {source} to sources and inventory"));
    }
    if let Some(directory) = &place.run_directory {
        line("run directory:", &directory.display().to_string());
    }
    if run.finished.is_none() {
        line("note:", "the run did not end by itself: it still runs or it was killed");
    }
    text
}
