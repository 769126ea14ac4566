//! What may be wrong with the settings.

/// One fault. Never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {fault}; {remedy}")]
pub struct SettingsProblem {
    /// Which layer holds it: `file settings.yaml:3`, `environment MTVTEST_PARALLEL`, `--set`, a flag.
    pub origin: String,
    /// What is wrong.
    pub fault: String,
    /// What to do.
    pub remedy: String,
}

/// The faults of all layers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct SettingsError(pub Vec<SettingsProblem>);
