//! Which keys a scenario uses, so that a run can refuse what it cannot do, naming file and line.

use super::catalogue::Scenario;
use super::error::ScenarioError;
use super::load::Finding;

/// Keys whose inside is data and not keys of the model.
const FREE: [&str; 9] = [
    "matrix",
    "expect",
    "checks.skip",
    "forklift_controller",
    "target_labels",
    "target_node_selector",
    "target_affinity",
    "convertor_node_selector",
    "pvc_name_template",
];

/// A key that a scenario gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    /// The key without places in lists and names of plans: `virtual_machines[].name`, also within `plans`.
    pub key: String,
    /// Its path in the file: `plans.xcopy.virtual_machines[0].name`.
    pub path: String,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Scenario {
    /// Every key the scenario gives, outer before inner, in the order of the file.
    pub fn used_keys(&self) -> Vec<UsedKey> {
        let mut keys = Vec::new();
        self.origin.tree.walk(&mut |path, at, _| {
            let key = general(path);
            let is_key = !path.ends_with(']') && !key.is_empty();
            let free = FREE.contains(&key.as_str());
            if is_key {
                let file = self.origin.source.file.clone();
                keys.push(UsedKey { key, path: path.to_owned(), file, line: at.line, column: at.column });
            }
            !free
        });
        keys
    }

    /// An error at a key of the scenario's file, rendered like those of loading.
    pub fn error_at(&self, path: &str, message: impl Into<String>) -> ScenarioError {
        let span = self.origin.tree.locate(path);
        self.origin.source.error(Finding { path: path.to_owned(), span, message: message.into() })
    }

    /// The file the scenario was read from.
    pub fn file(&self) -> &str {
        &self.origin.source.file
    }

    /// Errors for the checks left out by `checks.skip` that are not among the known ones, each with the nearest.
    pub fn unknown_checks(&self, known: &[&str]) -> Vec<ScenarioError> {
        let unknown = self.checks.skip.keys().filter(|name| !known.contains(&name.as_str()));
        let tell = |name: &String| {
            let near = crate::facts::nearest(name, known.iter().copied(), 1);
            let hint = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            self.error_at(&format!("checks.skip.{name}"), format!("unknown check `{name}`{hint}"))
        };
        unknown.map(tell).collect()
    }
}

/// A path without indices and without the names of plans. Empty for `plans.NAME` itself.
fn general(path: &str) -> String {
    let path = match path.strip_prefix("plans.") {
        Some(rest) => rest.split_once('.').map_or("", |(_, key)| key),
        None => path,
    };
    let mut out = String::new();
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => {
                inside = true;
                out.push('[');
            }
            ']' => {
                inside = false;
                out.push(']');
            }
            _ if inside => {}
            _ => out.push(letter),
        }
    }
    out
}
