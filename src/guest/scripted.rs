//! A guest for tests that answers from a table.

use crate::facts::GuestFamily;
use crate::guest::{GuestShell, ShellError, ShellOutput};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// Answers by command line; every other line is a command that is not found. Remembers what it was asked.
pub(super) struct Scripted {
    pub(super) family: GuestFamily,
    pub(super) answers: BTreeMap<String, (i64, String)>,
    pub(super) asked: Mutex<Vec<String>>,
}

impl Scripted {
    pub(super) fn new(family: GuestFamily, answers: &[(&str, &str)]) -> Self {
        let answers = answers.iter().map(|(line, output)| ((*line).to_owned(), (0, (*output).to_owned()))).collect();
        Self { family, answers, asked: Mutex::default() }
    }
}

#[async_trait]
impl GuestShell for Scripted {
    fn family(&self) -> GuestFamily {
        self.family
    }

    async fn run(&self, line: &str, _: Duration) -> Result<ShellOutput, ShellError> {
        self.asked.lock().unwrap().push(line.to_owned());
        let output = |status, stdout: &str, stderr: String| ShellOutput {
            status: Some(status),
            stdout: stdout.to_owned(),
            stderr,
            truncated: false,
        };
        Ok(match self.answers.get(line) {
            Some((0, text)) => output(0, text, String::new()),
            Some((status, text)) => output(*status, "", text.clone()),
            None => output(127, "", format!("sh: {line}: command not found\n")),
        })
    }
}
