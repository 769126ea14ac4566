//! House rules that neither rustc nor clippy knows: the direction of imports, sizes, heads of modules, words, paths and
//! documented dependencies. The rules are pure functions over text (`tidy/rules.rs`), and are tested on made-up faults.

#[cfg(test)]
#[path = "tidy/rules.rs"]
mod rules;
#[cfg(test)]
#[path = "tidy/source.rs"]
mod source;

#[cfg(test)]
mod tests {
    use crate::rules::{self, Fault};
    use crate::source::{Source, direct_dependencies};
    use std::path::{Path, PathBuf};

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    /// Every file below `folder` with that ending, by its path from the package's root.
    fn files(folder: &str, ending: &str) -> Vec<Source> {
        let mut found = Vec::new();
        let mut open = vec![root().join(folder)];
        while let Some(directory) = open.pop() {
            let Ok(entries) = std::fs::read_dir(&directory) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|extension| extension == ending) {
                    found.push(read(&path));
                }
            }
        }
        found.sort_by(|left, right| left.path.cmp(&right.path));
        found
    }

    fn read(path: &Path) -> Source {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        Source::new(&name, &std::fs::read_to_string(path).unwrap())
    }

    fn demand(faults: Vec<Fault>) {
        assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    }

    fn check_sources(rule: fn(&Source) -> Vec<Fault>) {
        let sources = files("src", "rs");
        assert!(sources.len() > 50, "the walk over src found {} files", sources.len());
        demand(sources.iter().flat_map(rule).collect());
    }

    #[test]
    fn parts_import_in_one_direction() {
        check_sources(rules::imports);
    }

    #[test]
    fn files_are_short() {
        check_sources(rules::length);
    }

    #[test]
    fn mod_files_hold_no_logic() {
        check_sources(rules::logic_in_mod);
    }

    #[test]
    fn every_module_says_what_it_is_for() {
        check_sources(rules::head);
    }

    #[test]
    fn no_banned_words() {
        check_sources(rules::words);
    }

    #[test]
    fn no_path_of_a_machine() {
        let folders = [("src", "rs"), ("tests", "rs"), ("docs", "md"), ("scenarios", "yaml"), ("src", "yaml")];
        let mut sources: Vec<Source> = folders.iter().flat_map(|(folder, ending)| files(folder, ending)).collect();
        for name in ["Cargo.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
            sources.extend(root().join(name).exists().then(|| read(&root().join(name))));
        }
        demand(sources.iter().flat_map(rules::machine_paths).collect());
    }

    #[test]
    fn every_direct_dependency_is_documented() {
        let manifest = read(&root().join("Cargo.toml"));
        let page = read(&root().join("docs/dependencies.md"));
        demand(rules::dependencies(&direct_dependencies(&manifest.text), &page.text));
    }
}
