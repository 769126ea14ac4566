//! Hard power-offs that the engine has recorded.
//!
//! Source: source-providers.md section 3.2, "Event 33".

use super::engine::Engine;
use super::json::{number, text, time};
use crate::facts::PowerOff;
use crate::provider::{ProviderError, VmRef};

const EVENTS: (&str, &str) = ("events", "event");
/// `USER_STOP_VM`: somebody pulled the plug.
const HARD_STOP: u64 = 33;

/// The VM's hard power-offs, oldest first.
pub(super) async fn read(engine: &Engine, vm: &VmRef) -> Result<Vec<PowerOff>, ProviderError> {
    let events = engine.list(EVENTS, Some(&format!("Vms.id = {}", vm.id))).await?;
    let hard = events.iter().rev().filter(|event| number(event, "/code") == Some(HARD_STOP));
    // The search finds what else names the VM, too.
    let own = hard.filter(|event| text(event, "/vm/id").is_none_or(|id| id == vm.id));
    let told = own.map(|event| PowerOff {
        id: text(event, "/id").unwrap_or_default().to_owned(),
        at: time(event, "/time"),
        words: text(event, "/description").unwrap_or_default().to_owned(),
    });
    Ok(told.collect())
}
