//! The rules of the providers file, on literals.

use super::*;
use crate::config::MapEnvironment;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const MARKER: &str = "hunter2-marker";

fn none() -> MapEnvironment {
    MapEnvironment::default()
}

fn parse_in(file: &Value, env: &MapEnvironment) -> Result<Providers, ProvidersError> {
    Providers::parse(&serde_json::to_string_pretty(file).unwrap(), "p.json", env)
}

fn parse(file: &Value) -> Result<Providers, ProvidersError> {
    parse_in(file, &none())
}

fn vsphere() -> Value {
    json!({
        "type": "vsphere", "version": "8.0.3", "fqdn": "vc.example.com", "api_url": "https://10.0.0.7:8443/sdk",
        "username": "admin", "password": MARKER,
    })
}

fn offload(vendor: &str) -> Value {
    json!({
        "storage_vendor_product": vendor, "datastore_id": "datastore-1", "storage_hostname": "array",
        "storage_username": "user", "storage_password": MARKER,
    })
}

fn with_offload(section: Value) -> Value {
    let mut entry = vsphere();
    entry["copyoffload"] = section;
    json!({"v": entry})
}

/// The only fault of the file, as text.
fn fault(file: &Value) -> String {
    fault_in(file, &none())
}

fn fault_in(file: &Value, env: &MapEnvironment) -> String {
    match parse_in(file, env) {
        Err(ProvidersError::Invalid(problems)) => {
            let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(texts.len(), 1, "{texts:#?}");
            texts.into_iter().next().unwrap()
        }
        other => panic!("{other:?}"),
    }
}

fn offload_of(providers: &Providers) -> &CopyOffload {
    providers.get("v").unwrap().copyoffload().unwrap()
}

#[test]
fn an_entry_keeps_every_value() {
    let mut entry = vsphere();
    for (key, value) in [
        ("vddk_init_image", "vddk:1"),
        ("endpoint_type", "esxi"),
        ("clone_provider", "vc"),
        ("luks_passphrase", MARKER),
        ("guest_vm_linux_user", "root"),
        ("guest_vm_linux_password", MARKER),
    ] {
        entry[key] = json!(value);
    }
    let providers = parse(&json!({"$schema": "./s.json", "v": entry})).unwrap();
    let entry = providers.get("v").unwrap();
    assert_eq!((entry.name.as_str(), entry.version.as_str(), entry.type_name()), ("v", "8.0.3", "vsphere"));
    assert_eq!((entry.host(), entry.port()), ("10.0.0.7".to_owned(), 8443));
    assert_eq!((entry.fqdn.as_str(), entry.username.as_str()), ("vc.example.com", "admin"));
    assert_eq!(entry.password.expose(), MARKER);
    assert_eq!(entry.guest.linux.as_ref().unwrap().user, "root");
    assert_eq!(entry.guest.windows, None);
    let ProviderKind::Vsphere(vsphere) = &entry.kind else { panic!("{:?}", entry.kind) };
    assert_eq!(vsphere.vddk_init_image.as_deref(), Some("vddk:1"));
    assert_eq!(vsphere.endpoint_type.map(EndpointType::as_str), Some("esxi"));
    assert_eq!(vsphere.clone_provider.as_deref(), Some("vc"));
    assert_eq!(vsphere.luks_passphrase.as_ref().unwrap().expose(), MARKER);
    assert!(vsphere.copyoffload.is_none());
}

#[test]
fn the_example_is_accepted_and_has_every_type() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("providers.example.json");
    let providers = Providers::load(&path, &none()).unwrap();
    let types: BTreeSet<&str> = providers.iter().map(ProviderEntry::type_name).collect();
    assert_eq!(types, BTreeSet::from(keys::TYPES));
    assert!(providers.iter().any(|entry| entry.copyoffload().is_some()));
    let address = |name: &str| providers.get(name).map(|entry| (entry.host(), entry.port())).unwrap();
    assert_eq!(address("openstack"), ("openstack.example.com".to_owned(), 13_000));
    assert_eq!(address("ova"), ("nas.example.com".to_owned(), 2049));
    assert_eq!(address("rhv"), ("rhv.example.com".to_owned(), 443));
    let ProviderKind::Openstack(openstack) = &providers.get("openstack").unwrap().kind else { panic!() };
    assert_eq!((openstack.region_name.as_str(), openstack.user_domain_name.as_deref()), ("regionOne", Some("Default")));
}

#[test]
fn a_file_that_holds_no_object_says_which_way() {
    let dir = tempfile::tempdir().unwrap();
    let text = |error: Result<Providers, ProvidersError>| error.err().unwrap().to_string();
    let missing = text(Providers::load(&dir.path().join("x.json"), &none()));
    assert!(missing.contains("x.json does not exist; create it"), "{missing}");
    assert!(matches!(Providers::load(dir.path(), &none()), Err(ProvidersError::Unreadable { .. })));
    std::fs::write(dir.path().join("latin.json"), b"{\"a\xE4\": 1}").unwrap();
    let latin = Providers::load(&dir.path().join("latin.json"), &none()).unwrap_err();
    assert!(crate::facts::chain(&latin).contains("not UTF-8"), "{latin}");
    for (content, words) in [
        ("", "p.json is empty"),
        (" \n", "p.json is empty"),
        ("[]", "p.json holds a list"),
        ("null", "p.json holds null"),
        ("\u{feff}{}", "p.json names no provider"),
        ("{\"a\": 1,}", "p.json is not JSON: trailing comma at line 1 column 9"),
        ("{\n// x\n}", "line 2 column 1"),
    ] {
        let found = text(Providers::parse(content, "p.json", &none()));
        assert!(found.contains(words), "{content}: {found}");
    }
}

#[test]
fn faults_name_file_place_provider_key_and_remedy() {
    let text = "{\n  \"vs8\": {\n    \"type\": \"vsphere\", \"version\": \"8\", \"fqdn\": \"h\",\n    \
                \"api_url\": \"https://h/sdk\", \"username\": \"u\", \"password\": \"x\",\n    \"guest_vm_linux_usr\": \"\"\n  }\n}";
    let error = Providers::parse(text, "p.json", &none()).unwrap_err();
    let wanted =
        "p.json:5:5: provider \"vs8\": key \"guest_vm_linux_usr\" is unknown; did you mean \"guest_vm_linux_user\"?";
    assert_eq!(error.to_string(), wanted);
}

#[test]
fn values_are_checked_by_their_key() {
    for (key, value, words) in [
        ("type", json!("vSphere"), r#"is "vSphere"; did you mean "vsphere"? choose one of: vsphere, ovirt"#),
        ("type", json!("hyperv"), r#"is "hyperv"; choose one of"#),
        ("type", json!(1), "is a number; choose one of"),
        ("version", json!(8.0), "is a number; write a string, in double quotes"),
        ("version", json!(""), "is empty; add it"),
        ("password", json!(null), "is empty; add it"),
        ("username", json!(["a"]), "is a list; write a string"),
        (
            "api_url",
            json!("vc.example.com"),
            "does not begin with https://; write the URL of the SDK: https://HOST/sdk",
        ),
        ("api_url", json!("https://u:p@vc/sdk"), "holds a user or password"),
        ("endpoint_type", json!("esx"), r#"is "esx"; did you mean "esxi"?"#),
        ("region_name", json!("r"), "belongs to providers of type openstack, not vsphere; remove it"),
        ("copyoffload", json!("x"), "is a string; write an object"),
        ("guest_vm_win_user", json!("a"), "is missing beside guest_vm_win_user"),
        ("guest_vm_win_password", json!("a"), "is missing beside guest_vm_win_password"),
        ("guest_vm_win_private_key", json!("-----BEGIN X"), "is missing beside guest_vm_win_private_key"),
        ("guest_vm_win_private_key_passphrase", json!("a"), "is missing beside guest_vm_win_private_key_passphrase"),
        ("guest_vm_linux_private_key", json!("/nowhere/key"), "names a file that cannot be read: No such file"),
        ("guest_vm_linux_private_key", json!("Cargo.toml"), "names a file that holds no private key; give the path"),
        ("zzz", json!("a"), "is unknown; known keys: type, version"),
    ] {
        let mut entry = vsphere();
        entry[key] = value.clone();
        let found = fault(&json!({"v": entry}));
        assert!(found.contains(words), "{key} {value}: {found}");
        assert!(found.starts_with("p.json:"), "{found}");
    }
}

#[test]
fn required_keys_depend_on_the_type() {
    let openstack = ["region_name", "user_domain_id", "project_id", "project_domain_id"];
    let common = ["version", "fqdn", "api_url", "username", "password"];
    for (type_name, required) in [
        ("vsphere", common.to_vec()),
        ("ovirt", common.to_vec()),
        ("openstack", [common.as_slice(), openstack.as_slice()].concat()),
        ("openshift", vec!["version"]),
        ("ova", vec!["version", "api_url"]),
    ] {
        let Err(ProvidersError::Invalid(problems)) = parse(&json!({"p": {"type": type_name}})) else { panic!() };
        let missing: Vec<&str> = problems.iter().filter_map(|problem| problem.key.as_deref()).collect();
        assert_eq!(missing, required, "{type_name}");
        assert!(problems.iter().all(|problem| problem.fault == "is missing"), "{problems:?}");
    }
    assert!(fault(&json!({"p": {"version": "1"}})).contains("key \"type\" is missing; add one of: vsphere"));
    let cluster = parse(&json!({"p": {"type": "openshift", "version": "4.20", "fqdn": "api.x"}})).unwrap();
    assert_eq!((cluster.get("p").unwrap().host(), cluster.get("p").unwrap().port()), ("api.x".to_owned(), 443));
    let cluster = parse(&json!({"p": {"type": "openshift", "version": "4.20", "fqdn": "api.x:6443"}})).unwrap();
    assert_eq!((cluster.get("p").unwrap().host(), cluster.get("p").unwrap().port()), ("api.x".to_owned(), 6443));
}

#[test]
fn of_an_openstack_domain_or_project_the_id_or_the_name_is_told() {
    let entry = |keys: &[&str]| {
        let mut entry = json!({"type": "openstack", "version": "17.1", "fqdn": "h", "api_url": "https://h/v3",
            "username": "u", "password": "x", "region_name": "r"});
        for key in keys {
            entry[key] = json!(format!("its {key}"));
        }
        json!({"o": entry})
    };
    for keys in [
        ["user_domain_id", "project_id", "version"],
        ["user_domain_name", "project_id", "project_domain_name"],
        ["user_domain_name", "project_name", "project_domain_name"],
        ["user_domain_id", "project_name", "project_domain_id"],
    ] {
        let providers = parse(&entry(&keys)).unwrap();
        let ProviderKind::Openstack(openstack) = &providers.get("o").unwrap().kind else { panic!() };
        assert_eq!(openstack.user_domain_id.is_some(), keys.contains(&"user_domain_id"), "{keys:?}");
        assert_eq!(openstack.project_domain_name.is_some(), keys.contains(&"project_domain_name"), "{keys:?}");
    }
    for (keys, missing, other) in [
        (["project_name", "project_domain_id"], "user_domain_id", "user_domain_name"),
        (["user_domain_name", "project_domain_id"], "project_id", "project_name"),
        (["user_domain_id", "project_name"], "project_domain_id", "project_domain_name"),
    ] {
        let found = fault(&entry(&keys));
        let words = format!("key {missing:?} is missing; add it or {other}: at least one must be there");
        assert!(found.ends_with(&words), "{found}");
    }
}

#[test]
fn duplicates_are_faults() {
    let entry = vsphere().to_string();
    let twice = format!("{{\"v\": {entry},\n \"v\": {entry}}}");
    let error = Providers::parse(&twice, "p.json", &none()).unwrap_err().to_string();
    assert_eq!(error, "p.json:2:2: provider \"v\": is there twice (first on line 1); rename or remove one");
    let key = format!("{{\"v\": {}}}", entry.replacen('{', "{\"type\": \"vsphere\", ", 1));
    let error = Providers::parse(&key, "p.json", &none()).unwrap_err().to_string();
    assert!(error.contains("key \"type\" is there twice"), "{error}");
}

#[test]
fn all_faults_come_at_once() {
    let mut second = vsphere();
    second["pasword"] = json!("x");
    let error = parse(&json!({"a": {"type": "ova"}, "b": second, "c": 7})).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 4, "{error}");
    assert!(error.contains("did you mean \"password\"?") && error.contains("provider \"c\": is a number"), "{error}");
}

#[test]
fn an_unknown_name_lists_the_known_nearest_first() {
    let providers = parse(&json!({"rhv": vsphere(), "vsphere7": vsphere(), "vsphere8": vsphere()})).unwrap();
    let error = providers.get("vsphere-8").unwrap_err().to_string();
    assert_eq!(error, "provider \"vsphere-8\" is not in p.json; choose one of: vsphere8, vsphere7, rhv");
}

#[test]
fn each_vendor_requires_its_keys_and_fills_its_secret() {
    for (vendor, own) in [
        ("ontap", vec![("ontap_svm", "ONTAP_SVM")]),
        (
            "vantara",
            vec![
                ("vantara_storage_id", "STORAGE_ID"),
                ("vantara_storage_port", "STORAGE_PORT"),
                ("vantara_hostgroup_id_list", "HOSTGROUP_ID_LIST"),
            ],
        ),
        ("pureFlashArray", vec![("pure_cluster_prefix", "PURE_CLUSTER_PREFIX")]),
        ("powerflex", vec![("powerflex_system_id", "POWERFLEX_SYSTEM_ID")]),
        ("powermax", vec![("powermax_symmetrix_id", "POWERMAX_SYMMETRIX_ID")]),
        ("primera3par", vec![]),
        ("powerstore", vec![]),
        ("infinibox", vec![]),
        ("flashsystem", vec![]),
    ] {
        let mut section = offload(vendor);
        let missing: Vec<String> = match parse(&with_offload(section.clone())) {
            Err(ProvidersError::Invalid(problems)) => problems.into_iter().filter_map(|problem| problem.key).collect(),
            other => {
                assert!(own.is_empty(), "{other:?}");
                Vec::new()
            }
        };
        assert_eq!(missing, own.iter().map(|(key, _)| format!("copyoffload.{key}")).collect::<Vec<_>>());
        for (key, _) in &own {
            section[*key] = json!(format!("of {key}"));
        }
        let providers = parse(&with_offload(section)).unwrap();
        let offload = offload_of(&providers);
        assert_eq!(offload.storage_vendor_product.as_str(), vendor);
        let secret = offload.storage_secret();
        let mut names: Vec<&str> = own.iter().map(|(_, name)| *name).collect();
        names.extend(["STORAGE_HOSTNAME", "STORAGE_USERNAME", "STORAGE_PASSWORD"]);
        assert_eq!(secret.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from_iter(names));
        for (key, name) in own {
            assert_eq!(secret[name].expose(), format!("of {key}"));
            assert!(offload.present_keys().contains(&key));
        }
        assert_eq!(secret["STORAGE_PASSWORD"].expose(), MARKER);
    }
}

#[test]
fn copy_offload_values_are_checked() {
    for (key, value, words) in [
        ("storage_vendor_product", json!("pureflasharray"), "did you mean \"pureFlashArray\"?"),
        ("ontap_svm", json!("x"), "belongs to the vendor ontap, not powerstore; remove it"),
        ("rdm_lun_uuid", json!("600a"), "is \"600a\"; write the LUN's name, naa.<id>"),
        ("default_vm_name", json!(7), "is a number; write a string"),
        ("dedicated_migration_hosts", json!("host-1"), "is a string; write a list"),
        ("dedicated_migration_hosts", json!([1]), "has an item that is a number"),
        ("storage_skip_ssl_verification", json!("yes"), "is \"yes\"; write true or false"),
        ("storage_secret_extra", json!({"a b": "c"}), "has \"a b\", which no Secret may have as a key"),
        ("storage_secret_extra", json!({"a": []}), "has \"a\", which is a list"),
        ("secondary_datastore", json!("x"), "did you mean \"secondary_datastore_id\"?"),
        ("storage_hostname", json!(""), "is empty; add it or set COPYOFFLOAD_STORAGE_HOSTNAME"),
    ] {
        let mut section = offload("powerstore");
        section[key] = value.clone();
        let found = fault(&with_offload(section));
        assert!(found.contains(words) && found.contains("\"copyoffload."), "{key} {value}: {found}");
    }
    let mut ssh = offload("powerstore");
    ssh["esxi_clone_method"] = json!("ssh");
    let error = parse(&with_offload(ssh)).unwrap_err().to_string();
    assert_eq!(error.matches("is missing for esxi_clone_method ssh").count(), 3, "{error}");
}

/// A datastore beside the array's first one is nothing without that one.
#[test]
fn a_second_datastore_needs_the_first() {
    for key in ["secondary_datastore_id", "non_xcopy_datastore_id"] {
        let mut section = offload("powerstore");
        section.as_object_mut().unwrap().remove("datastore_id");
        section[key] = json!("datastore-12");
        let found = fault(&with_offload(section));
        assert!(found.contains("\"copyoffload.datastore_id\" is missing"), "{found}");
        assert!(found.starts_with("p.json:2:3: "), "{found}");
    }
}

#[test]
fn the_environment_overrides_what_it_may() {
    let mut section = offload("ontap");
    section["storage_secret_extra"] = json!({"A": "file", "ONTAP_SVM": "extra"});
    section.as_object_mut().unwrap().remove("storage_username");
    let env = MapEnvironment::of([
        ("COPYOFFLOAD_STORAGE_PASSWORD", "from env"),
        ("COPYOFFLOAD_STORAGE_HOSTNAME", ""),
        ("COPYOFFLOAD_STORAGE_USERNAME", "env user"),
        ("COPYOFFLOAD_ONTAP_SVM", "env svm"),
        ("COPYOFFLOAD_POWERFLEX_SYSTEM_ID", "serves another entry"),
        ("COPYOFFLOAD_STORAGE_SKIP_SSL_VERIFICATION", "true"),
        ("COPYOFFLOAD_ESXI_HOST", "e"),
        ("COPYOFFLOAD_ESXI_USER", "u"),
        ("COPYOFFLOAD_ESXI_PASSWORD", "p"),
    ]);
    let providers = parse_in(&with_offload(section.clone()), &env).unwrap();
    let offload = offload_of(&providers);
    assert_eq!(offload.storage_password.expose(), "from env");
    assert_eq!((offload.storage_hostname.as_str(), offload.storage_username.as_str()), ("array", "env user"));
    assert!(offload.present_keys().contains(&"esxi_host") && !offload.present_keys().contains(&"powerflex_system_id"));
    assert_eq!(offload.vendor, std::collections::BTreeMap::from([("ontap_svm", "env svm".to_owned())]));
    assert_eq!(offload.esxi.as_ref().map(|esxi| esxi.host.as_str()), Some("e"));
    let secret = offload.storage_secret();
    assert_eq!(secret["STORAGE_SKIP_SSL_VERIFICATION"].expose(), "true");
    assert_eq!((secret["A"].expose(), secret["ONTAP_SVM"].expose()), ("file", "extra"), "extra keys come last");
    let mut env = env;
    env.0.insert("COPYOFFLOAD_STORAGE_SECRET_EXTRA".into(), r#"{"B": true, "C": 5, "D": "x"}"#.into());
    let providers = parse_in(&with_offload(section), &env).unwrap();
    let secret = offload_of(&providers).storage_secret();
    assert_eq!((secret["B"].expose(), secret["C"].expose(), secret["D"].expose()), ("true", "5", "x"));
    assert!(!secret.contains_key("A"), "the variable replaces the file's map");
}

#[test]
fn overrides_that_override_nothing_are_faults() {
    let file = with_offload(offload("powerstore"));
    for (name, value, words) in [
        ("COPYOFFLOAD_DATASTORE_ID", "d", "set datastore_id in the file (required there)"),
        ("COPYOFFLOAD_STORAGE_PASWORD", "d", "did you mean COPYOFFLOAD_STORAGE_PASSWORD?"),
        ("COPYOFFLOAD_STORAGE_SECRET_EXTRA", "{", "is not JSON"),
        ("COPYOFFLOAD_STORAGE_SECRET_EXTRA", "[]", "is a list; write a JSON object"),
        ("COPYOFFLOAD_STORAGE_SKIP_SSL_VERIFICATION", "1", "write true or false"),
    ] {
        let found = fault_in(&file, &MapEnvironment::of([(name, value)]));
        assert!(found.starts_with(&format!("environment {name}: ")) && found.contains(words), "{found}");
    }
    let plain = parse_in(&json!({"v": vsphere()}), &MapEnvironment::of([("COPYOFFLOAD_X", "1")]));
    assert!(plain.is_ok(), "without copy offload the variables are not ours");
}

#[test]
fn no_output_shows_a_secret() {
    let mut section = offload("ontap");
    section["ontap_svm"] = json!("svm");
    section["storage_secret_extra"] = json!({"K": MARKER});
    let mut file = with_offload(section);
    file["v"]["luks_passphrase"] = json!(MARKER);
    file["v"]["guest_vm_win_user"] = json!("u");
    file["v"]["guest_vm_win_password"] = json!(MARKER);
    let shown = format!("{:?}", parse(&file).unwrap());
    assert!(shown.contains("[secret]") && !shown.contains(MARKER), "{shown}");
    let wrong = [json!([MARKER]), json!({MARKER: 1}), json!(true)];
    for key in ["password", "luks_passphrase", "guest_vm_win_password"] {
        for value in &wrong {
            let mut broken = file.clone();
            broken["v"][key] = value.clone();
            let error = parse(&broken).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(MARKER), "{error}");
        }
    }
    let mut broken = file.clone();
    broken["v"]["copyoffload"]["storage_secret_extra"] = json!({"K": [MARKER]});
    broken["v"]["api_url"] = json!(format!("https://u:{MARKER}@h/sdk"));
    let error = parse(&broken).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(MARKER), "{error}");
    let cut = file.to_string().replace("\"luks_passphrase\":", "\"luks_passphrase\"");
    let error = Providers::parse(&cut, "p.json", &none()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(MARKER), "{error}");
}

#[test]
fn the_schema_knows_every_key() {
    let schema = providers_schema().to_value();
    for type_name in keys::TYPES {
        let properties = schema["$defs"][type_name]["properties"].as_object().unwrap();
        let names: Vec<&str> = keys::entry_keys(type_name).iter().map(|key| key.name).collect();
        assert!(names.iter().all(|name| properties.contains_key(*name)) && properties.len() == names.len());
        assert_eq!(properties["type"]["const"], type_name);
    }
    let offload = &schema["$defs"]["copyoffload"];
    assert_eq!(offload["required"], json!(["storage_vendor_product", "datastore_id"]));
    assert_eq!(offload["allOf"].as_array().unwrap().len(), StorageVendor::ALL.len());
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC*") {
        if let Err(error) = Providers::parse(&text, "p.json", &none()) {
            prop_assert!(error.to_string().contains("p.json"));
        }
    }

    #[test]
    fn any_cut_of_the_example_is_answered(cut in 0_usize..3000, junk in "[\\[\\]{}\",:0-9a-z\\n]{0,3}") {
        let text = include_str!("../../../providers.example.json");
        let head: String = text.chars().take(cut).collect();
        let tail: String = text.chars().skip(cut).collect();
        for broken in [head.clone(), format!("{head}{junk}{tail}")] {
            if let Err(error) = Providers::parse(&broken, "p.json", &none()) {
                prop_assert!(error.to_string().contains("p.json"));
            }
        }
    }
}
