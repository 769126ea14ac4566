//! A test's own directory: the working directory of its programs.

use crate::bin::{Call, Ended};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The scenario of most tests.
pub(crate) const COLD: &str =
    "description: One cold migration.\nvirtual_machines:\n  - {name: mtv-tests-rhel8, guest_agent: true}\n";

/// The world that is built in.
pub(crate) const WORLD: &str = include_str!("../../src/lab/world/world.yaml");

/// A scenario that fails on [`Folder::world_without_agent`], and soon.
pub(crate) const NO_AGENT: &str = "\
description: Asks for a guest agent that never connects.
tags: [failing]
virtual_machines:
  - {name: mtv-tests-rhel8, guest_agent: true}
timeouts: {guest_agent: 100ms}
";

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn join(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// Writes a file, with the directories above it.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }

    pub(crate) fn call(&self, line: &str) -> Call {
        Call::new(self.path(), line.split_whitespace())
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, line: &str) -> Ended {
        self.call(line).end()
    }

    /// Everything below the directory, sorted, directories with a slash at their end.
    pub(crate) fn tree(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(self.path(), "", &mut found);
        found.sort();
        found
    }

    /// Runs of the default base directory, sorted.
    pub(crate) fn runs(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.join(".data-collector")) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "latest")
            .collect();
        names.sort();
        names
    }

    /// Writes `world.yaml`: the built-in world, in which the guest of `mtv-tests-rhel8` runs no agent.
    pub(crate) fn world_without_agent(&self) {
        let changed =
            WORLD.replace("hostname: mtv-tests-rhel8, agent: true", "hostname: mtv-tests-rhel8, agent: false");
        assert_ne!(changed, WORLD);
        self.write("world.yaml", &changed);
    }
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.push(format!("{name}/"));
            walk(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}
