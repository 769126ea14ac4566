//! Against what: settings, providers and the lab. The same options on plan, run and clean.

use crate::lab::fault::{ProductFault, product_fault};
use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

/// The environment of a run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Environment")]
pub struct EnvironmentArgs {
    /// Use the embedded lab instead of a cluster; FILE describes another world than the built-in one.
    ///
    /// Without --source-provider, every provider of the lab's world is used.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub lab: Option<Option<PathBuf>>,
    /// Release of MTV that the lab simulates, instead of its world's (2.8 to 2.12, or one of their z-streams).
    #[arg(long, value_name = "VERSION", requires = "lab", value_parser = crate::lab::mtv_release)]
    pub lab_mtv: Option<String>,
    /// Let the lab's product do this wrong, to see it caught (repeatable); `mtvtest lab faults` lists the faults.
    #[arg(long = "lab-fault", value_name = "KEY", requires = "lab", value_parser = product_fault)]
    pub lab_faults: Vec<ProductFault>,
    /// Source provider, by its name in the providers file (repeatable).
    ///
    /// With several, every scenario runs on each of them and is named SCENARIO@PROVIDER.
    #[arg(long = "source-provider", value_name = "NAME")]
    pub source_providers: Vec<String>,
    /// Storage class for the migrated disks.
    #[arg(long, value_name = "NAME")]
    pub storage_class: Option<String>,
    /// The providers file [default: .providers.json].
    #[arg(long, value_name = "FILE")]
    pub providers: Option<PathBuf>,
    /// Settings file (YAML); `mtvtest schema settings` tells its keys.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one setting, over file and environment (repeatable): --set timeouts.plan_ready=10m.
    ///
    /// Settings come, weakest first, from the built-in defaults, the file of --config, the environment (MTVTEST_ and
    /// the key in capitals), --set, and the options of their own.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<KeyValue>,
}

/// One `key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: String,
    /// The value, as typed.
    pub value: String,
}

impl FromStr for KeyValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(Self { key: key.trim().to_owned(), value: value.to_owned() })
            }
            // The text may be a secret without its key: it is not repeated.
            _ => Err("a setting is given as KEY=VALUE, such as timeouts.plan_ready=10m".into()),
        }
    }
}

impl std::fmt::Display for KeyValue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}={}", self.key, self.value)
    }
}
