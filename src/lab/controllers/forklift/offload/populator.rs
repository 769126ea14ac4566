//! The populator's controller: for each populator a claim beside its own, a pod that copies into it, and at the end the
//! volume's move to the populator's own claim.
//!
//! Source: forklift-api.md section 7 ("populator pod, prime PVC") and section 13 rule 12.

use super::super::super::cdi::{TICK, percent_per};
use super::super::super::hub::{Fail, Hub, Outcome};
use super::super::super::kinds::{CLAIM, POD, POPULATOR, SECRET};
use super::super::super::object::{is_deleting, label, name, namespace, pod_status, secret_key, text, uid};
use super::super::super::operator::max_populators;
use super::super::prime::{Filler, ensure_pod, ensure_prime, hand_over};
use super::log::Printer;
use super::verdict::{Copying, decide, percent};
use serde_json::{Value, json};
use std::time::Duration;

/// What copies.
const IMAGE: &str = "forklift-vsphere-xcopy-volume-populator";

/// How many times faster the array copies than a host that reads and writes every block.
const SPEED_UP: u64 = 5;

/// How long, in real time, an ended pod stays at full speed while nobody has read its log, and how often that is looked
/// at.
const STAY: Duration = Duration::from_secs(1);
const GLANCE: Duration = Duration::from_millis(5);

/// Brings a populator on.
pub(crate) async fn reconcile(hub: &Hub, populator: &Value) -> Result<Outcome, Fail> {
    let (space, own) = (namespace(populator), name(populator));
    let done = percent(populator);
    if is_deleting(populator) || done == Some(100) || hub.is_held(space, own) {
        return Ok(Outcome::Done);
    }
    let Some(claim) = hub.find(CLAIM, space, own).await? else {
        return Ok(Outcome::Done);
    };
    let Some(secret) = hub.find(SECRET, space, text(populator, "/spec/secretName")).await? else {
        return Ok(Outcome::Done);
    };
    if !has_slot(hub, populator) {
        // At full speed a tick is only a turn: looking again and again would keep the machine busy.
        return Ok(if hub.at_full_speed() { glance(hub, space, own) } else { Outcome::Again(TICK) });
    }
    let prime = ensure_prime(hub, &claim).await?;
    let labels = json!({
        "migration": label(populator, "migration"), "pvcName": name(&claim),
        "sourceHost": label(populator, "sourceHost"),
    });
    let filler = Filler { image: IMAGE, secret: text(populator, "/spec/secretName"), labels };
    let pod = ensure_pod(hub, &filler, &claim, &prime).await?;
    let printer = Printer { claim: own, file: text(populator, "/spec/vmdkPath") };
    let print = |line: String| hub.print(uid(&pod), line);
    let copying = match decide(&hub.world, populator, |key| secret_key(&secret, key)) {
        Ok(copying) => copying,
        Err(reason) => {
            if text(&pod, "/status/phase") != "Failed" {
                print(printer.started());
                print(printer.failed(&reason));
                hub.put_status(POD, &pod, pod_status(&pod, "Failed")).await?;
            }
            return Ok(Outcome::Done);
        }
    };
    let next = next_percent(done, &copying, hub.at_full_speed());
    if text(&pod, "/status/phase") != "Succeeded" {
        if done.is_none() {
            print(printer.started());
        }
        print(printer.progress(next));
        if next > 0 {
            print(printer.verdict(copying.xcopy));
        }
        if next == 100 {
            print(printer.finished());
            hub.put_status(POD, &pod, pod_status(&pod, "Succeeded")).await?;
        }
    }
    if next == 100 {
        if awaits_a_reader(hub, uid(&pod)) {
            return Ok(glance(hub, space, own));
        }
        hand_over(hub, &prime, &claim).await?;
    }
    hub.merge(POPULATOR, populator, &json!({"status": status_of(hub, next, &copying)})).await?;
    if next == 100 {
        return Ok(Outcome::Done);
    }
    hub.hold(space, own);
    Ok(Outcome::Again(TICK))
}

/// A short pause of real time, one at a time for each populator.
fn glance(hub: &Hub, space: &str, own: &str) -> Outcome {
    if hub.arm(space, own) { Outcome::Nap(GLANCE) } else { Outcome::Done }
}

/// Whether a pod that has ended stays a little for whoever reads its log. A real one stays for the seconds that the
/// controllers take; at full speed it would be gone before anybody can look.
fn awaits_a_reader(hub: &Hub, pod: &str) -> bool {
    hub.at_full_speed() && !hub.world.pod_logs.is_served(pod) && hub.paused_for(&format!("log of {pod}")) < STAY
}

/// Whether its host has a slot for the populator: those that are done, failed or gone have given theirs back.
fn has_slot(hub: &Hub, populator: &Value) -> bool {
    let lives = |(space, own): &(String, String)| {
        let other = hub.cache.get(POPULATOR, space, own).filter(|other| percent(other) != Some(100));
        let claim = other.and_then(|_| hub.cache.get(CLAIM, space, own));
        let pod = |claim: &Value| hub.cache.get(POD, space, &format!("populate-{}", uid(claim)));
        claim.is_some_and(|claim| pod(&claim).is_none_or(|pod| text(&pod, "/status/phase") != "Failed"))
    };
    let key = (namespace(populator).to_owned(), name(populator).to_owned());
    hub.slots.take(key, label(populator, "sourceHost"), max_populators(hub), lives)
}

fn next_percent(done: Option<u64>, copying: &Copying, full_speed: bool) -> u64 {
    let pace = if copying.xcopy { SPEED_UP } else { 1 };
    let stride = if full_speed { 50 } else { percent_per(TICK, copying.size_mib / pace) };
    done.map_or(0, |percent| (percent + stride).min(100))
}

/// The status of a populator; since 2.12 it tells how the disk is copied.
fn status_of(hub: &Hub, percent: u64, copying: &Copying) -> Value {
    let mut status = json!({"progress": percent.to_string()});
    if hub.since(12) {
        status["cloneMethod"] = json!(copying.method);
        status["storageVendor"] = json!(copying.vendor);
        if percent > 0 {
            status["xcopyUsed"] = json!(u8::from(copying.xcopy).to_string());
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_array_is_faster_than_a_host() {
        let copying = |xcopy| Copying { xcopy, method: "vib".into(), vendor: "ontap".into(), size_mib: 40_960 };
        assert_eq!(next_percent(None, &copying(true), false), 0);
        let (array, host) =
            (next_percent(Some(10), &copying(true), false), next_percent(Some(10), &copying(false), false));
        assert!(array > host && host > 10, "{array} {host}");
        assert_eq!(next_percent(Some(50), &copying(false), true), 100);
    }
}
