//! `cmd.exe`, the shell that OpenSSH on Windows gives a command line to.

use super::words::{encoded, of};
use super::{files, ipconfig, powershell};
use crate::lab::guest::host::Host;
use crate::lab::guest::system::system_name;
use crate::lab::shell::Output;

/// Runs a line.
pub(in crate::lab::guest) fn run(host: &mut Host<'_>, line: &str) -> Output {
    let line = line.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let language = host.inside().spec.language;
    let Some((first, rest)) = words.split_first() else { return Output::default() };
    let name = first.to_lowercase();
    let said = |text: String| Output::said(encoded(language, &text.replace('\n', "\r\n")));
    match (name.trim_end_matches(".exe"), rest) {
        ("powershell", options) => powershell::run(host, options),
        ("ipconfig", ["/all"]) => said(ipconfig::all(host)),
        ("hostname", []) => said(format!("{}\n", host.vm.hostname)),
        ("ver", []) => said(format!("\nMicrosoft Windows [Version {}.1]\n", system_name(host.vm).kernel)),
        ("whoami", []) => said(format!("{}\\administrator\n", host.vm.hostname.to_lowercase())),
        ("echo", _) => said(format!("{}\n", line.get(5..).unwrap_or_default())),
        ("type", _) => match files::read(host, line.get(5..).unwrap_or_default().trim_matches('"')) {
            Some(bytes) => Output::said(bytes),
            None => Output { stderr: encoded(language, &format!("{}\r\n", of(language).no_file)), ..failed() },
        },
        ("exit", [status]) => Output { status: status.parse().unwrap_or(0), ..Output::default() },
        _ => {
            let [before, after] = of(language).unknown;
            Output { stderr: encoded(language, &format!("{before}{first}{after}\r\n")), ..failed() }
        }
    }
}

fn failed() -> Output {
    Output::verdict(false)
}
