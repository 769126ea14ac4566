//! What a run writes and where, when it stops early, and how test tools call it.

use crate::folder::{COLD, Folder, NO_AGENT};
use crate::transcript::assert_call;
use serde_json::Value;
use std::collections::BTreeSet;

const SANITY: &str = "run --lab --exact --filter cold/sanity";

#[test]
fn a_run_has_a_directory_of_its_own() {
    let folder = Folder::new();
    assert_eq!(folder.run(&format!("{SANITY} --seed 1")).code, Some(0));
    let session = folder.runs().remove(0);
    assert_eq!(std::fs::read_link(folder.join(".data-collector/latest")).unwrap().to_str(), Some(session.as_str()));
    let inside: Vec<String> = folder
        .tree()
        .into_iter()
        .filter_map(|path| path.strip_prefix(&format!(".data-collector/{session}/")).map(str::to_owned))
        .filter(|path| !path.is_empty())
        .collect();
    for expected in ["events.jsonl", "evidence/cold/sanity.json", "junit.xml", "mtvtest.log", "resources.json"] {
        assert!(inside.iter().any(|path| path == expected), "{expected}: {inside:?}");
    }
    let log = folder.read(".data-collector/latest/mtvtest.log");
    for words in ["cold/sanity: migrate begins", "cold/sanity: clean-up done", "session: removed Namespace"] {
        assert!(log.contains(words), "{words}: {log}");
    }
}

#[test]
fn the_ledger_tells_everything_that_was_made_and_undone() {
    let folder = Folder::new();
    assert_eq!(folder.run(SANITY).code, Some(0));
    let ledger = folder.json(".data-collector/latest/resources.json");
    let kinds: BTreeSet<&str> = ledger.as_object().unwrap().keys().map(String::as_str).collect();
    for kind in ["Migration", "Namespace", "NetworkMap", "Plan", "Provider", "Secret", "StorageMap", "VirtualMachine"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    let session = folder.runs().remove(0);
    for (kind, entries) in ledger.as_object().unwrap() {
        for entry in entries.as_array().unwrap() {
            assert_eq!(entry["state"], "undone", "{kind}: {entry}");
            assert_eq!(entry["session"], Value::from(session.as_str()), "{kind}: {entry}");
            assert!(entry["name"].as_str().is_some_and(|name| !name.is_empty()), "{kind}: {entry}");
            if entry["type"] == "object" {
                assert!(entry["apiVersion"].is_string(), "{kind}: {entry}");
                // A migrated VM is made by the product, and known by its Plan's label.
                assert!(entry["uid"].is_string() || entry["undo"] == "delete-migrated", "{kind}: {entry}");
            }
        }
    }
}

#[test]
fn events_are_numbered_lines_of_json() {
    let folder = Folder::new();
    assert_eq!(folder.run(SANITY).code, Some(0));
    let text = folder.read(".data-collector/latest/events.jsonl");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().enumerate().all(|(number, event)| event["sequence"] == number));
    assert_eq!(events[0]["event"], "run-started");
    assert_eq!(events.last().unwrap()["event"], "run-finished");
    let judged = events.iter().filter(|event| event["event"] == "check-judged").count();
    assert!(judged > 3, "{judged} checks");
}

#[test]
fn junit_goes_to_the_run_and_to_a_chosen_file() {
    let folder = Folder::new();
    folder.world_without_agent();
    folder.write("s/a.yaml", COLD);
    folder.write("s/no-agent.yaml", NO_AGENT);
    folder.write("s/not-here.yaml", &format!("{COLD}requires: {{source: [ovirt]}}\n"));
    // The first would fail as the second does, but for its guest agent.
    folder.write("s/a.yaml", &COLD.replace(", guest_agent: true", ""));
    let ended = folder.run("run --lab=world.yaml --scenarios s --junit out.xml");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(folder.read("out.xml"), folder.read(".data-collector/latest/junit.xml"));
    let report: quick_junit::Report = quick_junit::Report::deserialize_from_str(&folder.read("out.xml")).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (3, 1, 0), "{}", folder.read("out.xml"));
}

#[test]
fn skip_teardown_leaves_all_and_says_so() {
    let folder = Folder::new();
    let ended = folder.run(&format!("{SANITY} --skip-teardown"));
    assert_call("run-skip-teardown", &ended);
    let states = states(&folder.json(".data-collector/latest/resources.json"));
    assert!(!states.contains("undone"), "{states:?}");
}

fn states(ledger: &Value) -> BTreeSet<String> {
    let entries = ledger.as_object().unwrap().values().flat_map(|list| list.as_array().unwrap());
    entries.map(|entry| entry["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_older_run_is_never_touched() {
    let folder = Folder::new();
    assert_eq!(folder.run(SANITY).code, Some(0));
    let first = folder.runs().remove(0);
    let files = ["resources.json", "events.jsonl", "junit.xml", "mtvtest.log"];
    let content = || files.map(|name| folder.read(&format!(".data-collector/{first}/{name}")));
    let before = content();
    assert_eq!(folder.run(SANITY).code, Some(0));
    assert_eq!(content(), before);
    assert_eq!(folder.runs().len(), 2);
    let latest = std::fs::read_link(folder.join(".data-collector/latest")).unwrap();
    assert_ne!(latest.to_str(), Some(first.as_str()));
}

#[test]
fn two_runs_at_once_share_a_base_directory() {
    let folder = Folder::new();
    let (first, second) = (folder.call(SANITY).start(), folder.call(SANITY).start());
    assert_eq!((first.end().code, second.end().code), (Some(0), Some(0)));
    for run in folder.runs() {
        let states = states(&folder.json(&format!(".data-collector/{run}/resources.json")));
        assert_eq!(states, BTreeSet::from(["undone".to_owned()]), "{run}");
    }
    assert_eq!(folder.runs().len(), 2);
}

#[test]
fn the_same_seed_in_the_same_base_is_refused_and_the_older_run_stays() {
    let folder = Folder::new();
    assert_eq!(folder.run(&format!("{SANITY} --seed 1")).code, Some(0));
    let before = folder.tree();
    let again = folder.run(&format!("{SANITY} --seed 1"));
    assert_call("run-same-seed", &again);
    assert_eq!(again.code, Some(2));
    assert_eq!(folder.tree(), before);
}

/// Four scenarios of which each fails.
fn failing() -> Folder {
    let folder = Folder::new();
    folder.world_without_agent();
    for name in ["a", "b", "c", "d"] {
        folder.write(&format!("s/{name}.yaml"), NO_AGENT);
    }
    folder
}

/// How many tests ended with each outcome, by the stored report.
fn outcomes(folder: &Folder) -> Vec<String> {
    let report: Value = serde_json::from_str(&folder.run("report --format json").out).unwrap();
    let tests = report["tests"].as_array().unwrap();
    tests.iter().map(|test| test["outcome"].as_str().unwrap_or("none").to_owned()).collect()
}

#[test]
fn failures_end_a_run_early_when_asked() {
    for (options, failed) in [("--fail-fast", 1), ("--max-failures 2", 2), ("--max-failures 9", 4)] {
        let folder = failing();
        let ended = folder.run(&format!("run --lab=world.yaml --scenarios s --test-threads 1 {options}"));
        assert_eq!(ended.code, Some(1), "{options}: {ended:?}");
        let outcomes = outcomes(&folder);
        assert_eq!(outcomes.len(), 4, "{options}");
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "failed").count(), failed, "{options}: {outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "skipped").count(), 4 - failed, "{options}");
    }
}

#[test]
fn shards_share_the_work_and_leave_nothing_out() {
    let folder = failing();
    let list = |options: &str| {
        let ended = folder.run(&format!("list --scenarios s --format terse {options}"));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = list("");
    let mut parts = [list("--shard 1/3"), list("--shard 2/3"), list("--shard 3/3")].concat();
    parts.sort();
    assert_eq!(parts, all);
    assert_eq!(all.len(), 4);
}

#[test]
fn test_tools_drive_the_program() {
    let folder = Folder::new();
    // Both forms: with the command, and as the bare test program that cargo-nextest calls.
    for line in ["run --list --format terse --exact cold/sanity", "--list --format terse --exact cold/sanity"] {
        let ended = folder.run(line);
        assert_eq!(
            (ended.code, ended.out.as_str(), ended.err.as_str()),
            (Some(0), "cold/sanity: test\n", ""),
            "{line}"
        );
    }
    let ignored = folder.run("run --list --format terse --ignored --exact cold/sanity");
    assert_eq!((ignored.code, ignored.out.as_str()), (Some(0), ""));
    let ended = folder.run("run --lab --exact cold/sanity --nocapture");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("test cold/sanity ... ok\n"), "{}", ended.out);
}

#[test]
fn a_time_limit_interrupts_and_cleans() {
    let folder = Folder::new();
    folder.world_without_agent();
    // Without the limit it would wait a minute for its guest agent.
    folder.write("s/slow.yaml", &NO_AGENT.replace("100ms", "1m"));
    let ended = folder.run("run --lab=world.yaml --scenarios s --timeout 3s");
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.err.contains("--timeout"), "{}", ended.err);
    let states = states(&folder.json(".data-collector/latest/resources.json"));
    assert_eq!(states, BTreeSet::from(["undone".to_owned()]));
}
