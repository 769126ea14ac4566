//! Tests, and which of them are selected.

use super::catalogue::{Catalogue, Scenario};
use crate::facts::nearest;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A scenario on a source provider.
#[derive(Debug, Clone)]
pub struct Test {
    /// `cold/sanity` when at most one provider is chosen, `cold/sanity@NAME` when several are.
    pub name: String,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The provider's name; `None` when none is chosen, which is enough for a list.
    pub provider: Option<String>,
}

/// What tells a plan of a test from every other: the test's name, and the plan's if its scenario has several. Names of
/// objects and files are made from it.
pub fn plan_scope(test: &str, plan: Option<&str>) -> String {
    plan.map_or_else(|| test.to_owned(), |plan| format!("{test}/{plan}"))
}

/// Every scenario on every provider, by scenario, then by provider as given.
pub fn tests(catalogue: &Catalogue, providers: &[String]) -> Vec<Test> {
    let mut tests = Vec::with_capacity(catalogue.scenarios.len() * providers.len().max(1));
    for scenario in &catalogue.scenarios {
        let scenario = Arc::new(scenario.clone());
        let test = |name: String, provider: Option<&String>| Test {
            name,
            scenario: Arc::clone(&scenario),
            provider: provider.cloned(),
        };
        match providers {
            [] => tests.push(test(scenario.name.clone(), None)),
            [one] => tests.push(test(scenario.name.clone(), Some(one))),
            several => {
                let named = several.iter().map(|one| test(format!("{}@{one}", scenario.name), Some(one)));
                tests.extend(named);
            }
        }
    }
    tests
}

/// Part K of N of the selected tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1.
    pub part: usize,
    /// Of how many.
    pub count: usize,
}

/// A shard that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a shard such as 1/3: the part counts from 1 up to the number of parts")]
pub struct ShardError(pub String);

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let fail = || ShardError(text.to_owned());
        let (part, count) = text.split_once('/').ok_or_else(fail)?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| fail());
        let (part, count) = (number(part)?, number(count)?);
        if part == 0 || part > count { Err(fail()) } else { Ok(Self { part, count }) }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.part, self.count)
    }
}

/// Which tests are asked for. Every field narrows; empty ones do not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Parts of a test's name or of a tag; any may match.
    pub filters: Vec<String>,
    /// Whole tags; any may match.
    pub tags: Vec<String>,
    /// Parts of a test's name or of a tag; whatever matches is left out.
    pub skips: Vec<String>,
    /// Whether filters and skips are whole names (of the test, or of its scenario) or whole tags.
    pub exact: bool,
    /// Part of what is left.
    pub shard: Option<Shard>,
}

/// A selection that selects nothing, which is never meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A filter that no test matches.
    #[error("the filter `{filter}` matches no test and no tag{}", hint(near))]
    NoMatch {
        /// The filter.
        filter: String,
        /// Names and tags near it, best first.
        near: Vec<String>,
    },
    /// A tag that no scenario has.
    #[error("no scenario has the tag `{tag}`{}", hint(near))]
    NoTag {
        /// The tag.
        tag: String,
        /// Tags near it, best first; all tags if none is near.
        near: Vec<String>,
    },
    /// Every part matches something, but nothing matches all.
    #[error("no test matches every part of the selection: filters, tags and skips leave none of {0}")]
    Nothing(usize),
}

fn hint(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; near it are `{}`", near.join("`, `")) }
}

impl Selection {
    /// The tests asked for, in the order given.
    ///
    /// # Errors
    /// A filter or tag that matches nothing, or nothing left before sharding. An empty shard is no error.
    pub fn select<'a>(&self, tests: &'a [Test]) -> Result<Vec<&'a Test>, SelectionError> {
        if let Some(filter) = self.filters.iter().find(|filter| !tests.iter().any(|test| self.matches(filter, test))) {
            return Err(SelectionError::NoMatch { filter: filter.clone(), near: near_words(filter, tests) });
        }
        let tagged = |tag: &String, test: &Test| test.scenario.tags.contains(tag);
        if let Some(tag) = self.tags.iter().find(|tag| !tests.iter().any(|test| tagged(tag, test))) {
            return Err(SelectionError::NoTag { tag: tag.clone(), near: near_tags(tag, tests) });
        }
        let asked = |test: &&Test| {
            (self.filters.is_empty() || self.filters.iter().any(|filter| self.matches(filter, test)))
                && (self.tags.is_empty() || self.tags.iter().any(|tag| tagged(tag, test)))
                && !self.skips.iter().any(|skip| self.matches(skip, test))
        };
        let selected: Vec<&Test> = tests.iter().filter(asked).collect();
        if selected.is_empty() {
            return Err(SelectionError::Nothing(tests.len()));
        }
        Ok(match self.shard {
            // Neighbours, which cost alike, go to different parts.
            Some(Shard { part, count }) => selected.into_iter().skip(part - 1).step_by(count).collect(),
            None => selected,
        })
    }

    fn matches(&self, word: &str, test: &Test) -> bool {
        let tags = &test.scenario.tags;
        if self.exact {
            return test.name == word || test.scenario.name == word || tags.iter().any(|tag| tag == word);
        }
        test.name.contains(word) || tags.iter().any(|tag| tag.contains(word))
    }
}

fn all_tags(tests: &[Test]) -> Vec<&str> {
    let mut tags: Vec<&str> = tests.iter().flat_map(|test| &test.scenario.tags).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn near_words(filter: &str, tests: &[Test]) -> Vec<String> {
    // A name is near when it, or its part after the folder, is.
    let names = tests.iter().map(|test| test.name.as_str());
    let tails = tests.iter().filter_map(|test| test.name.rsplit_once('/').map(|(_, tail)| tail));
    let near = nearest(filter, all_tags(tests).into_iter().chain(names).chain(tails), 6);
    let full = |word: &str| {
        let whole = tests.iter().find(|test| test.name.rsplit_once('/').is_some_and(|(_, tail)| tail == word));
        whole.map_or_else(|| word.to_owned(), |test| test.name.clone())
    };
    let mut words: Vec<String> = Vec::new();
    for word in near.into_iter().map(full) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.truncate(3);
    words
}

fn near_tags(tag: &str, tests: &[Test]) -> Vec<String> {
    let tags = all_tags(tests);
    let near = nearest(tag, tags.iter().copied(), 3);
    let shown = if near.is_empty() { tags } else { near };
    shown.into_iter().map(str::to_owned).collect()
}
