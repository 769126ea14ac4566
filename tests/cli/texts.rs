//! What the program prints when all is well: help, lists, plans, runs, reports.

use crate::folder::{COLD, Folder, NO_AGENT};
use crate::transcript::{assert_call, assert_text};

#[test]
fn help_of_the_program_and_of_every_command() {
    let folder = Folder::new();
    assert_call("help", &folder.run("--help"));
    assert_call("help-short", &folder.run("-h"));
    for command in ["list", "plan", "run", "clean", "report", "lab", "schema", "completions", "man"] {
        assert_call(&format!("help-{command}"), &folder.run(&format!("{command} --help")));
    }
    assert_call("help-lab-faults", &folder.run("lab faults --help"));
    assert!(folder.tree().is_empty(), "{:?}", folder.tree());
}

#[test]
fn the_faults_of_the_lab() {
    let folder = Folder::new();
    assert_call("lab-faults", &folder.run("lab faults"));
    let ended = folder.run("lab faults --format json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&ended.out).unwrap();
    let terse = folder.run("lab faults --format terse").out;
    assert!(rows.iter().map(|row| row["fault"].as_str().unwrap()).eq(terse.lines()), "{terse}");
    assert!(folder.tree().is_empty(), "{:?}", folder.tree());
}

#[test]
fn a_rehearsal_of_a_fault_fails_by_its_check() {
    let folder = Folder::new();
    let ended = folder.run("run --lab --lab-fault lost-core --exact --filter cold/sanity");
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.err.contains("cpu"), "{}", ended.err);
    let served = folder.run("lab --fault lost-cor");
    assert_eq!(served.code, Some(2));
    assert!(served.err.contains("did you mean lost-core"), "{}", served.err);
}

#[test]
fn the_program_without_a_command_shows_its_help() {
    let ended = Folder::new().run("");
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("Usage: mtvtest"), "{}", ended.err);
}

#[test]
fn lists_in_three_formats() {
    let folder = Folder::new();
    folder.write("s/cold/one.yaml", COLD);
    folder.write("s/cold/two-longer.yaml", &COLD.replace("One", "Another").replace("virtual", "tags: [a, b]\nvirtual"));
    for format in ["pretty", "terse", "json"] {
        assert_call(&format!("list-{format}"), &folder.run(&format!("list --scenarios s --format {format}")));
    }
    assert_call(
        "list-two-providers",
        &folder.run("list --scenarios s --source-provider a --source-provider b --filter one"),
    );
    let embedded = folder.run("list --exact --filter cold/sanity --format terse");
    assert_eq!((embedded.code, embedded.out.as_str()), (Some(0), "cold/sanity: test\n"));
}

#[test]
fn a_plan_with_its_manifests() {
    let folder = Folder::new();
    assert_call("plan", &folder.run("plan --lab --seed 1 --exact --filter cold/sanity"));
    assert!(folder.tree().is_empty(), "{:?}", folder.tree());
}

#[test]
fn a_plan_is_a_stream_of_yaml_documents_and_the_same_again() {
    let folder = Folder::new();
    let plan = || folder.run("plan --lab --seed 1 --exact --filter cold/sanity").out;
    let text = plan();
    assert_eq!(text, plan());
    let kinds: Vec<String> = text
        .split("---\n")
        .skip(1)
        .map(|document| {
            let object: serde_json::Value = serde_yaml::from_str(document).unwrap();
            object["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    for kind in ["Namespace", "Secret", "Provider", "StorageMap", "NetworkMap", "Plan", "Migration"] {
        assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
    }
    assert!(!text.contains("lab-vcenter"), "a secret: {text}");
}

#[test]
fn a_run_that_passes_and_its_reports() {
    let folder = Folder::new();
    let ended = folder.run("run --lab --exact --filter cold/sanity");
    assert_call("run-passed", &ended);
    for format in ["terminal", "junit", "json"] {
        assert_call(&format!("report-passed-{format}"), &folder.run(&format!("report --format {format}")));
    }
}

#[test]
fn a_run_that_fails_and_its_reports() {
    let folder = Folder::new();
    folder.world_without_agent();
    folder.write("s/no-agent.yaml", NO_AGENT);
    let ended = folder.run("run --lab=world.yaml --scenarios s");
    assert_call("run-failed", &ended);
    for format in ["terminal", "junit", "json"] {
        assert_call(&format!("report-failed-{format}"), &folder.run(&format!("report --format {format}")));
    }
}

#[test]
fn schemas_are_json_schemas() {
    let folder = Folder::new();
    for kind in ["scenario", "providers", "settings"] {
        let ended = folder.run(&format!("schema {kind}"));
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{kind}");
        let schema: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert!(schema["$schema"].as_str().unwrap().contains("json-schema.org"), "{kind}");
    }
}

#[test]
fn completions_and_manual_name_every_command() {
    let folder = Folder::new();
    for line in ["completions bash", "completions zsh", "completions fish", "man"] {
        let ended = folder.run(line);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{line}");
        for command in ["run", "clean", "lab"] {
            assert!(ended.out.contains(command), "{line}: {command}");
        }
    }
    let ended = folder.run("man --dir pages");
    assert_eq!(ended.code, Some(0));
    assert!(folder.join("pages/mtvtest-run.1").is_file(), "{:?}", folder.tree());
}

#[test]
fn results_for_programs_are_json_lines() {
    let ended = Folder::new().run("run --lab --exact --filter cold/sanity --format json");
    assert_eq!(ended.code, Some(0));
    let lines: Vec<serde_json::Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["event"] == "ok" && line["name"] == "cold/sanity"), "{lines:?}");
}

#[test]
fn version_is_one_line() {
    let ended = Folder::new().run("--version");
    assert_eq!(ended.code, Some(0));
    assert_text("version", &ended.out);
}
