//! What is told of the copies: the record of a warm migration, and how an array copied.

use super::super::object::has_condition;
use super::machine::remove;
use crate::lab::fault::ProductFault;
use serde_json::{Value, json};

const USED: &str = "xcopyUsed=1";
const UNUSED: &str = "xcopyUsed=0";

/// Harms the status of a Migration that has succeeded.
pub(super) fn harm_record(fault: ProductFault, status: &mut Value) {
    if !has_condition(&json!({"status": {"conditions": status["conditions"]}}), "Succeeded") {
        return;
    }
    let vms = status.get_mut("vms").and_then(Value::as_array_mut);
    for vm in vms.into_iter().flatten().filter(|vm| vm.get("warm").is_some()) {
        if fault == ProductFault::LostWarmRecord {
            remove(vm, "warm");
        } else if let Some(copies) = vm.pointer_mut("/warm/precopies").and_then(Value::as_array_mut) {
            harm_copies(fault, copies);
        }
    }
}

fn harm_copies(fault: ProductFault, copies: &mut Vec<Value>) {
    match fault {
        ProductFault::SingleCopy => drop(copies.drain(..copies.len().saturating_sub(1))),
        ProductFault::EarlyCutover if copies.len() > 2 => drop(copies.drain(1..copies.len() - 1)),
        ProductFault::UnfinishedCopies => copies.iter_mut().skip(1).for_each(|copy| remove(copy, "end")),
        _ => {}
    }
}

/// Harms a line of a populate pod's log: what is printed instead.
pub(super) fn harm_line(fault: ProductFault, line: String) -> Vec<String> {
    match fault {
        ProductFault::SilentFallback | ProductFault::DisputedXcopy => vec![line.replace(USED, UNUSED)],
        ProductFault::UnaskedXcopy => vec![line.replace(UNUSED, USED)],
        ProductFault::MuteCopy if line.contains("xcopyUsed=") => Vec::new(),
        ProductFault::LateFallback if line.contains("\"copy-offload finished\"") => {
            let verdict = format!("{} {UNUSED}", line.replace("copy-offload finished", "xcopy"));
            vec![verdict, line]
        }
        _ => vec![line],
    }
}

/// Harms what a populator's status is to tell.
pub(super) fn harm_populator(fault: ProductFault, patch: &mut Value) {
    let Some(status) = patch.get_mut("status").filter(|status| status.get("xcopyUsed").is_some()) else { return };
    let done = status["progress"] == "100";
    match fault {
        ProductFault::SilentFallback => status["xcopyUsed"] = json!("0"),
        ProductFault::LateFallback if done => status["xcopyUsed"] = json!("0"),
        ProductFault::UnaskedXcopy => status["xcopyUsed"] = json!("1"),
        ProductFault::MuteCopy => remove(status, "xcopyUsed"),
        _ => {}
    }
}
