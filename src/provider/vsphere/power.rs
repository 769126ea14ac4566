//! Power.
//!
//! Source: source-providers.md section 2.4.

use super::fault::CallError;
use super::request::Call;
use super::session::Session;
use super::source_vm;
use super::task::Limit;
use super::xml::MoRef;
use crate::facts::Power;
use crate::provider::{ProviderError, VmRef};

/// Switches the VM, unless it already is so.
pub(crate) async fn set(session: &Session, vm: &VmRef, power: Power, limit: &Limit) -> Result<(), CallError> {
    let object = MoRef::new("VirtualMachine", &vm.id);
    let method = match power {
        Power::On => "PowerOnVM_Task",
        Power::Off => "PowerOffVM_Task",
        Power::Other => {
            return Err(CallError::Failed(ProviderError::Invalid {
                operation: format!("switch {vm}"),
                problem: "a VM can be switched on or off only".to_owned(),
                remedy: "ask for on or off",
            }));
        }
    };
    if read(session, &object, vm).await? == power {
        return Ok(());
    }
    match session.run_task(&Call::new(method, &object).about(vm), limit).await {
        Ok(_) => Ok(()),
        // Someone was faster: fine, if the VM now is as it should be.
        Err(error) if error.is("InvalidPowerState") && read(session, &object, vm).await? == power => Ok(()),
        Err(error) => Err(error),
    }
}

async fn read(session: &Session, object: &MoRef, vm: &VmRef) -> Result<Power, CallError> {
    let path = "runtime.powerState";
    let properties = session.read(object, &[path]).await?;
    source_vm::power(&properties).ok_or_else(|| properties.lacking(path, &vm.to_string()).into())
}
