//! `/bin/sh`: lists of commands, redirections, patterns.

use super::commands::execute;
use super::files;
use crate::lab::guest::host::Host;
use crate::lab::shell::{Command, Join, Output, parse};

/// Runs a line.
pub(in crate::lab::guest) fn run(host: &mut Host<'_>, line: &str) -> Output {
    let commands = match parse(line) {
        Ok(commands) => commands,
        Err(why) => return Output::failed(2, format!("sh: -c: line 1: {why}")),
    };
    let mut all = Output::default();
    for command in commands {
        let runs = match command.join {
            Join::Always => true,
            Join::And => all.status == 0,
            Join::Or => all.status != 0,
        };
        if runs {
            let one = run_one(host, command);
            all.stdout.extend(one.stdout);
            all.stderr.extend(one.stderr);
            all.status = one.status;
        }
    }
    all
}

fn run_one(host: &mut Host<'_>, command: Command) -> Output {
    let mut words = Vec::new();
    for (word, bare) in command.words {
        let matches = if bare && word.contains('*') { files::matching(host, &word) } else { Vec::new() };
        if matches.is_empty() {
            words.push(word);
        } else {
            words.extend(matches);
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut output = execute(host, &words, command.input.as_deref());
    if command.is_quiet {
        output.stderr.clear();
    }
    if let Some(to) = command.output {
        let written = std::mem::take(&mut output.stdout);
        if let Err(why) = files::write(host, &to.path, written, to.appends) {
            return Output::failed(1, format!("sh: line 1: {}: {why}", to.path));
        }
    }
    output
}
