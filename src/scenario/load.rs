//! One file: from its text to its scenarios, or to every error in it.

use super::catalogue::{Origin, Scenario};
use super::decode::decode;
use super::error::ScenarioError;
use super::fault::{Fault, Problem};
use super::levels::{FILE_KEYS, PLAN_KEYS, meant, message};
use super::matrix::{Combination, expand};
use super::model::{NamedPlan, PlanSpec, ScenarioFile};
use super::tree::{Entry, Kind, Node, Span, parse, path_text, take_duplicates};
use super::validate::{Checked, validate};
use serde_yaml::{DefaultMessageFormatter, MessageFormatter as _};
use std::sync::Arc;

/// An error before it is tied to its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) path: String,
    pub(super) span: Span,
    pub(super) message: String,
}

/// A file's name and text, kept for messages about it later.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: String,
    pub(super) text: String,
}

impl Source {
    /// The error of a finding.
    pub(super) fn error(&self, finding: Finding) -> ScenarioError {
        ScenarioError::placed(&self.file, &self.text, finding.span, finding.path, finding.message)
    }
}

/// Reads the scenarios of a file: one, or one per combination of its matrix.
pub(super) fn load_text(file: &str, name: &str, text: &str) -> Result<Vec<Scenario>, Vec<ScenarioError>> {
    let source = Arc::new(Source { file: file.to_owned(), text: text.to_owned() });
    let mut root = document(&source).map_err(|error| vec![*error])?;
    let mut findings: Vec<Finding> = take_duplicates(&mut root)
        .into_iter()
        .map(|twice| Finding {
            message: format!("key `{}` is given twice; first on line {}", twice.key, twice.first_line),
            path: twice.path,
            span: twice.at,
        })
        .collect();
    let mut matrix_findings = Vec::new();
    let combinations = expand(&root, &mut matrix_findings);
    findings.append(&mut matrix_findings);
    let mut scenarios = Vec::new();
    let mut faulty = Vec::new();
    let count = combinations.len();
    for combination in combinations {
        let shown = expanded_name("", &combination.values);
        match scenario(&source, name, combination) {
            Ok(scenario) => scenarios.push(scenario),
            Err(more) => faulty.push((shown, more)),
        }
    }
    findings.append(&mut merged(&faulty, count));
    if findings.is_empty() {
        return Ok(scenarios);
    }
    Err(findings.into_iter().map(|finding| source.error(finding)).collect())
}

fn document(source: &Source) -> Result<Node, Box<ScenarioError>> {
    let empty = || Box::new(ScenarioError::whole(&source.file, "the file is empty; a scenario is a YAML mapping"));
    let blank = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    };
    if source.text.lines().all(blank) {
        return Err(empty());
    }
    let root = parse(&source.text).map_err(|error| {
        let message = match error.without_snippet() {
            serde_yaml::Error::MultipleDocuments { .. } => "a scenario file holds one YAML document".to_owned(),
            plain => format!("not valid YAML: {}", DefaultMessageFormatter.format_message(plain)),
        };
        let span = error.location().map(Span::from).unwrap_or_default();
        Box::new(source.error(Finding { path: String::new(), span, message }))
    })?;
    match root.kind {
        Kind::Map(_) => Ok(root),
        Kind::Null => Err(empty()),
        _ => {
            let message = "a scenario is a YAML mapping of keys to values".to_owned();
            Err(Box::new(source.error(Finding { path: String::new(), span: root.at, message })))
        }
    }
}

fn scenario(source: &Arc<Source>, name: &str, combination: Combination) -> Result<Scenario, Vec<Finding>> {
    let Combination { tree, values } = combination;
    let (file, plans) = decoded(&tree)?;
    let findings = validate(&Checked { tree: &tree, file: &file, plans: &plans });
    if !findings.is_empty() {
        return Err(findings);
    }
    let origin = Origin { source: Arc::clone(source), tree: Arc::new(tree) };
    Ok(Scenario::new(expanded_name(name, &values), file, plans, values, origin))
}

fn expanded_name(name: &str, values: &[(String, String)]) -> String {
    if values.is_empty() {
        return name.to_owned();
    }
    let shown: Vec<String> = values.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{name}[{}]", shown.join(","))
}

/// The findings of all combinations: what every combination has is told once, the rest with the values it needs.
fn merged(faulty: &[(String, Vec<Finding>)], count: usize) -> Vec<Finding> {
    let common = |finding: &Finding| faulty.len() == count && faulty.iter().all(|(_, list)| list.contains(finding));
    let mut out: Vec<Finding> = Vec::new();
    for (shown, list) in faulty {
        for finding in list {
            let mut finding = finding.clone();
            if !common(&finding) {
                finding.message = format!("{} (with {shown})", finding.message);
            }
            if !out.contains(&finding) {
                out.push(finding);
            }
        }
    }
    out
}

/// The file's own keys and its plans. Plan keys stand at the top of the file, or in `plans`, never in both.
fn decoded(tree: &Node) -> Result<(ScenarioFile, Vec<NamedPlan>), Vec<Finding>> {
    let (own, rest): (Vec<Entry>, Vec<Entry>) =
        tree.entries().iter().cloned().partition(|entry| FILE_KEYS.contains(&entry.key.as_str()));
    let several = own.iter().any(|entry| entry.key == "plans");
    let (misplaced, rest): (Vec<Entry>, Vec<Entry>) =
        rest.into_iter().partition(|entry| several && PLAN_KEYS.contains(&entry.key.as_str()));
    let at = tree.at;
    let part = |entries: Vec<Entry>| Node { kind: Kind::Map(entries), at };
    let mut faults = Vec::new();
    let file = decode::<ScenarioFile>(&part(own), &mut faults);
    let plan = if several && rest.is_empty() { None } else { decode::<PlanSpec>(&part(rest), &mut faults) };
    let untold = |fault: &Fault| (several && is_top_missing(fault)) || is_misspelt(fault, &faults);
    let told = faults.iter().filter(|fault| !untold(fault));
    let mut findings: Vec<Finding> = told.map(finding).collect();
    findings.extend(misplaced.into_iter().map(|entry| Finding {
        message: format!("`{}` belongs in each plan of `plans`", entry.key),
        path: entry.key,
        span: entry.at,
    }));
    match file {
        Some(mut file) if findings.is_empty() => {
            let named = file.plans.take().map(|plans| plans.0).unwrap_or_default();
            let named = named.into_iter().map(|(name, plan)| NamedPlan { name: Some(name), plan });
            let plans = named.chain(plan.map(|plan| NamedPlan { name: None, plan })).collect();
            Ok((file, plans))
        }
        _ => Err(findings),
    }
}

/// With `plans`, the top of the file needs no VMs.
fn is_top_missing(fault: &Fault) -> bool {
    fault.path.is_empty() && matches!(fault.problem, Problem::MissingKey("virtual_machines"))
}

/// A key that is there in another spelling is not told as missing too.
fn is_misspelt(fault: &Fault, faults: &[Fault]) -> bool {
    let Problem::MissingKey(key) = fault.problem else { return false };
    let here = |other: &Fault| other.path.split_last().is_some_and(|(_, around)| around == fault.path);
    faults.iter().any(|other| here(other) && meant(other) == Some(key))
}

fn finding(fault: &Fault) -> Finding {
    Finding { path: path_text(&fault.path), span: fault.span.unwrap_or_default(), message: message(fault) }
}
