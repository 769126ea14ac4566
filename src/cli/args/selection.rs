//! Which scenarios: the same options on list, plan and run.

use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

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
    pub shard: Option<ShardArg>,
}

/// One of several equal parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardArg {
    /// Which part, from 1.
    pub index: u32,
    /// How many parts.
    pub count: u32,
}

impl FromStr for ShardArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fail = || format!("{text:?} is not a part such as 2/4, with 1 <= K <= N");
        let (index, count) = text.split_once('/').ok_or_else(fail)?;
        let part = Self { index: index.parse().map_err(|_| fail())?, count: count.parse().map_err(|_| fail())? };
        if (1..=part.count).contains(&part.index) { Ok(part) } else { Err(fail()) }
    }
}
