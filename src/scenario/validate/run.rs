//! What the rules work on, and their order.

use super::{file, plan};
use crate::scenario::load::Finding;
use crate::scenario::model::{NamedPlan, ScenarioFile};
use crate::scenario::tree::{Node, join_key};

/// A decoded file, to be checked.
pub(in crate::scenario) struct Checked<'a> {
    pub(in crate::scenario) tree: &'a Node,
    pub(in crate::scenario) file: &'a ScenarioFile,
    pub(in crate::scenario) plans: &'a [NamedPlan],
}

/// Collects findings; places come from the tree.
pub(super) struct Report<'a> {
    tree: &'a Node,
    findings: Vec<Finding>,
}

impl Report<'_> {
    /// Tells that the key at `path` breaks a rule.
    pub(super) fn tell(&mut self, path: impl Into<String>, message: impl Into<String>) {
        let path = path.into();
        let span = self.tree.locate(&path);
        self.findings.push(Finding { path, span, message: message.into() });
    }

    /// Whether the file gives the key at `path`.
    pub(super) fn has(&self, path: &str) -> bool {
        self.tree.has(path)
    }
}

/// Every rule that a decoded file breaks.
pub(in crate::scenario) fn validate(checked: &Checked<'_>) -> Vec<Finding> {
    let mut report = Report { tree: checked.tree, findings: Vec::new() };
    file::check(checked, &mut report);
    for named in checked.plans {
        let prefix = named.name.as_ref().map(|name| join_key("plans", name)).unwrap_or_default();
        plan::check(&named.plan, &prefix, &checked.file.requires.source, &mut report);
    }
    report.findings
}
