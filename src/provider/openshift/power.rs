//! Power of a VM: by KubeVirt's own way to start and stop, whatever its run strategy.
//!
//! Source: cluster-api.md sections 1.1 and 1.2.

use super::source::failed;
use crate::cluster::{Cluster, ClusterError, ObjectRef, VmAction};
use crate::facts::Power;
use crate::provider::ProviderError;
use crate::wait::{Deadline, Seen};
use kube::core::DynamicObject;
use std::time::Duration;

/// Pauses between two requests for the same.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Starts or stops the VM and waits for it; nothing happens if it already is so.
pub(super) async fn switch(
    cluster: &Cluster,
    target: &ObjectRef,
    power: Power,
    deadline: &Deadline,
) -> Result<(), ProviderError> {
    let action = match power {
        Power::On => VmAction::Start,
        Power::Off => VmAction::Stop,
        Power::Other => {
            return Err(ProviderError::Invalid {
                operation: format!("switch {target}"),
                problem: "a VM can be switched on or off only".to_owned(),
                remedy: "ask for on or off",
            });
        }
    };
    let what = format!("wait for {target} to be {power}");
    ask(cluster, target, (action, power), deadline).await?;
    cluster.wait(&what, target, deadline, |object| judge(object, power)).await.map_err(failed)
}

/// Asks until it is taken, or the VM is on its way: a refusal may come from a change that is not over yet.
async fn ask(
    cluster: &Cluster,
    target: &ObjectRef,
    (action, power): (VmAction, Power),
    deadline: &Deadline,
) -> Result<(), ProviderError> {
    let what = format!("ask {target} to be {power}");
    let probe = async || {
        let object = match cluster.get(target).await {
            Ok(object) => object,
            Err(error) => return Seen::Met(Err(error)),
        };
        match judge(object.as_ref(), power) {
            Seen::Pending(seen) if is_at_rest(object.as_ref(), power) => match cluster.ask_vm(target, action).await {
                Ok(()) => Seen::Met(Ok(())),
                Err(error) if error.is_conflict() || error.is_transient() => Seen::Pending(format!("{seen}; {error}")),
                Err(error) => Seen::Met(Err(error)),
            },
            // It is on its way, or there, or gone: the wait will tell.
            _ => Seen::Met(Ok(())),
        }
    };
    let answer: Result<(), ClusterError> = crate::wait::poll(&what, deadline, AGAIN_AFTER, probe).await?;
    answer.map_err(failed)
}

/// Whether nothing has been asked of the VM yet that leads to `power`.
fn is_at_rest(object: Option<&DynamicObject>, power: Power) -> bool {
    let Some(vm) = object else { return false };
    let status = &vm.data["status"];
    let action = status["stateChangeRequests"][0]["action"].as_str();
    match power {
        Power::On => status["created"] != true && action != Some("Start") && vm.data["spec"]["runStrategy"] != "Always",
        _ => status["printableStatus"] != "Stopping" && action != Some("Stop"),
    }
}

fn judge(object: Option<&DynamicObject>, power: Power) -> Seen<()> {
    let Some(vm) = object else { return Seen::Hopeless("it is gone".to_owned()) };
    let status = &vm.data["status"];
    let printed = status["printableStatus"].as_str().unwrap_or("no status");
    let is_so = match power {
        Power::On => status["ready"] == true && printed == "Running",
        _ => status["created"] != true && status["ready"] != true && matches!(printed, "Stopped" | "no status"),
    };
    if is_so { Seen::Met(()) } else { Seen::Pending(words(vm, printed)) }
}

/// The state, and what the VM's own conditions say against it.
fn words(vm: &DynamicObject, printed: &str) -> String {
    let conditions = vm.data["status"]["conditions"].as_array();
    let failure = conditions.into_iter().flatten().find(|one| one["type"] == "Failure" && one["status"] == "True");
    match failure.and_then(|one| one["message"].as_str()) {
        Some(message) => format!("{printed}: {message}"),
        None => printed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn vm(status: Value) -> DynamicObject {
        serde_json::from_value(
            json!({ "metadata": { "name": "v" }, "spec": { "runStrategy": "Manual" }, "status": status }),
        )
        .unwrap()
    }

    #[test]
    fn a_start_is_asked_for_once_and_over_when_the_vm_is_ready() {
        let stopped = vm(json!({ "printableStatus": "Stopped" }));
        assert!(is_at_rest(Some(&stopped), Power::On));
        let asked = vm(json!({ "printableStatus": "Stopped", "stateChangeRequests": [{ "action": "Start" }] }));
        assert!(!is_at_rest(Some(&asked), Power::On));
        let starting = vm(json!({ "printableStatus": "Starting", "created": true }));
        assert!(!is_at_rest(Some(&starting), Power::On));
        assert_eq!(judge(Some(&starting), Power::On), Seen::Pending("Starting".into()));
        let running = vm(json!({ "printableStatus": "Running", "created": true, "ready": true }));
        assert_eq!(judge(Some(&running), Power::On), Seen::Met(()));
        assert!(is_at_rest(Some(&running), Power::Off));
        assert_eq!(judge(Some(&running), Power::Off), Seen::Pending("Running".into()));
        assert_eq!(judge(Some(&stopped), Power::Off), Seen::Met(()));
        assert!(matches!(judge(None, Power::Off), Seen::Hopeless(_)));
    }

    #[test]
    fn a_failure_is_told_in_the_clusters_words() {
        let conditions = json!([{ "type": "Failure", "status": "True", "message": "no such instance type" }]);
        let failing = vm(json!({ "printableStatus": "Stopped", "conditions": conditions }));
        assert_eq!(judge(Some(&failing), Power::On), Seen::Pending("Stopped: no such instance type".into()));
    }
}
