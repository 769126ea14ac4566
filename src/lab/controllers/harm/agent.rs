//! The guest agent of an instance.

use crate::lab::fault::ProductFault;
use serde_json::{Value, json};

const CONNECTED: &str = "AgentConnected";

pub(super) fn harm(fault: ProductFault, status: &mut Value) {
    let silent = match fault {
        ProductFault::SilentAgent => true,
        ProductFault::DisconnectedAgent => false,
        _ => return,
    };
    let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) else { return };
    if silent {
        conditions.retain(|one| one["type"] != CONNECTED);
    } else if let Some(one) = conditions.iter_mut().find(|one| one["type"] == CONNECTED) {
        one["status"] = json!("False");
    }
    if status.get("guestOSInfo").is_some() {
        status["guestOSInfo"] = json!({});
    }
}
