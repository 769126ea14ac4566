//! Cloning, which oVirt does from templates only.
//!
//! Source: source-providers.md section 3.3.

use super::engine::{Engine, lacking};
use super::find::{self, TEMPLATES, VMS};
use super::json::text;
use super::power::{self, EVERY};
use crate::provider::{CloneRequest, ProviderError, VmRef};
use crate::wait::{Deadline, Seen, poll};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// By when a request that was sent but not answered has made its VM, if it ever does.
const LOST_LIMIT: Duration = Duration::from_secs(10);

/// Clones the template, and waits until its disks are copied.
pub(super) async fn run(
    engine: &Engine,
    request: &CloneRequest,
    cancel: &CancellationToken,
) -> Result<VmRef, ProviderError> {
    request.refuse_vsphere_keys("ovirt")?;
    let deadline = Deadline::after(request.limit, cancel);
    let template = template(engine, request).await?;
    let about = format!("{} from template {}", request.name, request.source.name);
    let body = body(request, &template)?;
    // Memory is not reserved, so that clones fit beside each other.
    let made = match engine.post("/vms?clone=true", body, &about).await {
        Ok(made) => made,
        Err(error @ ProviderError::Unreachable { .. }) => {
            settle_lost(engine, &request.name).await;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    let id = text(&made, "/id").ok_or_else(|| lacking(&about, "id"))?.to_owned();
    let vm = VmRef { id, name: request.name.clone() };
    let look = async || match power::status(engine, &vm).await {
        Ok(status) if status == "down" => Seen::Met(Ok(())),
        Ok(status) => Seen::Pending(status),
        Err(error) if error.is_gone() => Seen::Hopeless(
            "it is gone: its disks could not be copied, or somebody deleted it; see the engine's events".to_owned(),
        ),
        Err(error) => Seen::Met(Err(error)),
    };
    poll(&format!("clone {about}"), &deadline, EVERY, look).await??;
    Ok(vm)
}

fn body(request: &CloneRequest, template: &Value) -> Result<Value, ProviderError> {
    let cluster = text(template, "/cluster/id").ok_or_else(|| ProviderError::Unhealthy {
        vm: format!("template {}", request.source.name),
        problem: "it belongs to no cluster".to_owned(),
        remedy: "take a template that was made in a cluster of the data center",
    })?;
    Ok(json!({
        "name": request.name,
        "cluster": { "id": cluster },
        "template": { "id": text(template, "/id") },
        "memory_policy": { "guaranteed": 0 },
    }))
}

/// The template itself; that of the same name where the source is a VM.
async fn template(engine: &Engine, request: &CloneRequest) -> Result<Value, ProviderError> {
    let source = &request.source;
    let read = async |id: &str| engine.object(TEMPLATES.0, id, &format!("template {}", source.name)).await;
    let template = match read(&source.id).await {
        Ok(template) => template,
        Err(error) if error.is_gone() => match find::template_named(engine, &source.name).await? {
            Some(template) => read(&template.id).await?,
            None => return Err(no_template(engine, source, error).await),
        },
        Err(error) => return Err(error),
    };
    match text(&template, "/status") {
        None | Some("ok") => Ok(template),
        Some(status) => Err(ProviderError::Unhealthy {
            vm: format!("template {}", source.name),
            problem: format!("its status is {status}, not ok"),
            remedy: "repair the template in the administration portal, or take another one",
        }),
    }
}

async fn no_template(engine: &Engine, source: &VmRef, error: ProviderError) -> ProviderError {
    if engine.object(VMS.0, &source.id, &source.to_string()).await.is_err() {
        return error;
    }
    ProviderError::Invalid {
        operation: format!("clone {source}"),
        problem: "it is a VM, and oVirt clones templates only".to_owned(),
        remedy: "make a template of it and name that, or migrate the VM itself with clone: false",
    }
}

/// After a clone that was not answered: gives the engine time to begin it, so that whoever deletes it by its name finds
/// it.
async fn settle_lost(engine: &Engine, name: &str) {
    let deadline = Deadline::after(LOST_LIMIT, &CancellationToken::new());
    let look = async || match find::vms_named(engine, name).await {
        Ok(vms) if vms.is_empty() => Seen::Pending("no VM".to_owned()),
        Ok(_) => Seen::Met(()),
        Err(error) => Seen::Pending(error.to_string()),
    };
    let seen = poll("a clone that was not answered", &deadline, EVERY, look).await;
    tracing::debug!(clone = name, ?seen, "the answer to a clone was lost");
}
