//! Waiting until cloud-init has done its work in a source guest.

use super::source_shell::source_shell;
use crate::engine::steps::StepError;
use crate::engine::walk::Walk;
use crate::facts::{GuestFamily, Power};
use crate::guest::GuestShell;
use crate::provider::VmRef;
use crate::wait::{Seen, poll};
use std::time::Duration;

/// What cloud-init leaves when it is done.
const DONE: &str = "test -f /var/lib/cloud/instance/boot-finished";
/// How long the guest may take to report, and cloud-init to be done; how often it is looked at.
///
/// Source: original-suite.md section 1.9 (`vmware_cloud_init_ready`).
const REPORT: Duration = Duration::from_secs(1000);
const FINISH: Duration = Duration::from_secs(2000);
const EVERY: Duration = Duration::from_secs(10);
/// Longest time for one look.
const LOOK: Duration = Duration::from_secs(30);

/// Starts a source VM and waits until cloud-init is done in its guest. The VM stays on.
pub(in crate::engine) async fn wait_for_cloud_init(walk: &Walk<'_>, vm: &VmRef) -> Result<(), StepError> {
    let broken = |why: &str| StepError::Broken(format!("wait for cloud-init in the guest of {vm}: {why}"));
    let (sdk, parts) = (walk.source.sdk.as_ref(), walk.session.parts());
    sdk.set_power(vm, Power::On).await?;
    if !sdk.wait_guest_info(vm, &parts.deadline(REPORT)).await? {
        return Err(broken("it reported no network in time; see that it boots and that VMware Tools run in it"));
    }
    let facts = sdk.vm_facts(vm).await?;
    if facts.guest_family() == GuestFamily::Windows {
        return Err(broken("it runs Windows; leave `wait_for_cloud_init` out"));
    }
    // The way in is tried once: a login that is refused must not be offered again and again.
    let shell = source_shell(walk, vm, &facts, GuestFamily::Linux).await.map_err(|why| broken(&why))?;
    let what = format!("wait for cloud-init in the guest of {vm}");
    Ok(poll(&what, &parts.deadline(FINISH), EVERY, || look(shell.as_ref())).await?)
}

/// A guest that does not answer may be starting anew, as cloud-init can ask for.
async fn look(shell: &dyn GuestShell) -> Seen<()> {
    match shell.run(DONE, LOOK).await {
        Ok(answer) if answer.status == Some(0) => Seen::Met(()),
        Ok(_) => Seen::Pending("cloud-init is not done".to_owned()),
        Err(error) => Seen::Pending(error.to_string()),
    }
}
