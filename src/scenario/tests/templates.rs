//! Rules of name templates: what they may say, and what they know of the sources that they serve.

use super::errors::errors_of;
use super::rules::plan;

/// A plan with one template.
fn template(text: &str) -> Vec<String> {
    plan("", &format!("pvc_name_template: '{text}'\n"))
}

#[test]
fn templates_must_parse_and_know_their_words() {
    for (text, message) in [
        ("{{.VmName", "the template does not parse: unclosed action"),
        ("{{if .Shared}}a", "the template does not parse: the {{if}} has no {{end}}"),
        ("{{end}}", "the template does not parse: unexpected {{end}}"),
        ("{{.VmName | lowr}}", "the product's templates have no function `lowr`; did you mean `lower`?"),
        ("{{.FileNam}}", "the template's variable `.FileNam` does not exist for vsphere; did you mean `.FileName`?"),
        (
            "{{.VmName}}_{{.DiskIndex}}",
            "the template's outcome, such as \"_\", is no DNS-1123 label of at most 63 characters, whatever the VM",
        ),
        (
            "{{.FileName}}",
            "the template's outcome, such as \"vm.vmdk\", is no DNS-1123 label of at most 63 characters, whatever the VM",
        ),
        ("{{div .DiskIndex 0}}", "the template cannot be rendered: div: integer divide by zero, whatever the VM"),
        (" ", "the template is empty"),
    ] {
        assert_eq!(template(text), [format!("pvc_name_template: {message}")], "{text}");
    }
    for text in
        ["{{.VmName}}-{{.DiskIndex}}", "{{.SourcePVCName}}", "{{if eq .DiskIndex .RootDiskIndex}}root{{else}}d{{end}}"]
    {
        assert_eq!(template(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn templates_know_the_variables_of_the_sources_they_serve() {
    let told = |rest: &str| plan("", &format!("{rest}\n"));
    let foreign = |whose: &str| format!("the template's variable `.FileName` does not exist for {whose}; there are ");
    for rest in [
        "pvc_name_template: '{{.FileName | nospace}}-1'\nrequires: {source: [ovirt, openshift]}",
        "pvc_name_template: {ovirt: '{{.FileName | nospace}}-1', default: x}",
        "pvc_name_template: {vsphere: x, default: '{{.FileName | nospace}}-1'}",
    ] {
        let told = told(rest);
        assert_eq!(told.len(), 1, "{rest}");
        assert!(told[0].contains(&foreign("ovirt")), "{told:?}");
    }
    let good = "pvc_name_template: {vsphere: '{{.FileName | trimSuffix \".vmdk\" | replace \"_\" \"-\"}}', default: '{{.VmName}}'}";
    assert_eq!(told(good), Vec::<String>::new());
    assert_eq!(
        told("pvc_name_template_use_generate_name: true"),
        ["pvc_name_template_use_generate_name: `pvc_name_template_use_generate_name` needs `pvc_name_template`"]
    );
}

#[test]
fn a_fault_of_a_template_has_its_place() {
    insta::assert_snapshot!(errors_of(
        "description: A.\nvirtual_machines: [{name: a}]\npvc_name_template:\n  vsphere: '{{ .VmName | b64enc }}'\n"
    ), @r#"
    bad.yaml:4:3: the product's templates have no function `b64enc`; there are add add1 and call ceil contains div eq floor ge gt hasPrefix hasSuffix html index initials js le len lower lt max min mod mul mustRegexReplaceAll ne nospace not or print printf println repeat replace round slice sub substr title trim trimAll trimPrefix trimSuffix trunc untitle upper urlquery
      4 |   vsphere: '{{ .VmName | b64enc }}'
        |   ^^^^^^^
        = at pvc_name_template.vsphere

    1 error in 1 scenario file
    "#);
}
