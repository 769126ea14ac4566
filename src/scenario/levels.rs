//! Which keys each level of a file has, and the suggestion for a key or value that none has.

use super::decode::fields_of;
use super::fault::{Fault, Problem};
use super::model::{AddDisk, PlanSpec, ScenarioFile, VmRequest};
use super::tree::Segment;
use crate::facts::nearest;
use std::sync::LazyLock;

/// Keys of the file that are not a plan's.
pub(super) static FILE_KEYS: LazyLock<&'static [&'static str]> = LazyLock::new(fields_of::<ScenarioFile>);
/// Keys of a plan.
pub(super) static PLAN_KEYS: LazyLock<&'static [&'static str]> = LazyLock::new(fields_of::<PlanSpec>);

/// The message of a fault, with the nearest key or value as suggestion.
pub(super) fn message(fault: &Fault) -> String {
    match &fault.problem {
        Problem::UnknownKey { key, known } => {
            let top = fault.path.len() == 1;
            let known: Vec<&str> =
                if top { FILE_KEYS.iter().chain(PLAN_KEYS.iter()).copied().collect() } else { known.to_vec() };
            format!("unknown key `{key}`{}", key_suggestion(key, &known, &fault.path))
        }
        Problem::UnknownValue { value, known } => match nearest(value, known.iter().copied(), 1).first() {
            Some(near) => format!("unknown value `{value}`; did you mean `{near}`?"),
            None => fault.to_string(),
        },
        _ => fault.to_string(),
    }
}

fn key_suggestion(key: &str, known: &[&str], path: &[Segment]) -> String {
    if let Some(level) = level_of(key) {
        return format!("; it belongs in {level}");
    }
    match nearest(key, known.iter().copied(), 1).first() {
        Some(near) => format!("; did you mean `{near}`?"),
        // The short lists are worth telling whole.
        None if path.len() > 1 && known.len() <= 10 => {
            let quoted: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
            format!("; the keys here are {}", quoted.join(", "))
        }
        None => String::new(),
    }
}

/// The known key that an unknown one was probably meant to be.
pub(super) fn meant(fault: &Fault) -> Option<&'static str> {
    let Problem::UnknownKey { key, known } = &fault.problem else { return None };
    let top = fault.path.len() == 1;
    let more: &[&str] = if top { &FILE_KEYS } else { &[] };
    nearest(key, known.iter().chain(more).copied(), 1).first().copied()
}

/// The level that has exactly this key; `None` if no other level has it.
fn level_of(key: &str) -> Option<&'static str> {
    let levels: [(&[&str], &str); 4] = [
        (&FILE_KEYS, "the top of the file"),
        (&PLAN_KEYS, "the plan"),
        (fields_of::<VmRequest>(), "an entry of `virtual_machines`"),
        (fields_of::<AddDisk>(), "an entry of `add_disks`"),
    ];
    levels.into_iter().find(|(keys, _)| keys.contains(&key)).map(|(_, level)| level)
}
