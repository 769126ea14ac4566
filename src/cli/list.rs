//! `list`: load, validate, expand, select, print. Needs no cluster and no providers file.

use super::args::{ListArgs, ListFormat, RunArgs};
use super::options::{provider_names, select_tests};
use super::{CliError, ExitCode, output};
use crate::config::Environment;
use crate::report::count_text;
use crate::scenario::Test;
use serde_json::json;
use std::fmt::Write;

/// `mtvtest list`.
pub(super) fn list(args: &ListArgs) -> Result<ExitCode, CliError> {
    let tests = select_tests(&args.selection, &args.source_providers)?;
    print_tests(&tests, args.format)
}

/// Prints the tests in a form.
pub(super) fn print_tests(tests: &[Test], format: ListFormat) -> Result<ExitCode, CliError> {
    let text = match format {
        ListFormat::Pretty => table(tests),
        ListFormat::Terse => test_list(tests),
        ListFormat::Json => as_json(tests),
    };
    output::print(&text).map_err(CliError::stdout)?;
    if format == ListFormat::Pretty {
        output::say(&count_text(u64::try_from(tests.len()).unwrap_or(u64::MAX), "test"));
    }
    Ok(ExitCode::Success)
}

/// `mtvtest run --list`: the names that the same `run` would use, as test tools expect them.
pub(super) fn list_of_run(args: &RunArgs, environment: &dyn Environment) -> Result<ExitCode, CliError> {
    let settings = args.settings(environment)?;
    let providers = provider_names(&settings, args.environment.world()?.as_ref());
    let selected = select_tests(&args.all_selection(), &providers)?;
    // No test is an ignored one; with --ignored nothing may be listed.
    let tests = if args.harness.ignored { Vec::new() } else { selected };
    output::print(&test_list(&tests)).map_err(CliError::stdout)?;
    Ok(ExitCode::Success)
}

/// The list as Rust's test harness prints it, and nothing else: what cargo-nextest parses. The same lines as
/// libtest-mimic's own `--list`, which cannot be used: it panics when its reader goes away (`| head`).
fn test_list(tests: &[Test]) -> String {
    tests.iter().fold(String::new(), |lines, test| lines + &test.name + ": test\n")
}

/// Columns: name, tags, first line of the description.
fn table(tests: &[Test]) -> String {
    let rows: Vec<[String; 3]> = tests
        .iter()
        .map(|test| {
            let description = test.scenario.description.lines().next().unwrap_or_default();
            [test.name.clone(), test.scenario.tags.join(", "), description.to_owned()]
        })
        .collect();
    let head = ["NAME", "TAGS", "DESCRIPTION"].map(str::to_owned);
    let width =
        |column: usize| rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (names, tags) = (width(0), width(1));
    let mut text = String::new();
    for [name, tag, description] in [&head].into_iter().chain(&rows) {
        let line = format!("{name:names$}  {tag:tags$}  {description}");
        writeln!(text, "{}", line.trim_end()).ok();
    }
    text
}

fn as_json(tests: &[Test]) -> String {
    let entries: Vec<serde_json::Value> = tests
        .iter()
        .map(|test| {
            let scenario = &test.scenario;
            let requests = scenario.plans.iter().flat_map(|plan| &plan.plan.virtual_machines);
            json!({
                "name": test.name,
                "scenario": scenario.name,
                "source_provider": test.provider,
                "description": scenario.description,
                "id": scenario.id,
                "tags": scenario.tags,
                "file": scenario.file(),
                "warm": scenario.plans.iter().any(|plan| plan.plan.warm_migration),
                "virtual_machines": requests.map(|vm| vm.name.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::SelectionArgs;

    const SCENARIO: &str = "\
description: Migrates one VM.
tags: [tier0, cold]
virtual_machines:
  - {name: rhel8}
warm_migration: false
";

    fn catalogue() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("cold")).unwrap();
        std::fs::write(folder.path().join("cold/sanity.yaml"), SCENARIO).unwrap();
        let second = SCENARIO.replace("tier0, cold", "x").replace("one VM", "one VM again");
        std::fs::write(folder.path().join("cold/a-longer-name.yaml"), second).unwrap();
        folder
    }

    fn selected(folder: &tempfile::TempDir, providers: &[&str]) -> Vec<Test> {
        let args = SelectionArgs { scenarios: Some(folder.path().to_owned()), ..SelectionArgs::default() };
        let providers: Vec<String> = providers.iter().map(|&name| name.to_owned()).collect();
        select_tests(&args, &providers).unwrap()
    }

    #[test]
    fn the_table_has_aligned_columns() {
        let folder = catalogue();
        insta::assert_snapshot!(table(&selected(&folder, &[])), @r"
        NAME                TAGS         DESCRIPTION
        cold/a-longer-name  x            Migrates one VM again.
        cold/sanity         tier0, cold  Migrates one VM.
        ");
    }

    #[test]
    fn the_test_list_is_that_of_libtest_mimic() {
        let folder = catalogue();
        let tests = selected(&folder, &["a", "b"]);
        let path = folder.path().join("list.txt");
        let arguments = libtest_mimic::Arguments {
            list: true,
            format: Some(libtest_mimic::FormatSetting::Terse),
            logfile: Some(path.to_str().unwrap().to_owned()),
            ..Default::default()
        };
        let trials = tests.iter().map(|test| libtest_mimic::Trial::test(test.name.clone(), || Ok(()))).collect();
        assert!(!libtest_mimic::run(&arguments, trials).has_failed());
        assert_eq!(test_list(&tests), std::fs::read_to_string(path).unwrap());
        assert!(test_list(&tests).starts_with("cold/a-longer-name@a: test\ncold/a-longer-name@b: test\n"));
    }

    #[test]
    fn json_tells_what_a_program_needs() {
        let folder = catalogue();
        let list: serde_json::Value = serde_json::from_str(&as_json(&selected(&folder, &["vs8"]))).unwrap();
        assert_eq!(list[1]["name"], "cold/sanity");
        assert_eq!(list[1]["source_provider"], "vs8");
        assert_eq!(list[1]["tags"], json!(["tier0", "cold"]));
        assert_eq!(list[1]["virtual_machines"], json!(["rhel8"]));
    }
}
