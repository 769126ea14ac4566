//! The settings' reference page, from their declaration.

use super::declare::KEYS;
use super::retired::RETIRED;
use super::table::{Key, Legacy};
use std::fmt::Write;

const HEAD: &str = "\
# Settings

<!-- Generated from src/config/settings/declare.rs. Change it there, then run
     `UPDATE_DOCS=1 cargo test --lib config::settings`. -->

A value comes from the highest of these layers that gives one:

1. a flag of the command line (`--storage-class NAME`), then `--set KEY=VALUE`
2. the environment variable of the setting; an empty variable counts as unset
3. the settings file, `--config FILE`
4. the default

The settings file is YAML. A key with a dot is nested:

```yaml
source_provider: [vsphere8]
storage_class: ocs-storagecluster-ceph-rbd
timeouts:
  plan_ready: 6m
```

Every value keeps its origin, which messages and reports name. What is unknown or malformed in any layer, a variable
beginning with `MTVTEST_` included, is an error, and all errors are reported at once, before anything is touched.

Durations are written `90s`, `6m`, `1h 5m`, `250ms`; a plain number counts seconds where nothing else is said. Lists are
YAML lists in the file, and have commas between their items elsewhere.
";

/// The reference of all settings as Markdown: the content of `docs/settings.md`.
pub fn settings_reference() -> String {
    let mut page = HEAD.to_owned();
    for key in KEYS.iter() {
        // Writing to a String cannot fail.
        write!(page, "\n## {}\n\n{}\n\n{}", key.name, key.doc, facts_of(key)).ok();
    }
    page.push_str("\n## Keys of the original suite that are refused\n\n");
    for (name, why) in RETIRED {
        writeln!(page, "- `{name}`: {why}.").ok();
    }
    page
}

fn facts_of(key: &Key) -> String {
    let mut text = format!("- Value: {}\n", key.words);
    match &key.default {
        Some(default) => writeln!(text, "- Default: `{default}`").ok(),
        None => writeln!(text, "- Default: none").ok(),
    };
    let legacy = match key.legacy {
        None => String::new(),
        Some(Legacy::Same(name)) => format!(", or `{name}`"),
        Some(Legacy::Inverse(name)) => format!(", or `{name}` with the opposite value"),
    };
    writeln!(text, "- Environment: `{}`{legacy}", key.variable()).ok();
    text
}
