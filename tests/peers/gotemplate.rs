//! Name templates: the table that the unit tests of `template` compare with is what Go and Sprig say.
//!
//! To add cases: write them into the table without an outcome, and put what this program prints in its place:
//! `gotemplate <src/template/cases.json`.

use crate::bench::Bench;
use crate::part::Part::Gotemplate;
use crate::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::process::Stdio;
use tokio::process::Command;

const TABLE: &str = include_str!("../../src/template/cases.json");

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("gotemplate::the_table_of_templates_is_what_go_says", &[Gotemplate], agrees),
        trial("gotemplate::a_wrong_outcome_is_seen", &[Gotemplate], differs),
    ]
}

async fn agrees(bench: Bench) {
    let stored: Value = serde_json::from_str(TABLE).unwrap();
    let said = asked(&bench, TABLE).await;
    assert_eq!(said["data"], stored["data"]);
    let cases = |table: &Value| table["cases"].as_array().unwrap().clone();
    let (said, stored) = (cases(&said), cases(&stored));
    assert_eq!(said.len(), stored.len());
    for (go, here) in said.iter().zip(&stored) {
        assert_eq!(go, here, "{}", here["template"]);
    }
}

/// The program answers by itself, not out of the table it is given.
async fn differs(bench: Bench) {
    let mut table: Value = serde_json::from_str(TABLE).unwrap();
    table["cases"] =
        serde_json::json!([{"template": "{{.VmName | lower}}", "gives": "wrong"}, {"template": "{{nosuch}}"}]);
    let said = asked(&bench, &table.to_string()).await;
    assert_eq!(said["cases"][0]["gives"], "web_server.01");
    assert_eq!(said["cases"][1]["fails"], "parsing");
}

async fn asked(bench: &Bench, table: &str) -> Value {
    let input = bench.folder().join("table.json");
    std::fs::write(&input, table).unwrap();
    let mut command = Command::new(Gotemplate.path());
    command.stdin(std::fs::File::open(&input).unwrap()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = command.output().await.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    serde_json::from_slice(&ended.stdout).unwrap()
}
