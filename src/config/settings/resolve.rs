//! From layers to settings.

use super::declare::{KEYS, Settings};
use super::error::{SettingsError, SettingsProblem};
use super::layer::{Given, SettingsLayer};
use super::table::Group;
use crate::config::Environment;
use std::path::Path;

impl Settings {
    /// The settings of `layers`, lowest first: a later layer wins over an earlier one, any over the defaults.
    ///
    /// # Errors
    /// Values that do not have their form and all faults that the layers found, at once. A value that a higher layer
    /// overrides is still checked.
    pub fn resolve(layers: Vec<SettingsLayer>) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        let mut problems = Vec::new();
        for layer in layers {
            problems.extend(layer.problems);
            for given in layer.values {
                problems.extend(settings.take(given));
            }
        }
        settings.join_migration_limits();
        if problems.is_empty() { Ok(settings) } else { Err(SettingsError(problems)) }
    }

    /// The settings from everywhere: the file `config`, the environment, then `set` (texts of `--set`) and `flags`.
    ///
    /// # Errors
    /// As [`Settings::resolve`].
    pub fn gather<S: AsRef<str>>(
        config: Option<&Path>,
        env: &dyn Environment,
        set: &[S],
        flags: SettingsLayer,
    ) -> Result<Self, SettingsError> {
        let file = config.map(SettingsLayer::file).unwrap_or_default();
        Self::resolve(vec![file, SettingsLayer::environment(env), SettingsLayer::set(set), flags])
    }

    /// Where the value of `key` came from: `default`, `file settings.yaml:3`, `environment MTVTEST_STORAGE_CLASS`,
    /// `--set`, a flag; `None` when there is no such key.
    pub fn origin(&self, key: &str) -> Option<&str> {
        let known = KEYS.iter().any(|known| known.name == key);
        known.then(|| self.origins.get(key).map_or("default", String::as_str))
    }

    /// Every setting in the order of the reference: key, value as it may be shown, origin.
    pub fn table(&self) -> Vec<(&'static str, String, String)> {
        let row = |name: &'static str| {
            let origin = self.origin(name).unwrap_or("default").to_owned();
            (name, self.show(name).unwrap_or_default(), origin)
        };
        KEYS.iter().map(|key| row(key.name)).collect()
    }

    fn take(&mut self, given: Given) -> Option<SettingsProblem> {
        let Given { key, text, origin } = given;
        let secret = KEYS.iter().any(|known| known.name == key && known.secret);
        match self.assign(key, text.expose())? {
            Ok(()) => {
                self.origins.insert(key, origin);
                None
            }
            Err(remedy) => {
                let shown = if secret { "the given value".to_owned() } else { format!("{:?}", text.expose()) };
                Some(SettingsProblem { origin, fault: format!("{key} cannot be {shown}"), remedy })
            }
        }
    }

    /// The two names of one limit agree; the own name wins over the original's.
    fn join_migration_limits(&mut self) {
        const OWN: &str = "timeouts.migration";
        const ORIGINAL: &str = "plan_wait_timeout";
        if let Some(origin) = self.origins.get(OWN).cloned() {
            self.plan_wait_timeout = self.timeouts.migration;
            self.origins.insert(ORIGINAL, origin);
        } else if let Some(origin) = self.origins.get(ORIGINAL).cloned() {
            self.timeouts.migration = self.plan_wait_timeout;
            self.origins.insert(OWN, origin);
        }
    }
}
