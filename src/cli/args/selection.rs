//! Which scenarios: the same options on list, plan and run.

use crate::scenario::{Selection, Shard};
use clap::Args;
use std::path::PathBuf;

/// Which scenarios are meant.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Take scenarios with TEXT in their name or in a tag (repeatable: any matches).
    #[arg(long = "filter", value_name = "TEXT")]
    pub filters: Vec<String>,
    /// Take scenarios that have TAG (repeatable: any matches).
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Leave out scenarios with TEXT in their name or in a tag (repeatable).
    #[arg(long = "skip", value_name = "TEXT")]
    pub skips: Vec<String>,
    /// Filters and skips must equal the name or a tag.
    #[arg(long)]
    pub exact: bool,
    /// Use the scenario files under DIR instead of the built-in catalogue.
    ///
    /// Every `.yaml` file below DIR is one scenario; its name is its path without the ending (`warm/sanity`).
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
    /// Take the K-th of N parts of the selection, so that N jobs share the work.
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,
}

impl SelectionArgs {
    /// The selection, apart from where the files come from.
    pub fn selection(&self) -> Selection {
        Selection {
            filters: self.filters.clone(),
            tags: self.tags.clone(),
            skips: self.skips.clone(),
            exact: self.exact,
            shard: self.shard,
        }
    }
}
