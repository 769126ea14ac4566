//! Names of the claims: the product's default, or a template of plain fields.
//!
//! The whole template language is not simulated; a template that needs it makes the plan invalid, visibly.
//! Source: forklift-api.md section 8.

use super::super::object::{flag, text};
use crate::facts::Seed;
use serde_json::Value;

/// What a template may name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variables<'a> {
    pub(crate) vm_name: &'a str,
    pub(crate) plan_name: &'a str,
    pub(crate) target_name: &'a str,
    pub(crate) disk_index: usize,
}

/// The template of a VM: its own, else the plan's.
pub(crate) fn template_of<'a>(plan: &'a Value, entry: &'a Value) -> &'a str {
    let own = text(entry, "/pvcNameTemplate");
    if own.is_empty() { text(plan, "/spec/pvcNameTemplate") } else { own }
}

/// Renders a template.
///
/// # Errors
/// It uses more than plain fields, or the outcome is no DNS-1123 label.
pub(crate) fn render(template: &str, variables: Variables<'_>) -> Result<String, String> {
    let mut name = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((action, tail)) = after.split_once("}}") else {
            return Err(format!("{template:?}: an action is not closed"));
        };
        name.push_str(before);
        match action.trim() {
            ".VmName" => name.push_str(variables.vm_name),
            ".PlanName" => name.push_str(variables.plan_name),
            ".TargetVmName" => name.push_str(variables.target_name),
            ".DiskIndex" => name.push_str(&variables.disk_index.to_string()),
            other => return Err(format!("{template:?}: the lab renders only plain fields, not {other:?}")),
        }
        rest = tail;
    }
    name.push_str(rest);
    if is_label(&name) { Ok(name) } else { Err(format!("{template:?} gives {name:?}, which is no DNS-1123 label")) }
}

fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// The claim's name. It is the same each time it is asked for, so that a repeated creation meets what is there.
///
/// # Errors
/// See [`render`].
pub(crate) fn claim_name(
    plan: &Value,
    entry: &Value,
    vm_id: &str,
    variables: Variables<'_>,
    purpose: &str,
) -> Result<String, String> {
    let template = template_of(plan, entry);
    let suffix = Seed(0).suffix(purpose, 5);
    if template.is_empty() {
        return Ok(format!("{}-{vm_id}-{suffix}", variables.plan_name));
    }
    let rendered = render(template, variables)?;
    if !flag(plan, "/spec/pvcNameTemplateUseGenerateName", true) {
        return Ok(rendered);
    }
    // As the API server does: at most 58 characters of the prefix are kept.
    let prefix: String = format!("{}-", rendered.trim_end_matches('-')).chars().take(58).collect();
    Ok(format!("{prefix}{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const VARIABLES: Variables<'_> = Variables { vm_name: "vm-a", plan_name: "p", target_name: "t", disk_index: 1 };

    #[test]
    fn plain_fields_are_rendered_and_others_refused() {
        assert_eq!(render("{{.VmName}}-x-{{ .DiskIndex }}", VARIABLES).as_deref(), Ok("vm-a-x-1"));
        assert!(render("{{ .FileName | lower }}", VARIABLES).unwrap_err().contains("only plain fields"));
        assert!(render("{{.VmName", VARIABLES).is_err());
        assert!(render("{{.VmName}}_1", VARIABLES).unwrap_err().contains("DNS-1123"));
    }

    #[test]
    fn names_follow_generate_name() {
        let name = |plan: &Value, entry: &Value| claim_name(plan, entry, "vm-7", VARIABLES, "u/0").unwrap();
        let plan = json!({"spec": {"pvcNameTemplate": "{{.PlanName}}-d{{.DiskIndex}}"}});
        assert!(name(&plan, &json!({})).starts_with("p-d1-") && name(&plan, &json!({})).len() == 10);
        let exact = json!({"spec": {"pvcNameTemplate": "x", "pvcNameTemplateUseGenerateName": false}});
        assert_eq!(name(&exact, &json!({})), "x");
        assert_eq!(name(&exact, &json!({"pvcNameTemplate": "own"})), "own");
        assert!(name(&json!({}), &json!({})).starts_with("p-vm-7-"));
    }
}
