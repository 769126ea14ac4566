//! The commands of a Linux guest.

use super::{blocks, config, files, ifconfig, network};
use crate::lab::guest::host::{Host, sha256_hex};
use crate::lab::guest::system::system_name;
use crate::lab::shell::Output;
use crate::lab::world::Commands;

/// Runs a command. What the lab does not know, and what this guest does not have, is not found.
pub(super) fn execute(host: &mut Host<'_>, words: &[&str], input: Option<&str>) -> Output {
    let Some((command, arguments)) = words.split_first() else { return Output::default() };
    let (folder, name) = command.rsplit_once('/').unwrap_or(("", command));
    let known = ["", "/bin", "/sbin", "/usr/bin", "/usr/sbin"].contains(&folder);
    let answer = if known { named(host, name, arguments, input) } else { None };
    answer.unwrap_or_else(|| {
        let why = if folder.is_empty() { "command not found" } else { "No such file or directory" };
        Output::failed(127, format!("bash: line 1: {command}: {why}"))
    })
}

fn named(host: &mut Host<'_>, name: &str, arguments: &[&str], input: Option<&str>) -> Option<Output> {
    Some(match (name, arguments) {
        ("ip", words) => return network::ip(host, words),
        ("ifconfig", ["-a"]) if host.commands() < Commands::Modern => ifconfig::ifconfig(host),
        ("route", ["-n"]) if host.commands() < Commands::Modern => network::route(host),
        ("nmcli", words) => return config::nmcli(host, words),
        ("lsblk", words) => blocks::lsblk(host, words),
        ("xfs_info", [mount]) => blocks::xfs_info(host, mount),
        ("hostname", []) => Output::said(format!("{}\n", host.vm.hostname)),
        ("uname", ["-r"]) => Output::said(format!("{}\n", system_name(host.vm).kernel)),
        ("whoami", []) => Output::said("root\n"),
        ("echo", words) => Output::said(format!("{}\n", words.join(" "))),
        ("printf", ["%s", text]) => Output::said(*text),
        ("true" | "sync", _) => Output::default(),
        ("false", _) => Output::verdict(false),
        ("test", ["-e", path]) => Output::verdict(files::read(host, path).is_some() || files::is_folder(host, path)),
        ("test", ["-f", path]) => Output::verdict(files::read(host, path).is_some()),
        ("test", ["-d", path]) => Output::verdict(files::is_folder(host, path)),
        ("cat", []) => Output::said(input.unwrap_or_default()),
        ("cat", paths) => concatenate(host, paths, false),
        ("tail", ["-n", "+1", paths @ ..]) => concatenate(host, paths, paths.len() > 1),
        ("find", ["-H", path, "-type", "f", "-exec", "sha256sum", "{}", "+"]) => find_hashes(host, path),
        ("sha256sum", paths) => hashes(host, paths),
        ("mkdir", ["-p", path]) => make_folder(host, path),
        ("rm", ["-f", path]) => {
            host.inside_mut().files.remove(*path);
            Output::default()
        }
        ("mv", [from, to]) => rename(host, from, to),
        ("chmod", [_, path]) => match files::read(host, path) {
            Some(_) => Output::default(),
            None => missing("chmod: cannot access", path),
        },
        _ => return None,
    })
}

fn missing(what: &str, path: &str) -> Output {
    Output::failed(1, format!("{what} '{path}': No such file or directory"))
}

/// The files behind each other, each below its name if asked.
fn concatenate(host: &Host<'_>, paths: &[&str], headed: bool) -> Output {
    let mut all = Output::default();
    for (at, path) in paths.iter().enumerate() {
        let Some(bytes) = files::read(host, path) else {
            let why = match (files::is_folder(host, path), headed) {
                (true, _) => format!("cat: {path}: Is a directory\n"),
                (false, false) => format!("cat: {path}: No such file or directory\n"),
                (false, true) => format!("tail: cannot open '{path}' for reading: No such file or directory\n"),
            };
            all.stderr.extend(why.bytes());
            all.status = 1;
            continue;
        };
        if headed {
            let gap = if at == 0 { "" } else { "\n" };
            all.stdout.extend(format!("{gap}==> {path} <==\n").bytes());
        }
        all.stdout.extend(bytes);
    }
    all
}

/// The line of `sha256sum`.
fn hash_line(path: &str, bytes: &[u8]) -> String {
    format!("{}  {path}\n", sha256_hex(bytes))
}

fn find_hashes(host: &Host<'_>, path: &str) -> Output {
    let all = files::all(host);
    if let Some(bytes) = all.get(path) {
        return Output::said(hash_line(path, bytes));
    }
    if !files::is_folder(host, path) {
        return missing("find:", path);
    }
    // A folder's name is printed as it was given, also with a slash at its end.
    let bare = path.trim_end_matches('/');
    let inner = all.iter().filter(|(file, _)| files::is_below(file, bare));
    let line = |(file, bytes): (&String, &Vec<u8>)| {
        let below = &file[bare.len()..];
        hash_line(&format!("{path}{}", if path.ends_with('/') { &below[1..] } else { below }), bytes)
    };
    Output::said(inner.map(line).collect::<String>())
}

fn hashes(host: &Host<'_>, paths: &[&str]) -> Output {
    let mut all = Output::default();
    for path in paths {
        if let Some(bytes) = files::read(host, path) {
            all.stdout.extend(hash_line(path, &bytes).bytes());
        } else {
            all.stderr.extend(format!("sha256sum: {path}: No such file or directory\n").bytes());
            all.status = 1;
        }
    }
    all
}

/// An empty folder is kept as a path with a slash at its end.
fn make_folder(host: &mut Host<'_>, path: &str) -> Output {
    let folder = format!("{}/", path.trim_end_matches('/'));
    host.inside_mut().files.insert(folder, Vec::new());
    Output::default()
}

fn rename(host: &mut Host<'_>, from: &str, to: &str) -> Output {
    let Some(bytes) = files::read(host, from) else { return missing("mv: cannot stat", from) };
    match files::write(host, to, bytes, false) {
        Ok(()) => {
            host.inside_mut().files.remove(from);
            Output::default()
        }
        Err(why) => Output::failed(1, format!("mv: cannot move '{from}' to '{to}': {why}")),
    }
}
