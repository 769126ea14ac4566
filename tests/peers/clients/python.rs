//! Python's Kubernetes client, pyVmomi and oVirt's SDK: one script of this folder for each topic.

use super::kubectl_migration::{MIGRATION, set};
use super::served::Served;
use crate::bench::Bench;
use crate::part::Part::Python;
use crate::trial::trial;
use libtest_mimic::Trial;
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("clients::python::the_dynamic_client_does_everything_with_objects", &[Python], |bench| async move {
            Served::start(&bench).await.python("kube_dynamic.py", &[]).await;
        }),
        trial("clients::python::typed_models_accept_every_object", &[Python], |bench| async move {
            Served::start(&bench).await.python("kube_typed.py", &[]).await;
        }),
        trial("clients::python::a_migration_is_followed_by_watches", &[Python], migrates),
        trial("clients::pyvmomi::certificate_and_login_are_checked", &[Python], |bench| async move {
            Served::start(&bench).await.python("vsphere_session.py", &[]).await;
        }),
        trial("clients::pyvmomi::every_property_that_the_program_reads_has_its_type", &[Python], reads),
        trial("clients::pyvmomi::a_clone_lives_and_leaves_the_source_as_it_was", &[Python], |bench| async move {
            // Slow enough for its progress to be seen: a clone takes a second.
            Served::with(&bench, &["--speed", "60"]).await.python("vsphere_changing.py", &[]).await;
        }),
        trial("clients::pyvmomi::commands_run_in_a_guest", &[Python], |bench| async move {
            Served::start(&bench).await.python("vsphere_guest.py", &[]).await;
        }),
        trial("clients::ovirt::certificate_login_and_token_are_checked", &[Python], |bench| async move {
            Served::start(&bench).await.python("ovirt_session.py", &[]).await;
        }),
        trial("clients::ovirt::everything_that_the_program_reads_has_its_type", &[Python], |bench| async move {
            Served::start(&bench).await.python("ovirt_reading.py", &[]).await;
        }),
        trial("clients::ovirt::a_clone_lives_and_leaves_the_engine_as_it_was", &[Python], |bench| async move {
            // Slow enough for its locks to be seen: a copy takes a second.
            Served::with(&bench, &["--speed", "60"]).await.python("ovirt_changing.py", &[]).await;
        }),
        Trial::test("clients::pyvmomi::the_list_of_properties_is_what_the_program_reads", || {
            paths_are_current().map_err(Into::into)
        }),
    ]
}

async fn migrates(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.write("set.yaml", &set(&lab));
    lab.write("migration.yaml", MIGRATION);
    lab.python("kube_migration.py", &["set.yaml", "migration.yaml"]).await;
}

/// Types and paths, one a line.
const PATHS: &str = include_str!("vsphere_paths.txt");

async fn reads(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.write("paths.txt", PATHS);
    lab.python("vsphere_reading.py", &["paths.txt"]).await;
}

/// Compares the list with the literals that the provider's source gives to the property collector.
fn paths_are_current() -> Result<(), String> {
    let mut read = BTreeSet::new();
    collect_paths(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider/vsphere"), &mut read);
    let listed: BTreeSet<String> =
        PATHS.lines().filter_map(|line| line.split_once(' ')).map(|(_, path)| path.to_owned()).collect();
    let missing: Vec<_> = read.difference(&listed).collect();
    let idle: Vec<_> = listed.difference(&read).collect();
    if missing.is_empty() && idle.is_empty() {
        return Ok(());
    }
    Err(format!("tests/peers/clients/vsphere_paths.txt lacks {missing:?}, and nothing reads {idle:?}"))
}

fn collect_paths(folder: &Path, read: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_paths(&path, read);
        } else if !path.ends_with("tests.rs") && !path.ends_with("script.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let (product, _) = source.split_once("#[cfg(test)]").unwrap_or((&source, ""));
            read.extend(literals(product));
        }
    }
}

/// The texts in arrays that name properties, and the single ones that are chosen from.
fn literals(source: &str) -> Vec<String> {
    let arrays = ["const PATHS: [&str;", "let paths = [", ", &[\"", "let path = \""];
    let mut found = Vec::new();
    for start in arrays {
        for (at, _) in source.match_indices(start) {
            let rest = &source[at..];
            let text = rest
                .split_once(']')
                .filter(|_| !start.ends_with("&str;"))
                .map_or_else(|| rest.split_once("];").map_or(rest, |(text, _)| text), |(text, _)| text);
            let text = if start.starts_with("let path =") { text.lines().next().unwrap_or_default() } else { text };
            found.extend(text.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}
