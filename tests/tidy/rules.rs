//! The rules. Each takes text and answers with its faults, so that each can be shown a fault it must find.

use crate::source::Source;

/// A broken rule: where, what, and the remedy.
pub(crate) type Fault = String;

/// Longest file, in lines without tests.
const LINES_MAX: usize = 450;

const LEAVES: [&str; 6] = ["facts", "event", "wait", "undo", "http", "template"];

/// What each part may import besides itself and, where it says so, the leaves.
const PARTS: [(&str, bool, &[&str]); 20] = [
    ("facts", false, &[]),
    ("wait", false, &[]),
    ("template", false, &[]),
    ("http", false, &["facts"]),
    ("event", false, &["facts"]),
    ("undo", false, &["facts"]),
    ("scenario", true, &[]),
    ("config", true, &[]),
    ("cluster", true, &["config"]),
    ("provider", true, &["config"]),
    ("inventory", true, &["config", "cluster"]),
    ("check", false, &["facts", "event", "template", "scenario"]),
    ("guest", true, &["config"]),
    ("migration", true, &["scenario", "config", "cluster", "inventory", "provider"]),
    ("diagnostics", true, &["scenario", "config", "cluster", "inventory", "provider"]),
    (
        "engine",
        true,
        &["scenario", "config", "cluster", "inventory", "provider", "guest", "check", "migration", "diagnostics"],
    ),
    ("report", false, &["facts", "event"]),
    ("lab", true, &[]),
    ("cli", true, EVERYTHING),
    ("main", false, &["cli"]),
];

/// Folders that may import a further part, with the reason in their head: this source is the cluster itself.
const FURTHER: &[(&str, &str)] = &[("provider/openshift", "cluster")];

const EVERYTHING: &[&str] = &[
    "scenario",
    "config",
    "cluster",
    "provider",
    "inventory",
    "guest",
    "check",
    "migration",
    "diagnostics",
    "engine",
    "report",
    "lab",
];

/// Wire types that the lab shares with product code, as (file of the lab, part it may import). The fewer the better: a
/// lab that shares a type shares its mistakes.
const LAB_WIRE: &[(&str, &str)] = &[];

/// Imports against the direction of the parts (docs/architecture.md).
pub(crate) fn imports(source: &Source) -> Vec<Fault> {
    let module = source.module();
    let Some((own, inner)) = module.split_first() else { return Vec::new() };
    let Some((_, leaves, others)) = PARTS.iter().find(|(part, ..)| part == own) else {
        return vec![format!("{}: the part `{own}` is not in the table of tests/tidy/rules.rs", source.path)];
    };
    let mut faults = Vec::new();
    for path in crate_paths(&source.code, module.len()) {
        let target = path[0].as_str();
        let known = PARTS.iter().any(|(part, ..)| *part == target);
        let wired = *own == "lab" && LAB_WIRE.contains(&(source.path.as_str(), target));
        let further = FURTHER.iter().any(|(folder, part)| module.join("/").starts_with(folder) && *part == target);
        let allowed =
            further || target == *own || others.contains(&target) || (*leaves && LEAVES.contains(&target)) || wired;
        if known && !allowed {
            faults.push(format!("{}: `{own}` must not import `{target}`", source.path));
        }
        let siblings = *own == "provider" && target == "provider" && inner.len() > 1;
        if siblings && path.get(1).is_some_and(|next| is_provider(next) && next != inner[0]) {
            faults.push(format!("{}: one provider must not import another, `{}`", source.path, path[1]));
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

fn is_provider(name: &str) -> bool {
    ["vsphere", "ovirt", "openstack", "openshift", "ova"].contains(&name)
}

/// Paths from the crate's root: `crate::a::b`, `crate::{a::b, c}`, and `super::` as often as it takes to get there.
fn crate_paths(code: &str, depth: usize) -> Vec<Vec<String>> {
    let climb = "super::".repeat(depth);
    let mut paths = Vec::new();
    for root in ["crate::", climb.as_str()] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            // `mycrate::`, and a climb that is the tail of a longer one, are something else.
            if before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_' && letter != ':') {
                paths.extend(expand(&code[at + root.len()..]));
            }
        }
    }
    paths
}

/// The paths that begin at the start of `text`: one, or one for each branch of braces.
fn expand(text: &str) -> Vec<Vec<String>> {
    if let Some(inner) = text.strip_prefix('{') {
        return branches(inner).into_iter().flat_map(|branch| expand(branch.trim_start())).collect();
    }
    let path: String =
        text.chars().take_while(|letter| letter.is_alphanumeric() || ['_', ':'].contains(letter)).collect();
    let parts: Vec<String> = path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if parts.is_empty() { Vec::new() } else { vec![parts] }
}

/// The comma-separated branches up to the closing brace.
fn branches(text: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0, 0);
    let mut found = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&text[start..at]);
                return found;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Files that are too long.
pub(crate) fn length(source: &Source) -> Vec<Fault> {
    let lines = source.lines;
    if lines <= LINES_MAX {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines without tests, over {LINES_MAX}: split it by what it owns", source.path)]
}

/// Functions in a `mod.rs`, which holds documentation and re-exports only.
pub(crate) fn logic_in_mod(source: &Source) -> Vec<Fault> {
    let is_mod = source.path.ends_with("/mod.rs");
    let has_body = source.code.split([' ', '\n', '(', ')']).any(|word| word == "fn");
    // Types that a whole part shares may stand beside their modules, with the few lines that belong to them.
    let tolerated = source.lines <= 60 && source.path.starts_with("src/lab/world/");
    if is_mod && has_body && !tolerated {
        return vec![format!("{}: a function in a mod.rs: move it to a file of its own", source.path)];
    }
    Vec::new()
}

/// Modules without a head that says what they are for.
pub(crate) fn head(source: &Source) -> Vec<Fault> {
    if source.tests_only || source.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![format!("{}: begins without `//!`: say its purpose, what it owns, what it must not do", source.path)]
}

/// Words that hide a missing owner or unfinished work.
pub(crate) fn words(source: &Source) -> Vec<Fault> {
    let banned = [
        (concat!("ut", "ils"), "name the module after what it owns"),
        (concat!("to", "do!"), "finish it"),
        (concat!("TO", "DO"), "do it, or open an issue"),
        (concat!("FIX", "ME"), "fix it, or open an issue"),
    ];
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        for (word, remedy) in banned {
            if has_word(line, word) {
                faults.push(format!("{} line {number}: `{word}`: {remedy}", source.path));
            }
        }
    }
    faults
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let is_part = |letter: char| letter.is_alphanumeric();
        let before = line[..at].chars().next_back().is_some_and(is_part);
        let after = line[at + word.len()..].chars().next().is_some_and(is_part);
        !before && !after
    })
}

/// Paths that exist on one machine only.
pub(crate) fn machine_paths(source: &Source) -> Vec<Fault> {
    let roots = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        for root in roots {
            // After a word character it is the tail of a relative path or of a URL.
            let absolute = line.match_indices(root).any(|(at, _)| {
                !line[..at]
                    .chars()
                    .next_back()
                    .is_some_and(|letter| letter.is_alphanumeric() || "-_.}~".contains(letter))
            });
            if absolute {
                faults.push(format!("{} line {number}: a path of one machine ({root})", source.path));
            }
        }
    }
    faults
}

/// Dependencies without a line in docs/dependencies.md, and lines without their dependency.
pub(crate) fn dependencies(names: &[String], page: &str) -> Vec<Fault> {
    let documented: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name)).collect();
    let missing = names.iter().filter(|name| !documented.contains(&name.as_str()));
    let missing = missing.map(|name| format!("Cargo.toml: `{name}` has no line in docs/dependencies.md saying why"));
    let stale = documented.iter().filter(|name| !names.iter().any(|known| known == *name));
    missing.chain(stale.map(|name| format!("docs/dependencies.md: `{name}` is no direct dependency"))).collect()
}

mod tests {
    use super::*;

    fn faults(rule: fn(&Source) -> Vec<Fault>, path: &str, text: &str) -> usize {
        rule(&Source::new(path, text)).len()
    }

    #[test]
    fn forbidden_edges_are_caught_however_they_are_written() {
        for (path, text, count) in [
            ("src/report/junit.rs", "use crate::engine::Run;", 1),
            ("src/report/junit.rs", "use crate::event::Event;", 0),
            ("src/report/junit.rs", "use crate::{event::Event, engine::{self, Run}, config::Settings};", 2),
            ("src/report/junit.rs", "fn f() -> crate::engine::Run {}", 1),
            ("src/report/junit.rs", "use super::super::engine::Run;", 1),
            ("src/report/junit.rs", "use super::engine::Run;", 0),
            ("src/report/mod.rs", "pub use super::engine::Run;", 1),
            ("src/report/a/b.rs", "use super::super::engine::Run;", 0),
            ("src/report/junit.rs", "// use crate::engine::Run;\nlet x = \"crate::engine\";", 0),
            ("src/report/junit.rs", "#[cfg(test)]\nmod tests { use crate::lab::Lab; }", 0),
            ("src/facts/names.rs", "use crate::wait::until;", 1),
            ("src/wait/until.rs", "use crate::facts::chain;", 1),
            ("src/scenario/parse.rs", "use crate::config::Settings;", 1),
            ("src/check/cpu.rs", "use crate::wait::until;", 1),
            ("src/lab/kube/store.rs", "use crate::cluster::Kind;", 1),
            ("src/lab/kube/store.rs", "use crate::wait::Deadline;", 0),
            ("src/engine/steps.rs", "use crate::report::Console;", 1),
            ("src/migration/plan.rs", "use crate::lab::Lab;", 1),
            ("src/cli/run.rs", "use crate::{lab::Lab, engine::Run};", 0),
            ("src/provider/vsphere/soap.rs", "use crate::provider::ovirt::Rest;", 1),
            ("src/provider/vsphere/soap.rs", "use crate::provider::SourceProvider;", 0),
            ("src/provider/connect.rs", "use crate::provider::vsphere::Vsphere;", 0),
            ("src/provider/openshift/source.rs", "use crate::cluster::Cluster;", 0),
            ("src/provider/ovirt/source.rs", "use crate::cluster::Cluster;", 1),
            ("src/provider/connect.rs", "use crate::cluster::Cluster;", 1),
            ("src/strange/a.rs", "", 1),
        ] {
            assert_eq!(faults(imports, path, text), count, "{path}: {text}");
        }
    }

    #[test]
    fn long_files_are_caught_without_their_tests() {
        let long = "let x = 1;\n".repeat(LINES_MAX + 1);
        assert_eq!(faults(length, "src/a.rs", &long), 1);
        let tested = format!("let x = 1;\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert_eq!(faults(length, "src/a.rs", &tested), 0);
    }

    #[test]
    fn logic_in_a_mod_file_is_caught() {
        assert_eq!(faults(logic_in_mod, "src/a/mod.rs", "//! Docs.\npub fn f() {}\n"), 1);
        assert_eq!(faults(logic_in_mod, "src/a/mod.rs", "//! A fn in docs.\npub mod b;\npub use b::fnord;\n"), 0);
        assert_eq!(faults(logic_in_mod, "src/a/b.rs", "fn f() {}"), 0);
    }

    #[test]
    fn missing_heads_and_banned_words_are_caught() {
        assert_eq!(faults(head, "src/a.rs", "use b;\n"), 1);
        assert_eq!(faults(head, "src/a.rs", "//! What it is for.\n"), 0);
        assert_eq!(faults(head, "src/a/tests.rs", "use b;\n"), 0);
        assert_eq!(faults(words, "src/a.rs", concat!("mod ut", "ils;\n// TO", "DO: later\n")), 2);
        assert_eq!(faults(words, "src/a.rs", "let nautilus = todos;\n"), 0);
    }

    #[test]
    fn machine_paths_are_caught_but_urls_are_not() {
        assert_eq!(faults(machine_paths, "docs/a.md", concat!("see /wo", "rk/notes.md")), 1);
        assert_eq!(faults(machine_paths, "docs/a.md", concat!("see https://host/wo", "rk/notes.md")), 0);
    }

    #[test]
    fn undocumented_and_stale_dependencies_are_caught() {
        let names = ["kube".to_owned(), "serde".to_owned()];
        assert_eq!(dependencies(&names, "| `kube` | why |\n| `serde` | why |\n").len(), 0);
        let faults = dependencies(&names, "| `kube` | why |\n| `gone` | why |\n");
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}
