//! A layer: what one source says of the settings, each value with its origin.

use super::declare::KEYS;
use super::error::SettingsProblem;
use super::format::LIST_END;
use super::retired::RETIRED;
use super::table::Key;
use crate::config::{Environment, Secret};
use crate::facts;

/// What one source says. Faults are kept, so that [`crate::config::Settings::resolve`] reports those of all layers at
/// once.
#[derive(Debug, Clone, Default)]
pub struct SettingsLayer {
    pub(super) values: Vec<Given>,
    pub(super) problems: Vec<SettingsProblem>,
}

/// A value as it was given. Any may be a secret, so the text is guarded until it is read.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) key: &'static str,
    pub(super) text: Secret,
    pub(super) origin: String,
}

impl SettingsLayer {
    /// The variables `MTVTEST_<KEY>` and the legacy ones. An empty variable counts as unset. `MTVTEST_` variables that
    /// name no setting are faults.
    pub fn environment(env: &dyn Environment) -> Self {
        let mut layer = Self::default();
        for key in KEYS.iter() {
            if let Some(text) = env.filled(&key.variable()) {
                layer.give(key, &text, format!("environment {}", key.variable()));
            } else if let Some((legacy, text)) =
                key.legacy.and_then(|legacy| Some((legacy, env.filled(legacy.variable())?)))
            {
                layer.give(key, &legacy.translate(&text), format!("environment {}", legacy.variable()));
            }
        }
        for (name, _) in env.all() {
            let Some(rest) = name.strip_prefix("MTVTEST_") else { continue };
            if !KEYS.iter().any(|key| key.variable() == name) {
                let origin = format!("environment {name}");
                layer.problems.push(unknown_variable(origin, rest));
            }
        }
        layer
    }

    /// The texts of `--set`, each `key=value`; of two for one key the later counts.
    pub fn set<S: AsRef<str>>(pairs: &[S]) -> Self {
        let mut layer = Self::default();
        for pair in pairs {
            let Some((name, text)) = pair.as_ref().split_once('=') else {
                // The text may be a secret's value, so only what is surely a name is repeated.
                let fault = "one of its texts has no '='".to_owned();
                let remedy = "write --set storage_class=NAME".to_owned();
                layer.problems.push(SettingsProblem { origin: "--set".to_owned(), fault, remedy });
                continue;
            };
            let name = name.trim();
            match KEYS.iter().find(|key| key.name == name) {
                Some(key) if key.secret => {
                    let fault = format!("{name} is a secret, and other users of this machine can see arguments");
                    let remedy = format!("set {} or put it into the settings file", key.variable());
                    layer.problems.push(SettingsProblem { origin: "--set".to_owned(), fault, remedy });
                }
                Some(key) => layer.give(key, text, "--set".to_owned()),
                None => layer.problems.push(unknown_key("--set".to_owned(), name)),
            }
        }
        layer
    }

    /// Adds what a flag says: `layer.flag("--storage-class", "storage_class", "nfs")`. A key that does not exist is a
    /// fault like any other.
    #[must_use]
    pub fn flag(mut self, flag: &str, key: &str, text: &str) -> Self {
        match KEYS.iter().find(|known| known.name == key) {
            Some(known) => self.give(known, text, flag.to_owned()),
            None => self.problems.push(unknown_key(flag.to_owned(), key)),
        }
        self
    }

    /// As [`SettingsLayer::flag`], for a flag that may be repeated; no texts, no value.
    #[must_use]
    pub fn flag_list<S: AsRef<str>>(self, flag: &str, key: &str, texts: &[S]) -> Self {
        if texts.is_empty() { self } else { self.flag(flag, key, &listed(texts)) }
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.problems.is_empty()
    }

    pub(super) fn give(&mut self, key: &Key, text: &str, origin: String) {
        self.values.push(Given { key: key.name, text: Secret::new(text), origin });
    }
}

/// Items as one text.
pub(super) fn listed<S: AsRef<str>>(items: &[S]) -> String {
    items.iter().fold(String::new(), |text, item| text + item.as_ref() + LIST_END)
}

/// The fault of a name that is no key.
pub(super) fn unknown_key(origin: String, name: &str) -> SettingsProblem {
    if let Some((_, why)) = RETIRED.iter().find(|(retired, _)| *retired == name) {
        return SettingsProblem { origin, fault: format!("{name} {why}"), remedy: "remove it".to_owned() };
    }
    let remedy = match facts::nearest(name, KEYS.iter().map(|key| key.name), 1).first() {
        Some(near) => format!("did you mean {near}?"),
        None => "docs/settings.md lists the settings".to_owned(),
    };
    SettingsProblem { origin, fault: format!("{name:?} is no setting"), remedy }
}

fn unknown_variable(origin: String, rest: &str) -> SettingsProblem {
    let name = rest.to_lowercase();
    if RETIRED.iter().any(|(retired, _)| *retired == name) {
        return unknown_key(origin, &name);
    }
    let variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
    let wanted = format!("MTVTEST_{rest}");
    // Compared without the prefix, which would make everything alike.
    let bare = variables.iter().filter_map(|variable| variable.strip_prefix("MTVTEST_"));
    let remedy = match facts::nearest(rest, bare, 1).first() {
        Some(near) => format!("did you mean MTVTEST_{near}?"),
        None => "docs/settings.md lists the variables".to_owned(),
    };
    SettingsProblem { origin, fault: format!("{wanted} sets nothing"), remedy }
}
