//! The table of Go's own outcomes, and the rules of names.

use super::*;
use semver::Version;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    data: Data,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    vm_name: String,
    plan_name: String,
    target_vm_name: String,
    vm_id: String,
    file_name: String,
    win_drive_letter: String,
    disk_index: usize,
    root_disk_index: usize,
    shared: bool,
}

#[derive(Deserialize)]
struct Case {
    template: String,
    #[serde(default)]
    gives: Option<String>,
    #[serde(default)]
    fails: Option<String>,
}

fn outcome(template: &str, variables: &Variables) -> Result<String, &'static str> {
    let parsed = Template::parse(template).map_err(|_| "parsing")?;
    // The table's outcomes are those of Go, before the product trims them.
    parsed.render_fields(&variables.fields()).map_err(|_| "rendering")
}

#[test]
fn every_outcome_is_that_of_go() {
    let table: Table = serde_json::from_str(include_str!("cases.json")).unwrap();
    let data = table.data;
    let variables = Variables {
        vm_name: data.vm_name,
        target_vm_name: data.target_vm_name,
        plan_name: data.plan_name,
        vm_id: data.vm_id,
        disk_index: data.disk_index,
        root_disk_index: data.root_disk_index,
        file_name: Some(data.file_name),
        shared: data.shared,
        win_drive_letter: Some(data.win_drive_letter),
        ..Variables::default()
    };
    assert!(table.cases.len() >= 60);
    let mut wrong = Vec::new();
    for case in table.cases {
        let go = match (&case.gives, &case.fails) {
            (Some(text), None) => Ok(text.clone()),
            (None, Some(stage)) if stage == "parsing" => Err("parsing"),
            (None, Some(stage)) if stage == "rendering" => Err("rendering"),
            _ => panic!("{}: no outcome", case.template),
        };
        let here = outcome(&case.template, &variables);
        if here != go {
            wrong.push(format!("{}\n  Go:   {go:?}\n  here: {here:?}", case.template));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn web() -> Variables {
    Variables {
        vm_name: "web".to_owned(),
        plan_name: "plan".to_owned(),
        file_name: Some("web_1.vmdk".to_owned()),
        ..Variables::default()
    }
}

fn name_of(template: &str, variables: &Variables) -> Result<String, TemplateError> {
    claim_name(&Template::parse(template)?, variables)
}

#[test]
fn functions_of_sprig_that_the_product_leaves_out_are_unknown() {
    for name in ["b64enc", "env", "now", "randAlpha", "substring", "break1"] {
        let error = Template::parse(&format!("{{{{{name} .VmName}}}}")).unwrap_err();
        assert!(matches!(&error, TemplateError::UnknownFunction { name: found, .. } if found == name), "{error}");
        assert!(error.to_string().contains("mustRegexReplaceAll"), "{error}");
    }
}

#[test]
fn the_whole_data_is_refused_but_its_parts_are_not() {
    for template in ["{{.}}", "{{print .}}", "{{$}}", "a-{{with .}}{{.}}{{end}}", "{{if .Shared}}{{.}}{{end}}"] {
        assert!(matches!(Template::parse(template), Err(TemplateError::Syntax { .. })), "{template}");
    }
    for template in ["{{with .VmName}}{{.}}{{end}}", "{{range 2}}{{.}}{{end}}", "{{with .}}{{.VmName}}{{end}}"] {
        assert!(Template::parse(template).is_ok(), "{template}");
    }
}

#[test]
fn variables_are_those_of_the_data_only() {
    let template =
        Template::parse("{{with .VmName}}{{.Other}}{{$.PlanName}}{{end}}{{if .Shared}}{{lower .A.B}}{{end}}");
    let template = template.unwrap();
    assert_eq!(template.variables().collect::<Vec<_>>(), ["A", "PlanName", "Shared", "VmName"]);
}

#[test]
fn vocabularies_follow_provider_and_version() {
    let of = |source: &str, version: &str| Vocabulary::of(source, &Version::parse(version).unwrap());
    assert!(of("vsphere", "2.7.9").is_none() && of("ovirt", "2.12.0").is_none() && of("openshift", "2.10.0").is_none());
    let old = of("vsphere", "2.8.0").unwrap();
    assert_eq!(old.known(), ["VmName", "PlanName", "DiskIndex", "RootDiskIndex"]);
    assert!(
        of("vsphere", "2.9.0").unwrap().knows("FileName") && !of("vsphere", "2.9.0").unwrap().knows("TargetVmName")
    );
    let current = of("vsphere", "2.11.0").unwrap();
    assert!(current.knows("TargetVmName") && !current.knows("VmId") && !current.knows("SourcePVCName"));
    let newest = of("vsphere", "2.13.0").unwrap();
    assert!(newest.knows("VmId") && newest.knows("SourcePVCName") && !newest.knows("Nonsense"));
    assert!(of("ovirt", "2.13.0").is_some() && of("openshift", "2.11.0").unwrap().knows("SourcePVCName"));
    assert!(!of("openshift", "2.11.0").unwrap().knows("FileName"));
}

#[test]
fn a_foreign_variable_is_an_error_before_the_newest_version_and_empty_there() {
    let with = |version: &str| {
        let vocabulary = Vocabulary::of("vsphere", &Version::parse(version).unwrap()).unwrap();
        name_of("{{.VmName}}{{.SourcePVCName}}", &Variables { vocabulary, ..web() })
    };
    assert!(with("2.12.0").unwrap_err().to_string().contains("no variable .SourcePVCName"));
    assert_eq!(with("2.13.0").unwrap(), "web");
}

#[test]
fn a_claims_name_is_a_label_and_never_cut() {
    for (template, good) in [
        ("{{.VmName}}-{{.DiskIndex}}", true),
        ("{{repeat 63 \"a\"}}", true),
        ("{{repeat 64 \"a\"}}", false),
        ("{{.FileName}}", false),
        ("{{.FileName | trimSuffix \".vmdk\" | replace \"_\" \"-\"}}", true),
        ("{{.VmName}}-", false),
        ("-{{.VmName}}", false),
        ("{{upper .VmName}}", false),
        ("", false),
        ("{{.WinDriveLetter}}", false),
    ] {
        let named = name_of(template, &web());
        assert_eq!(named.is_ok(), good, "{template}: {named:?}");
        assert!(good || matches!(named, Err(TemplateError::NotALabel { .. })), "{template}");
    }
}

#[test]
fn white_space_at_the_ends_is_cut_by_the_newest_version_only() {
    let with = |version: &str| {
        let vocabulary = Vocabulary::of("vsphere", &Version::parse(version).unwrap()).unwrap();
        name_of("{{.VmName}}\n", &Variables { vocabulary, ..web() })
    };
    assert!(with("2.11.0").is_err());
    assert_eq!(with("2.13.0").unwrap(), "web");
}

#[test]
fn generated_names_keep_58_characters_and_add_five() {
    let short = naming("web-0", true);
    assert!(short.admits("web-0-x7k2p") && !short.admits("web-0-x7k2") && !short.admits("web-0-x7k2pq"));
    assert!(!short.admits("web-00x7k2p") && !short.admits("web-0-X7K2P") && !short.admits("web-0"));
    assert_eq!(naming("web-", true), naming("web", true));
    let long = naming(&"a".repeat(63), true);
    assert!(long.admits(&format!("{}bcdfg", "a".repeat(58))) && !long.admits(&format!("{}-bcdfg", "a".repeat(57))));
}

#[test]
fn exact_names_and_names_of_copy_offload() {
    assert!(naming("web-0", false).admits("web-0") && naming("web-", false).admits("web"));
    assert!(!naming("web-0", false).admits("web-0-x7k2p") && !naming("web-1", false).admits("web-10"));
    assert!(offload_admits("pvc", "pvc-0123abcd"));
    for claim in ["pvc-0123abc", "pvc-0123abcg", "pvc0123abcd", "pvc-0123ABCD", "pvx-0123abcd", "pvc"] {
        assert!(!offload_admits("pvc", claim), "{claim}");
    }
}

#[test]
fn templates_that_can_never_name_a_claim_are_told() {
    let never = |template: &str, vms: &[&str]| never_a_label(&Template::parse(template).unwrap(), vms).is_some();
    for template in
        ["PVC-{{.VmName}}", "{{.VmName}}_{{.DiskIndex}}", "{{.FileName}}", "{{lower .DiskIndex}}", "", "{{div 1 0}}"]
    {
        assert!(never(template, &[]), "{template}");
    }
    for template in ["pvc", "{{.VmName}}-{{.DiskIndex}}", "{{.VmName}}\n", "{{if .Shared}}a{{else}}B{{end}}"] {
        assert!(!never(template, &[]), "{template}");
    }
    let picky = "{{if hasPrefix \"Web_\" .VmName}}a{{end}}";
    assert!(never(picky, &["db"]) && !never(picky, &["Web_1"]));
}
