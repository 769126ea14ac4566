use super::full::EVERY_KEY;
use crate::scenario::load::load_text;
use crate::scenario::schema;
use proptest::prelude::*;

/// Reads a text; whatever comes of it must also be tellable.
fn read(text: &str) {
    match load_text("p.yaml", "p", text) {
        Ok(scenarios) => assert!(!scenarios.is_empty()),
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        read(&text);
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(text in "[a-c:\\-\\[\\]{}$&*\"'|> \n\t#?!%0-9.,~é<]{0,60}") {
        read(&text);
    }

    #[test]
    fn any_damage_to_a_file_is_read_or_refused(
        at in 0..EVERY_KEY.len(),
        length in 0..40_usize,
        put in "[a-z:\\-\\[\\]{}$&*\"' \n0-9é]{0,6}",
    ) {
        let mut start = at;
        while !EVERY_KEY.is_char_boundary(start) { start -= 1; }
        let mut end = (start + length).min(EVERY_KEY.len());
        while !EVERY_KEY.is_char_boundary(end) { end += 1; }
        read(&format!("{}{put}{}", &EVERY_KEY[..start], &EVERY_KEY[end..]));
    }
}

#[test]
fn deep_nesting_is_refused() {
    read(&"[".repeat(10_000));
    read(&format!("description: {}1{}", "[".repeat(500), "]".repeat(500)));
    read(&"a: ".repeat(5_000));
}

#[test]
fn the_schema_is_strict_and_described() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], serde_json::json!(["description"]));
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if let Some(properties) = definition["properties"].as_object() {
            assert_eq!(definition["additionalProperties"], false, "{name}");
            for (key, property) in properties {
                assert!(property["description"].is_string(), "{name}.{key}: {property}");
            }
        }
    }
    for (key, property) in schema["properties"].as_object().unwrap() {
        assert!(property["description"].is_string(), "{key}: {property}");
    }
    let reference = serde_json::json!({"$ref": "#/$defs/MatrixReference"});
    let disk = &schema["$defs"]["VmRequest"]["properties"]["disk_type"]["anyOf"];
    assert!(disk.as_array().unwrap().contains(&reference), "{disk}");
    let guest_agent = &schema["$defs"]["VmRequest"]["properties"]["guest_agent"];
    assert_eq!(guest_agent["anyOf"][0], serde_json::json!({"type": "boolean"}));
    assert!(guest_agent["description"].as_str().unwrap().starts_with("Whether the guest agent"));
    assert_eq!(schema["properties"]["timeouts"]["anyOf"], serde_json::Value::Null);
}

#[test]
fn the_reference_has_every_key() {
    let reference = include_str!("../../../docs/scenarios.md");
    let schema = schema();
    let objects = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let keys = objects.filter_map(|object| object["properties"].as_object()).flat_map(|keys| keys.keys());
    for key in keys {
        assert!(reference.contains(&format!("`{key}`")), "docs/scenarios.md does not have `{key}`");
    }
}
