//! What parses to what, and what does not parse.

use super::*;
use clap::{CommandFactory, Parser};
use std::path::PathBuf;
use std::time::Duration;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("mtvtest").chain(line.split_whitespace()))
}

fn run(line: &str) -> RunArgs {
    match parse(&format!("run {line}")).unwrap().command {
        Command::Run(args) => *args,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_option_has_a_help() {
    let mut command = Cli::command();
    command.build();
    for sub in command.get_subcommands() {
        assert!(sub.get_about().is_some(), "{}", sub.get_name());
        for argument in sub.get_arguments() {
            assert!(argument.get_help().is_some(), "{} {}", sub.get_name(), argument.get_id());
        }
    }
}

#[test]
fn lab_takes_a_file_only_after_an_equals_sign() {
    assert_eq!(run("").environment.lab, None);
    assert_eq!(run("--lab").environment.lab, Some(None));
    assert_eq!(run("--lab=w.yaml").environment.lab, Some(Some(PathBuf::from("w.yaml"))));
    let spaced = run("--lab warm");
    assert_eq!((spaced.environment.lab, spaced.harness.bare_filters), (Some(None), vec!["warm".to_owned()]));
}

#[test]
fn repeatable_options_add_up() {
    let args =
        run("--filter a --filter b --tag t --skip x --skip y --source-provider p --source-provider q --set k=v=w");
    assert_eq!(args.selection.filters, ["a", "b"]);
    assert_eq!(args.selection.tags, ["t"]);
    assert_eq!(args.selection.skips, ["x", "y"]);
    assert_eq!(args.environment.source_providers, ["p", "q"]);
    assert_eq!(args.environment.set, [KeyValue { key: "k".into(), value: "v=w".into() }]);
}

#[test]
fn calls_of_test_tools_parse() {
    let args = run("--exact cold/sanity --nocapture --test-threads 1 --format json --include-ignored --show-output");
    assert!(args.selection.exact && args.harness.nocapture);
    assert_eq!(args.all_selection().filters, ["cold/sanity"]);
    assert_eq!(args.harness.format, ListFormat::Json);
    assert_eq!(args.test_threads.map(std::num::NonZero::get), Some(1));
    assert!(run("--list --format terse --ignored").harness.ignored);
}

#[test]
fn times_and_failure_limits_have_their_meaning() {
    assert_eq!(run("--timeout 90m").timeout, Some(Duration::from_secs(5400)));
    assert_eq!(run("").failures_max(), None);
    assert_eq!(run("--fail-fast").failures_max(), Some(1));
    assert_eq!(run("--max-failures 3").failures_max(), Some(3));
}

#[test]
fn global_options_stand_anywhere() {
    for line in ["--color never --log-level debug list", "list --color never --log-level debug"] {
        let cli = parse(line).unwrap();
        assert_eq!((cli.global.colour, cli.global.log_level), (ColourChoice::Never, LogLevel::Debug), "{line}");
    }
}

#[test]
fn clean_needs_a_run_or_a_session() {
    for line in ["clean dir", "clean --session auto-ab12 --source-provider vs8", "clean dir/resources.json --dry-run"] {
        assert!(parse(line).is_ok(), "{line}");
    }
    for line in ["clean", "clean dir --session auto-ab12", "clean --session Not_A_Session"] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn lab_addresses_may_be_named() {
    let Command::Lab(args) =
        parse("lab --source 127.0.0.1:8443 --source vc2=[::1]:0 --speed 60 --dir d").unwrap().command
    else {
        panic!("not lab");
    };
    assert_eq!(args.source[0].name, None);
    assert_eq!((args.source[1].name.as_deref(), args.source[1].address.port()), (Some("vc2"), 0));
    assert_eq!(args.speed, Speed::Divided(60.0));
    assert_eq!("full".parse(), Ok(Speed::Full));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        "run --shard 0/2",
        "run --shard 3/2",
        "run --shard half",
        "run --test-threads 0",
        "run --max-failures 0",
        "run --fail-fast --max-failures 2",
        "run --timeout soon",
        "run --set storage_class",
        "run --ignored --include-ignored",
        "run --color sometimes",
        "list --format xml",
        "lab --speed 0",
        "lab --speed -1",
        "lab --kubernetes localhost",
        "schema cluster",
        "report --format html",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}
