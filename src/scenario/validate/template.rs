//! Rules of templates of PVC names.
//!
//! Source: forklift-api.md section 8; original-suite.md section 1.4, "pvc template resolver".

use super::run::Report;
use crate::facts::nearest;
use crate::scenario::model::{PlanSpec, ProviderType, PvcNameTemplate};
use crate::scenario::tree::join_key;
use crate::template::{Template, TemplateError, Vocabulary, never_a_label};

/// Checks the templates of a plan, whose keys stand under `prefix`, for the sources the scenario is for.
pub(super) fn check(plan: &PlanSpec, prefix: &str, sources: &[ProviderType], report: &mut Report<'_>) {
    let path = join_key(prefix, "pvc_name_template");
    let all = if sources.is_empty() { &ProviderType::ALL } else { sources };
    match &plan.pvc_name_template {
        None => {
            let flag = join_key(prefix, "pvc_name_template_use_generate_name");
            if report.has(&flag) {
                report.tell(flag, "`pvc_name_template_use_generate_name` needs `pvc_name_template`");
            }
        }
        Some(PvcNameTemplate::One(template)) => check_template(plan, template, &path, all, report),
        Some(PvcNameTemplate::ByProvider(map)) => {
            if map.is_empty() {
                report.tell(&path, "the mapping is empty");
            }
            for (key, template) in map {
                let served = |one: &&ProviderType| match key.as_str() {
                    "default" => !map.contains_key(one.as_str()),
                    own => one.as_str() == own,
                };
                let types: Vec<ProviderType> = ProviderType::ALL.iter().filter(served).copied().collect();
                check_template(plan, template, &join_key(&path, key), &types, report);
            }
        }
    }
}

/// A template is sound if it is for one of the sources it serves.
fn check_template(plan: &PlanSpec, text: &str, path: &str, types: &[ProviderType], report: &mut Report<'_>) {
    if text.trim().is_empty() {
        report.tell(path, "the template is empty");
        return;
    }
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            report.tell(path, fault_of(error));
            return;
        }
    };
    let vocabularies: Vec<Vocabulary> = types.iter().map(|one| Vocabulary::of_any_version(one.as_str())).collect();
    let unknown: Vec<Option<&str>> =
        vocabularies.iter().map(|one| template.variables().find(|name| !one.knows(name))).collect();
    if let (Some(Some(name)), false) = (unknown.first(), unknown.contains(&None)) {
        let known = vocabularies.first().map(Vocabulary::known).unwrap_or_default();
        let near = nearest(name, known.iter().copied(), 1);
        let hint = near.first().map(|near| format!("; did you mean `.{near}`?"));
        let hint = hint.unwrap_or_else(|| format!("; there are `.{}`", known.join("`, `.")));
        let whose = types.first().map(|one| format!(" for {one}")).unwrap_or_default();
        report.tell(path, format!("the template's variable `.{name}` does not exist{whose}{hint}"));
        return;
    }
    let vms: Vec<&str> = plan
        .virtual_machines
        .iter()
        .flat_map(|vm| [Some(vm.name.as_str()), vm.clone_name.as_deref()])
        .flatten()
        .collect();
    let fits = vocabularies.iter().zip(&unknown).filter(|(_, unknown)| unknown.is_none());
    let never: Option<Vec<TemplateError>> = fits.map(|(one, _)| never_a_label(&template, *one, &vms)).collect();
    if let Some(error) = never.and_then(|errors| errors.into_iter().next()) {
        report.tell(path, format!("{}, whatever the VM", fault_of(error)));
    }
}

/// The error without the template, which stands in the message's excerpt.
fn fault_of(error: TemplateError) -> String {
    match error {
        TemplateError::Syntax { why, .. } => format!("the template does not parse: {why}"),
        TemplateError::UnknownFunction { name, offered, .. } => {
            let near = nearest(&name, offered.split(' '), 1);
            let hint = near.first().map(|near| format!("; did you mean `{near}`?"));
            let hint = hint.unwrap_or_else(|| format!("; there are {offered}"));
            format!("the product's templates have no function `{name}`{hint}")
        }
        TemplateError::Render { why, .. } => format!("the template cannot be rendered: {why}"),
        TemplateError::NotALabel { rendered, .. } => {
            format!("the template's outcome, such as {rendered:?}, is no DNS-1123 label of at most 63 characters")
        }
    }
}
