//! Asking a guest in several ways, until one is answered.

use crate::guest::{GuestShell, powershell};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest part of a guest's own words in a reason, in characters.
const WORDS_MAX: usize = 200;

/// A guest to ask, and how long each command may take.
pub(super) struct Ask<'a> {
    /// The way into the guest.
    pub(super) shell: &'a dyn GuestShell,
    /// For each command.
    pub(super) limit: Duration,
}

/// A command, and how its output is read; `None` when the output is something else than expected.
pub(super) type Way<'a, T> = (&'a str, fn(&str) -> Option<T>);

impl Ask<'_> {
    /// The output of a command that ended with status 0; the reason when there is none.
    pub(super) async fn output(&self, line: &str) -> Result<String, String> {
        let output = self.shell.run(line, self.limit).await.map_err(|error| format!("`{}`: {error}", brief(line)))?;
        if output.status != Some(0) {
            let status = output.status.map_or_else(|| "ended by a signal".to_owned(), |code| format!("status {code}"));
            let said =
                [powershell::said(&output.stderr), output.stdout].into_iter().find(|text| !text.trim().is_empty());
            let said = said.map_or(String::new(), |text| format!(": {}", first_line(&text)));
            return Err(format!("`{}`: {status}{said}", brief(line)));
        }
        if output.truncated {
            return Err(format!("`{}`: more output than is kept", brief(line)));
        }
        Ok(output.stdout)
    }

    /// What the first command tells that is answered with something to read; all reasons when none is.
    pub(super) async fn first<T>(&self, ways: &[Way<'_, T>]) -> Result<T, String> {
        let mut reasons = Vec::new();
        for (line, read) in ways {
            match self.output(line).await.map(|output| read(&output)) {
                Ok(Some(told)) => return Ok(told),
                Ok(None) => reasons.push(format!("`{}`: not the output of this command", brief(line))),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(reasons.join("; "))
    }
}

/// What could not be read, by what it would have told.
#[derive(Default)]
pub(super) struct Unread(pub(super) BTreeMap<String, String>);

impl Unread {
    /// The answer, or nothing with the reason kept.
    pub(super) fn sort<T: Default>(&mut self, what: &str, answer: Result<T, String>) -> T {
        answer.unwrap_or_else(|reason| {
            self.0.insert(what.to_owned(), reason);
            T::default()
        })
    }
}

/// The first line with something on it, at most so much of it as a reason may hold.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|letter| !letter.is_control()).take(WORDS_MAX).collect()
}

/// A command as reasons name it: an encoded script says nothing to anybody.
fn brief(line: &str) -> &str {
    line.split_once(" -EncodedCommand").map_or(line, |(before, _)| before)
}
