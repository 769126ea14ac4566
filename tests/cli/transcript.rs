//! Snapshots of what the program said, with the one list of what differs from run to run.

use crate::bin::Ended;

/// What is replaced in snapshots.
const REDACTIONS: &[(&str, &str)] = &[
    // Session ids, in whatever name they begin.
    (r"\bauto-[0-9a-z]{4}\b", "[session]"),
    // Random ends of names: of clones, and of objects before their kind.
    (r"(\[session\]-mtv-tests-rhel8)-[0-9a-z]{4}\b", "$1-[random]"),
    (r"\(seed \d+\)", "(seed [seed])"),
    (r#""seed": \d+"#, r#""seed": "[seed]""#),
    (r#"name="seed" value="\d+""#, r#"name="seed" value="[seed]""#),
    // Durations and times.
    (r"\b\d+(\.\d+)?(ms|s)\b", "[time]"),
    (r#"time="[\d.]+""#, r#"time="[time]""#),
    (r#"timestamp="[^"]+""#, r#"timestamp="[when]""#),
    (r#""(started|finished)": "\d{4}-[^"]+""#, r#""$1": "[when]""#),
    (r#""([a-z_]+_ms)": \d+"#, r#""$1": "[time]""#),
    // Counts that depend on how often something had to be asked.
    (r"\b\d+ to Kubernetes, \d+ to sources", "[count] to Kubernetes, [count] to sources"),
    (r#""(kubernetes_requests|source_requests)": \d+"#, r#""$1": "[count]""#),
    (r#"name="(kubernetes_requests|source_requests)" value="\d+""#, r#"name="$1" value="[count]""#),
    // Places.
    (r"127\.0\.0\.1:\d{2,5}\b", "127.0.0.1:[port]"),
    // The program's own version.
    (r"mtvtest \d+\.\d+\.\d+", "mtvtest [version]"),
    (r#""version": "\d+\.\d+\.\d+""#, r#""version": "[version]""#),
    (r#"name="mtvtest_version" value="\d+\.\d+\.\d+""#, r#"name="mtvtest_version" value="[version]""#),
];

/// Compares `text` with the stored snapshot `name`.
pub(crate) fn assert_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, replacement) in REDACTIONS {
        settings.add_filter(pattern, *replacement);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Compares a whole call with the stored snapshot `name`: words, exit code, both streams.
pub(crate) fn assert_call(name: &str, ended: &Ended) {
    assert_text(name, &text(ended));
}

fn text(ended: &Ended) -> String {
    let code = ended.code.map_or("killed".to_owned(), |code| code.to_string());
    let mut text = format!("$ mtvtest {}\n[exit code {code}]\n", ended.words.join(" "));
    for (name, stream) in [("stdout", &ended.out), ("stderr", &ended.err)] {
        if !stream.is_empty() {
            text.extend(["[", name, "]\n", stream.as_str()]);
        }
    }
    text
}
