//! The rules of the layers, on literals.

use super::table::{Group, Key};
use super::*;
use crate::config::{MapEnvironment, Secret};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

const MARKER: &str = "hunter2-marker";

fn file(text: &str) -> SettingsLayer {
    SettingsLayer::yaml(text, "s.yaml")
}

fn env<const N: usize>(variables: [(&str, &str); N]) -> SettingsLayer {
    SettingsLayer::environment(&MapEnvironment::of(variables))
}

fn set(pairs: &[&str]) -> SettingsLayer {
    SettingsLayer::set(pairs)
}

/// The only fault of a layer, as text.
fn fault(layer: SettingsLayer) -> String {
    let error = Settings::resolve(vec![layer]).unwrap_err();
    assert_eq!(error.0.len(), 1, "{error}");
    error.to_string()
}

#[test]
fn defaults_are_those_of_the_reference() {
    let settings = Settings::resolve(Vec::new()).unwrap();
    assert!(settings.source_providers.is_empty() && settings.storage_class.is_none());
    assert_eq!(settings.mtv_namespace, "openshift-mtv");
    assert!(!settings.insecure_verify_skip && !settings.source_provider_insecure_skip_verify, "TLS is verified");
    assert_eq!(settings.target_namespace_prefix, "auto");
    assert_eq!(settings.providers, PathBuf::from(".providers.json"));
    assert_eq!(settings.data_collector_path, PathBuf::from(".data-collector"));
    assert_eq!(settings.plan_wait_timeout, Duration::from_secs(3600));
    assert_eq!(settings.timeouts.guest_agent, Duration::from_secs(301));
    assert_eq!(settings.timeouts.plan_ready, Duration::from_secs(360));
    assert_eq!((settings.snapshots_interval, settings.mins_before_cutover), (minutes(2), minutes(5)));
    assert_eq!(settings.ssh.tunnel, SshTunnel::Native);
    assert!(Settings::keys().iter().all(|key| settings.origin(key.name) == Some("default")));
    assert_eq!(settings.origin("no_such"), None);
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

#[test]
fn the_highest_layer_wins_and_is_named() {
    let yaml = "# first line\nstorage_class: f\nmtv_namespace: from-file\ntimeouts:\n  plan_ready: 1m\n  clone: 2m\nparallel: 3\n";
    let settings = Settings::resolve(vec![
        file(yaml),
        env([("MTVTEST_STORAGE_CLASS", "e"), ("MTVTEST_TIMEOUTS_CLONE", "3m"), ("MTVTEST_CONTEXT", "")]),
        set(&["storage_class=s", "seed=7", "seed=8"]),
        SettingsLayer::default().flag("--providers", "providers", "p.json").flag_list(
            "--source-provider",
            "source_provider",
            &["a,b", "c"],
        ),
    ])
    .unwrap();
    assert_eq!(settings.storage_class.as_deref(), Some("s"));
    assert_eq!((settings.timeouts.plan_ready, settings.timeouts.clone), (minutes(1), minutes(3)));
    assert_eq!((settings.parallel, settings.seed, settings.context.as_deref()), (Some(3), Some(8), None));
    assert_eq!(settings.source_providers, ["a,b", "c"]);
    for (key, origin) in [
        ("storage_class", "--set"),
        ("mtv_namespace", "file s.yaml:3"),
        ("timeouts.plan_ready", "file s.yaml:5"),
        ("timeouts.clone", "environment MTVTEST_TIMEOUTS_CLONE"),
        ("providers", "--providers"),
        ("source_provider", "--source-provider"),
        ("context", "default"),
    ] {
        assert_eq!(settings.origin(key), Some(origin), "{key}");
    }
    let row = settings.table().into_iter().find(|(key, ..)| *key == "timeouts.clone").unwrap();
    assert_eq!(row, ("timeouts.clone", "3m".to_owned(), "environment MTVTEST_TIMEOUTS_CLONE".to_owned()));
}

#[test]
fn file_values_keep_their_text() {
    let yaml = "target_ocp_version: 4.20\nsource_provider: [vsphere8, 7]\ninsecure_verify_skip: \"true\"\nseed: 12\n\
                source_provider_insecure_skip_verify: true\nstorage_class:\nplan_wait_timeout: 90\nssh: {tunnel: virtctl}\n";
    let settings = Settings::resolve(vec![file(yaml)]).unwrap();
    assert_eq!(settings.target_ocp_version.as_deref(), Some("4.20"));
    assert_eq!(settings.source_providers, ["vsphere8", "7"]);
    assert!(settings.insecure_verify_skip && settings.source_provider_insecure_skip_verify);
    assert_eq!((settings.storage_class.as_deref(), settings.origin("storage_class")), (None, Some("default")));
    assert_eq!(settings.ssh.tunnel, SshTunnel::Virtctl);
    assert_eq!(settings.seed, Some(12));
    for text in ["", "# nothing\n", "---\n", "timeouts:\n"] {
        assert!(file(text).is_empty(), "{text:?}");
    }
    let list = Settings::resolve(vec![file("source_provider: a, b")]).unwrap();
    assert_eq!(list.source_providers, ["a", "b"]);
}

#[test]
fn legacy_variables_are_read_below_the_own_ones() {
    let settings = Settings::resolve(vec![env([
        ("CLUSTER_HOST", "https://api:6443"),
        ("CLUSTER_USERNAME", "u"),
        ("CLUSTER_PASSWORD", MARKER),
        ("CLUSTER_VERIFY_SSL", "False"),
        ("KUBECONFIG", "/k"),
        ("PROVIDERS_JSON_PATH", "/legacy"),
        ("MTVTEST_PROVIDERS", "/own"),
        ("USERNAME", "of the desktop"),
    ])])
    .unwrap();
    assert_eq!(settings.cluster_host.as_deref(), Some("https://api:6443"));
    assert_eq!(settings.cluster_username.as_deref(), Some("u"));
    assert_eq!(settings.cluster_password.as_ref().map(Secret::expose), Some(MARKER));
    assert!(settings.insecure_verify_skip);
    assert_eq!(settings.origin("insecure_verify_skip"), Some("environment CLUSTER_VERIFY_SSL"));
    assert_eq!(settings.kubeconfig, Some(PathBuf::from("/k")));
    assert_eq!(settings.providers, PathBuf::from("/own"));
    let verified = Settings::resolve(vec![env([("CLUSTER_VERIFY_SSL", "true")])]).unwrap();
    assert!(!verified.insecure_verify_skip);
    assert!(fault(env([("CLUSTER_VERIFY_SSL", "maybe")])).contains("write true or false"));
}

#[test]
fn malformed_values_name_origin_and_remedy() {
    for (pair, words) in [
        ("insecure_verify_skip=True", "insecure_verify_skip cannot be \"True\"; write true or false"),
        ("insecure_verify_skip=yes", "write true or false"),
        ("skip_teardown=", "write true or false"),
        ("parallel=0", "write a whole number from 1"),
        ("seed=-1", "write a whole number from 0"),
        ("timeouts.ssh=0", "write a duration above zero"),
        ("timeouts.ssh=5 minutes", "write a duration above zero"),
        ("mins_before_cutover=x", "write plain minutes or a duration"),
        ("snapshots_interval=90s", "write whole minutes"),
        ("snapshots_interval=0", "write whole minutes"),
        ("mtv_namespace=Open_Shift", "write 1 to 63 lower-case letters"),
        ("providers=", "write a text that is not empty"),
        ("ssh.tunnel=oc", "write native or virtctl"),
        ("source_provider=a,a", "name \"a\" once"),
    ] {
        let found = fault(set(&[pair]));
        assert!(found.starts_with("--set: ") && found.contains(words), "{pair}: {found}");
    }
    assert!(fault(file("\nparallel: many\n")).starts_with("file s.yaml:2: parallel cannot be \"many\""));
    assert!(fault(env([("MTVTEST_PARALLEL", "x")])).starts_with("environment MTVTEST_PARALLEL: "));
    let settings = Settings::resolve(vec![set(&["mins_before_cutover=0", "snapshots_interval=10m"])]).unwrap();
    assert_eq!((settings.mins_before_cutover, settings.snapshots_interval), (Duration::ZERO, minutes(10)));
    let unset = Settings::resolve(vec![file("storage_class: x"), set(&["storage_class="])]).unwrap();
    assert_eq!(unset.storage_class, None);
}

#[test]
fn unknown_names_are_faults_with_the_nearest() {
    for (layer, words) in [
        (set(&["storage_clas=x"]), "--set: \"storage_clas\" is no setting; did you mean storage_class?"),
        (set(&["storage_class"]), "--set: one of its texts has no '='"),
        (file("a: 1\n"), "file s.yaml:1: \"a\" is no setting; docs/settings.md lists the settings"),
        (
            file("timeouts:\n  plan_redy: 1m\n"),
            "file s.yaml:2: \"timeouts.plan_redy\" is no setting; did you mean timeouts.plan_ready?",
        ),
        (file("timeouts.plan_ready: 1m\n"), "timeouts.plan_ready has a dot; nest it"),
        (
            env([("MTVTEST_STORAGECLASS", "x")]),
            "MTVTEST_STORAGECLASS sets nothing; did you mean MTVTEST_STORAGE_CLASS?",
        ),
        (env([("MTVTEST_QQQ", "")]), "docs/settings.md lists the variables"),
        (SettingsLayer::default().flag("--x", "xx", "1"), "--x: \"xx\" is no setting"),
    ] {
        let found = fault(layer);
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn keys_that_have_no_effect_say_so() {
    for (name, why) in retired::RETIRED {
        for layer in [
            set(&[&format!("{name}=1")]),
            file(&format!("{name}: 1")),
            SettingsLayer::environment(&MapEnvironment::of([(&format!("MTVTEST_{}", name.to_uppercase()), "1")])),
        ] {
            let found = fault(layer);
            assert!(found.contains(&format!("{name} {why}; remove it")), "{found}");
        }
        assert!(Settings::keys().iter().all(|key| key.name != name));
    }
}

#[test]
fn malformed_files_are_one_fault_without_their_text() {
    let bad = [
        format!("cluster_password: {MARKER}\n  x: [\n"),
        format!("cluster_password: [{MARKER}]\n"),
        format!("cluster_password: {{{MARKER}: 1}}\n"),
        format!("- {MARKER}\n"),
        MARKER.to_owned(),
        format!("cluster_password: {MARKER}\ncluster_password: {MARKER}\n"),
        format!("cluster_password: !!int {MARKER}\n"),
        format!("cluster_password: \"{MARKER}\n"),
        format!("seed: 1\n--- \ncluster_password: {MARKER}\n"),
    ];
    for text in bad {
        let error = Settings::resolve(vec![file(&text)]).unwrap_err();
        assert_eq!(error.0.len(), 1, "{text}: {error}");
        assert!(error.to_string().starts_with("file s.yaml"), "{error}");
        assert!(!format!("{error} {error:?}").contains(MARKER), "{text}: {error}");
    }
    for (text, words) in [
        ("timeouts: 5m\n", "the value of timeouts cannot be read: "),
        ("ssh:\n  tunnel: [native]\n", "the value of ssh.tunnel cannot be read: "),
        ("- a\n", "the file cannot be read as settings: "),
    ] {
        let found = fault(file(text));
        assert!(found.contains(words), "{found}");
    }
    let twice = fault(file("seed: 1\nseed: 2\n"));
    assert_eq!(twice, "file s.yaml:2: seed is there twice (first on line 1); keep one");
    let missing = fault(SettingsLayer::file(Path::new("no/such.yaml")));
    assert!(missing.starts_with("file no/such.yaml: cannot be read"), "{missing}");
}

#[test]
fn all_faults_come_at_once() {
    let error = Settings::resolve(vec![file("a: 1\nparallel: x"), env([("MTVTEST_B", "")]), set(&["c", "seed=x"])]);
    assert_eq!(error.unwrap_err().0.len(), 5);
    let overridden = Settings::resolve(vec![file("parallel: x"), set(&["parallel=2"])]);
    assert!(overridden.is_err(), "what is overridden is still checked");
}

#[test]
fn the_two_names_of_the_migration_limit_agree() {
    for (layers, limit, origin) in [
        (vec![set(&["plan_wait_timeout=10m"])], 10, "--set"),
        (vec![set(&["timeouts.migration=20m"])], 20, "--set"),
        (vec![file("timeouts: {migration: 30m}"), set(&["plan_wait_timeout=10m"])], 30, "file s.yaml:1"),
    ] {
        let settings = Settings::resolve(layers).unwrap();
        assert_eq!((settings.plan_wait_timeout, settings.timeouts.migration), (minutes(limit), minutes(limit)));
        assert_eq!(settings.origin("timeouts.migration"), Some(origin));
        assert_eq!(settings.origin("plan_wait_timeout"), Some(origin));
    }
}

#[test]
fn no_output_shows_a_secret() {
    let layers = vec![
        file(&format!("cluster_password: {MARKER}")),
        env([("CLUSTER_PASSWORD", MARKER)]),
        SettingsLayer::default().flag("--x", "cluster_password", MARKER),
    ];
    assert!(!format!("{layers:?}").contains(MARKER));
    let settings = Settings::resolve(layers).unwrap();
    assert_eq!(settings.cluster_password.as_ref().map(Secret::expose), Some(MARKER));
    let shown = format!("{settings:?} {:?}", settings.table());
    assert!(shown.contains("[secret]") && !shown.contains(MARKER), "{shown}");
    for pair in [format!("cluster_password={MARKER}"), format!("cluster_pasword={MARKER}"), MARKER.to_owned()] {
        let error = Settings::resolve(vec![set(&[&pair])]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(MARKER), "{error}");
    }
    let refused = fault(set(&["cluster_password=x"]));
    assert!(refused.contains("set MTVTEST_CLUSTER_PASSWORD or put it into the settings file"), "{refused}");
}

#[test]
fn keys_and_variables_are_unique() {
    let keys = Settings::keys();
    let names: BTreeSet<&str> = keys.iter().map(|key| key.name).collect();
    let mut variables: BTreeSet<String> = keys.iter().map(Key::variable).collect();
    assert_eq!((names.len(), variables.len()), (keys.len(), keys.len()));
    variables.extend(keys.iter().filter_map(|key| key.legacy).map(|legacy| legacy.variable().to_owned()));
    assert_eq!(variables.len(), keys.len() + keys.iter().filter(|key| key.legacy.is_some()).count());
    assert!(keys.iter().all(|key| key.doc.ends_with('.') && key.schema.is_object()), "every key has its doc");
}

#[test]
fn defaults_are_written_as_they_are_read() {
    for key in Settings::keys() {
        let Some(default) = &key.default else { continue };
        let mut settings = Settings::default();
        assert_eq!(settings.assign(key.name, default), Some(Ok(())), "{}", key.name);
        assert_eq!(settings.show(key.name).as_ref(), Some(default), "{}", key.name);
    }
}

#[test]
fn the_schema_has_every_key() {
    let schema = settings_schema().to_value();
    for key in Settings::keys() {
        let path = format!("/properties/{}", key.name.replace('.', "/properties/"));
        assert!(schema.pointer(&path).is_some_and(|found| found["description"] == key.doc.as_str()), "{path}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

/// `UPDATE_DOCS=1` writes the page instead.
#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let page = settings_reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == page, "docs/settings.md is not current; run UPDATE_DOCS=1 cargo test --lib config::settings");
}

/// A few keys, each with texts that it reads and that it shows unchanged.
const SAMPLES: [(&str, [&str; 3]); 6] = [
    ("storage_class", ["a", "b", "c"]),
    ("parallel", ["1", "2", "3"]),
    ("seed", ["0", "5", "9"]),
    ("timeouts.clone", ["1m", "2m", "3m"]),
    ("skip_teardown", ["true", "false", "true"]),
    ("ssh.tunnel", ["native", "virtctl", "native"]),
];

proptest! {
    #[test]
    fn each_key_comes_from_the_last_layer_that_has_it(layers in prop::collection::vec(
        prop::collection::vec((0..SAMPLES.len(), 0..3_usize), 0..6), 0..5)
    ) {
        let built = layers.iter().enumerate().map(|(number, pairs)| {
            let flag = format!("--layer-{number}");
            pairs.iter().fold(SettingsLayer::default(), |layer, (key, text)| {
                layer.flag(&flag, SAMPLES[*key].0, SAMPLES[*key].1[*text])
            })
        });
        let settings = Settings::resolve(built.collect()).unwrap();
        let defaults = Settings::default();
        for (index, (name, texts)) in SAMPLES.iter().enumerate() {
            let mut given = layers.iter().enumerate().flat_map(|(number, pairs)| pairs.iter().map(move |pair| (number, pair)));
            if let Some((number, (_, text))) = given.rfind(|(_, (key, _))| *key == index) {
                prop_assert_eq!(settings.show(name), Some(texts[*text].to_owned()));
                prop_assert_eq!(settings.origin(name).map(str::to_owned), Some(format!("--layer-{number}")));
            } else {
                prop_assert_eq!(settings.show(name), defaults.show(name));
                prop_assert_eq!(settings.origin(name), Some("default"));
            }
        }
    }

    #[test]
    fn any_file_is_answered(text in "\\PC*") {
        if let Err(error) = Settings::resolve(vec![file(&text)]) {
            prop_assert!(error.to_string().starts_with("file s.yaml"));
        }
    }

    #[test]
    fn any_yaml_like_file_is_answered(text in "((timeouts|seed|source_provider|x|ssh|- |\\{|\\[|:|\"|&a|\\*a|<<)[ :\\n]{0,2}){0,12}") {
        if let Err(error) = Settings::resolve(vec![file(&text)]) {
            prop_assert!(error.to_string().starts_with("file s.yaml"));
        }
    }

    #[test]
    fn any_value_is_answered(key in 0..100_usize, text in "\\PC*") {
        let keys = Settings::keys();
        let name = keys[key % keys.len()].name;
        if let Err(error) = Settings::resolve(vec![set(&[&format!("{name}={text}")])]) {
            prop_assert!(error.to_string().starts_with("--set: "));
        }
    }
}
