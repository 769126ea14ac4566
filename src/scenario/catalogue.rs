//! The catalogue: every scenario of a folder, or of the binary.

use super::error::{ScenarioError, ScenarioErrors};
use super::load::{Source, load_text};
use super::model::{
    CheckSelection, Destination, KnownIssue, NamedPlan, Requires, RunMode, ScenarioFile, TimeoutOverrides,
};
use super::tree::Node;
use crate::facts::{nearest, parse_version};
use include_dir::{Dir, include_dir};
use semver::Version;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");
/// Folders within folders; deeper is a loop of links.
const MOST_LEVELS: usize = 16;

/// A scenario, expanded and checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its path without extension (`cold/sanity`), with the matrix values (`cold/sanity[disk=thin]`).
    pub name: String,
    /// What it shows.
    pub description: String,
    /// Id of the test case elsewhere.
    pub id: Option<String>,
    /// Words to select by.
    pub tags: Vec<String>,
    /// What must be there.
    pub requires: Requires,
    /// Lowest MTV version, beside `requires.mtv`.
    pub min_mtv_version: Option<Version>,
    /// Product bugs for which it is skipped.
    pub known_issues: Vec<KnownIssue>,
    /// Where the migration goes.
    pub destination: Destination,
    /// Its values of the matrix, by key, in the order of the file.
    pub matrix: Vec<(String, String)>,
    /// Time limits in place of those of the settings.
    pub timeouts: TimeoutOverrides,
    /// Parameters of the ForkliftController during the test; the values are scalars.
    pub forklift_controller: BTreeMap<String, serde_json::Value>,
    /// How its plans run.
    pub run: RunMode,
    /// Its plans, in the order of the file: one without a name, unless the file has `plans`.
    pub plans: Vec<NamedPlan>,
    /// Which checks run.
    pub checks: CheckSelection,
    /// Partial objects, by kind, that the cluster's objects must match after the migration.
    pub expect: BTreeMap<String, serde_json::Value>,
    pub(super) origin: Origin,
}

/// Where a scenario comes from, for messages about its keys.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) source: Arc<Source>,
    pub(super) tree: Arc<Node>,
}

impl Scenario {
    /// Puts a scenario together from its checked parts.
    pub(super) fn new(
        name: String,
        file: ScenarioFile,
        plans: Vec<NamedPlan>,
        matrix: Vec<(String, String)>,
        origin: Origin,
    ) -> Self {
        Self {
            name,
            description: file.description.trim().to_owned(),
            id: file.id,
            tags: file.tags,
            requires: file.requires,
            min_mtv_version: file.min_mtv_version.and_then(|text| parse_version(&text).ok()),
            known_issues: file.known_issues,
            destination: file.destination,
            matrix,
            timeouts: file.timeouts,
            forklift_controller: file.forklift_controller,
            run: file.run.unwrap_or_default(),
            plans,
            checks: file.checks,
            expect: file.expect,
            origin,
        }
    }
}

/// Every scenario of a folder.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The scenarios, by name; a file with a matrix gives one per combination.
    pub scenarios: Vec<Scenario>,
}

/// A file of the catalogue: how messages name it, its path inside the catalogue, its bytes.
struct CatalogueFile {
    shown: String,
    inside: String,
    bytes: Vec<u8>,
}

impl Catalogue {
    /// The catalogue that the binary carries.
    ///
    /// # Errors
    /// Every error of every file; the tests keep the shipped catalogue free of them.
    pub fn embedded() -> Result<Self, ScenarioErrors> {
        let mut files = Vec::new();
        collect_embedded(&EMBEDDED, &mut files);
        Self::from_files(files, "the embedded catalogue")
    }

    /// The catalogue of a folder: every `.yaml` and `.yml` file in it and below.
    ///
    /// # Errors
    /// Every error of every file, a folder that cannot be read, two files of one name, no scenario at all.
    pub fn load(dir: &Path) -> Result<Self, ScenarioErrors> {
        let mut files = Vec::new();
        let mut errors = Vec::new();
        collect_folder(dir, "", MOST_LEVELS, &mut files, &mut errors);
        match Self::from_files(files, &dir.display().to_string()) {
            Ok(catalogue) if errors.is_empty() => Ok(catalogue),
            // A folder that cannot be read explains why nothing was found in it.
            Err(more) if errors.is_empty() || more.errors.iter().any(|error| error.position.is_some()) => {
                errors.extend(more.errors);
                Err(ScenarioErrors::new(errors))
            }
            _ => Err(ScenarioErrors::new(errors)),
        }
    }

    /// The scenario of a name.
    pub fn get(&self, name: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.name == name)
    }

    fn from_files(files: Vec<CatalogueFile>, origin: &str) -> Result<Self, ScenarioErrors> {
        let mut errors = Vec::new();
        let mut scenarios = Vec::new();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        if files.is_empty() {
            let message = "no scenario here; a scenario is a .yaml file";
            return Err(ScenarioError::whole(origin, message).into());
        }
        for file in files {
            let name = match scenario_name(&file.inside) {
                Ok(name) => name,
                Err(message) => {
                    errors.push(ScenarioError::whole(file.shown, message));
                    continue;
                }
            };
            if let Some(other) = names.insert(name.clone(), file.shown.clone()) {
                let message = format!("the scenario `{name}` is also in {other}; rename one of the files");
                errors.push(ScenarioError::whole(file.shown, message));
                continue;
            }
            let Ok(text) = std::str::from_utf8(&file.bytes) else {
                errors.push(ScenarioError::whole(file.shown, "the file is not UTF-8 text"));
                continue;
            };
            match load_text(&file.shown, &name, text) {
                Ok(mut more) => scenarios.append(&mut more),
                Err(mut more) => errors.append(&mut more),
            }
        }
        if !errors.is_empty() {
            return Err(ScenarioErrors::new(errors));
        }
        scenarios.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(Self { scenarios })
    }

    /// The names nearest to one that is not there.
    pub fn near(&self, name: &str) -> Vec<&str> {
        nearest(name, self.scenarios.iter().map(|scenario| scenario.name.as_str()), 3)
    }
}

fn is_scenario(path: &str) -> bool {
    [".yaml", ".yml"].iter().any(|ending| path.ends_with(ending))
}

fn collect_embedded(dir: &Dir<'_>, files: &mut Vec<CatalogueFile>) {
    for file in dir.files() {
        let inside = file.path().to_string_lossy().replace('\\', "/");
        if is_scenario(&inside) {
            files.push(CatalogueFile { shown: format!("scenarios/{inside}"), inside, bytes: file.contents().to_vec() });
        }
    }
    dir.dirs().for_each(|inner| collect_embedded(inner, files));
}

fn collect_folder(
    dir: &Path,
    prefix: &str,
    levels: usize,
    files: &mut Vec<CatalogueFile>,
    errors: &mut Vec<ScenarioError>,
) {
    let mut fail = |path: &Path, what: String| errors.push(ScenarioError::whole(path.display().to_string(), what));
    if levels == 0 {
        fail(dir, format!("folders are nested over {MOST_LEVELS} deep; is a link leading back?"));
        return;
    }
    let entries = match std::fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => {
            fail(dir, format!("the scenario folder cannot be read: {error}"));
            return;
        }
    };
    let mut paths: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let inside = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if path.is_dir() {
            collect_folder(&path, &inside, levels - 1, files, errors);
        } else if is_scenario(&inside) {
            match std::fs::read(&path) {
                Ok(bytes) => files.push(CatalogueFile { shown: path.display().to_string(), inside, bytes }),
                Err(error) => {
                    let message = format!("the scenario file cannot be read: {error}");
                    errors.push(ScenarioError::whole(path.display().to_string(), message));
                }
            }
        }
    }
}

/// The scenario's name: the path without extension. Names become test names, folder names and parts of a filter, so
/// they hold no other characters than letters, digits, `.`, `_` and `-`.
fn scenario_name(inside: &str) -> Result<String, String> {
    let name = inside.strip_suffix(".yaml").or_else(|| inside.strip_suffix(".yml")).unwrap_or(inside);
    let fits = |part: &str| {
        part.starts_with(|letter: char| letter.is_ascii_alphanumeric())
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
    };
    if name.split('/').all(fits) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "`{name}` is no scenario name: use letters, digits, `.`, `_` and `-`, beginning with a letter or digit"
    ))
}
