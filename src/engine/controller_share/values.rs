//! What parameters of the ForkliftController look like.
//!
//! Source: forklift-api.md section 10.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Parameters of the ForkliftController's spec, by key. Null stands for a key that is not there.
pub type Values = BTreeMap<String, Value>;

/// The key of the interval between two copies of a warm migration, in minutes.
const PRECOPY_INTERVAL: &str = "controller_precopy_interval";

/// Parameters that are JSON numbers: a quoted one is silently ignored up to 2.12, and rejected later.
const NUMBERS: [&str; 3] =
    [PRECOPY_INTERVAL, "controller_max_vm_inflight", "controller_snapshot_removal_timeout_minuts"];

/// Switches that are texts from 2.10 on, like every `feature_` key.
const SWITCHES: [&str; 2] = ["controller_ovirt_warm_migration", "controller_vsphere_incremental_backup"];

/// The parameter that makes warm migrations copy every `interval`, in whole minutes and at least one.
pub fn precopy_interval(interval: Duration) -> Values {
    Values::from([(PRECOPY_INTERVAL.to_owned(), json!((interval.as_secs() / 60).max(1)))])
}

/// The values in the form that the product reads: numbers as numbers, switches as `"true"` and `"false"`.
pub(super) fn as_the_product_reads(wanted: &Values) -> Values {
    let form = |(key, value): (&String, &Value)| (key.clone(), form_of(key, value));
    wanted.iter().map(form).collect()
}

fn form_of(key: &str, value: &Value) -> Value {
    let is_switch = key.starts_with("feature_") || SWITCHES.contains(&key);
    match value {
        Value::Bool(on) if is_switch => json!(on.to_string()),
        Value::String(text) if NUMBERS.contains(&key) => match text.trim().parse::<u64>() {
            Ok(number) => json!(number),
            Err(_) => value.clone(),
        },
        other => other.clone(),
    }
}

/// `key=value, key=value`, for people.
pub(super) fn words(values: &Values) -> String {
    let all: Vec<String> = values.iter().map(|(key, value)| format!("{key}={value}")).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_numbers_and_switches_become_texts() {
        let wanted = Values::from([
            ("controller_precopy_interval".to_owned(), json!("5")),
            ("controller_max_vm_inflight".to_owned(), json!(2)),
            ("feature_copy_offload".to_owned(), json!(true)),
            ("controller_vsphere_incremental_backup".to_owned(), json!(false)),
            ("vddk_image".to_owned(), json!("5")),
        ]);
        let formed = as_the_product_reads(&wanted);
        assert_eq!(
            words(&formed),
            "controller_max_vm_inflight=2, controller_precopy_interval=5, \
             controller_vsphere_incremental_backup=\"false\", feature_copy_offload=\"true\", vddk_image=\"5\""
        );
        assert_eq!(precopy_interval(Duration::from_secs(120))["controller_precopy_interval"], json!(2));
    }
}
