//! Running a hook: its ConfigMap, its Job, the Job's pods and its outcome.
//!
//! Source: forklift-api.md sections 4 and 7.

use super::super::hub::Fail;
use super::super::kinds::{CONFIG_MAP, HOOK, JOB, PLAN, POD};
use super::super::object::{
    generated_name, items, name, namespace, owner_reference, pod_status, reference, restricted_pod, text, uid,
};
use super::hooks::{playbook, playbook_fails, playbook_seconds};
use super::objects::Run;
use super::pipeline::VmStatus;
use super::plan_facts::PlannedVm;
use crate::facts;
use serde_json::{Value, json};

/// Runs the hook of the present step: its ConfigMap, its Job, and the Job's outcome.
pub(super) async fn run_hook(run: &Run<'_>, planned: &PlannedVm, status: &mut VmStatus) -> Result<bool, Fail> {
    let wanted = status.phase.clone();
    let entry = items(&planned.entry, "/hooks").find(|hook| text(hook, "/step") == wanted);
    let (space, hook_name) = entry.map_or(("", ""), |hook| reference(hook, "/hook"));
    let Some(hook) = run.hub.find(HOOK, space, hook_name).await? else {
        status.fail("the hook does not exist");
        return Ok(false);
    };
    let playbook = playbook(&hook).unwrap_or_default();
    let outcome = outcome(&playbook, deadline(&hook));
    create_job(run, &status.id, &wanted, (&hook, &playbook), outcome).await?;
    if let Outcome::Failed(reason) = outcome {
        let words =
            if reason == "DeadlineExceeded" { "the hook's job took too long" } else { "the hook's job has failed" };
        status.fail(words);
    }
    Ok(outcome == Outcome::Succeeded)
}

/// How a hook's Job ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Succeeded,
    /// With this reason.
    Failed(&'static str),
}

/// Seconds that a hook may take; none if it may take any.
fn deadline(hook: &Value) -> Option<u64> {
    hook.pointer("/spec/deadline").and_then(Value::as_u64).filter(|seconds| *seconds > 0)
}

fn outcome(playbook: &str, deadline: Option<u64>) -> Outcome {
    if deadline.is_some_and(|deadline| playbook_seconds(playbook) > deadline) {
        return Outcome::Failed("DeadlineExceeded");
    }
    if playbook_fails(playbook) { Outcome::Failed("BackoffLimitExceeded") } else { Outcome::Succeeded }
}

async fn create_job(
    run: &Run<'_>,
    vm: &str,
    step: &str,
    (hook, playbook): (&Value, &str),
    outcome: Outcome,
) -> Result<(), Fail> {
    let own = namespace(run.plan);
    let job_name = run.object_name(vm, &format!("{}-", step.to_lowercase()));
    let mut labels = run.labels(vm);
    let facts = [("step", step), ("hook", name(hook)), ("resource", "hook-config")];
    labels.extend(facts.map(|(key, value)| (key.to_owned(), json!(value))));
    let mut pod = restricted_pod("hook", text(hook, "/spec/image"));
    pod["containers"][0]["volumeMounts"] = json!([{"name": "hook", "mountPath": "/tmp/hook"}]);
    pod["volumes"] = json!([{"name": "hook", "configMap": {"name": job_name}}]);
    if let Some(seconds) = deadline(hook) {
        pod["activeDeadlineSeconds"] = json!(seconds);
    }
    if !text(hook, "/spec/serviceAccount").is_empty() {
        pod["serviceAccountName"] = hook["spec"]["serviceAccount"].clone();
    }
    let job = json!({
        "metadata": {
            "namespace": own, "name": job_name, "labels": labels,
            "ownerReferences": [owner_reference(PLAN, run.plan, false)],
        },
        "spec": {"backoffLimit": 1, "template": {"metadata": {"labels": labels}, "spec": pod.clone()}},
    });
    let job = run.hub.create(JOB, job).await?;
    let config = json!({
        "metadata": {
            "namespace": own, "name": job_name, "labels": labels,
            "ownerReferences": [owner_reference(JOB, &job, false)],
        },
        "data": {"workload.yml": format!("vm: {vm}\n"), "playbook.yml": playbook, "plan.yml": format!("plan: {}\n", uid(run.plan))},
    });
    run.hub.create(CONFIG_MAP, config).await?;
    create_pods(run, &job, &pod, outcome).await?;
    let now = facts::rfc3339(facts::now());
    let status = match outcome {
        Outcome::Succeeded => json!({
            "startTime": now, "completionTime": now, "succeeded": 1,
            "conditions": ended("SuccessCriteriaMet", "Complete", "CompletionsReached", &now),
        }),
        Outcome::Failed(reason) => json!({
            "startTime": now, "failed": attempts(outcome),
            "conditions": ended("FailureTarget", "Failed", reason, &now),
        }),
    };
    if let Err(error) = run.hub.put_status(JOB, &job, status).await {
        tracing::debug!("the status of a hook's Job was not taken: {}", facts::chain(&error));
    }
    Ok(())
}

/// The conditions of a Job that has ended: an API server takes the second only with the first.
fn ended(first: &str, last: &str, reason: &str, now: &str) -> Value {
    [first, last]
        .map(|kind| json!({"type": kind, "status": "True", "reason": reason, "lastTransitionTime": now}))
        .into_iter()
        .collect()
}

/// A Job that fails tries once more (`backoffLimit: 1`); one that takes too long does not.
fn attempts(outcome: Outcome) -> u8 {
    if outcome == Outcome::Failed("BackoffLimitExceeded") { 2 } else { 1 }
}

async fn create_pods(run: &Run<'_>, job: &Value, spec: &Value, outcome: Outcome) -> Result<(), Fail> {
    let mut labels = job["metadata"]["labels"].clone();
    labels["job-name"] = job["metadata"]["name"].clone();
    labels["batch.kubernetes.io/job-name"] = job["metadata"]["name"].clone();
    for attempt in 0..attempts(outcome) {
        let own = generated_name(&format!("{}-", name(job)), &format!("{}/{attempt}", uid(job)));
        let pod = json!({
            "metadata": {
                "namespace": namespace(job), "name": own, "labels": labels,
                "ownerReferences": [owner_reference(JOB, job, true)],
            },
            "spec": spec,
        });
        let made = run.hub.create(POD, pod).await?;
        let phase = if outcome == Outcome::Succeeded { "Succeeded" } else { "Failed" };
        run.hub.put_status(POD, &made, pod_status(&made, phase)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_fails_by_its_playbook_or_its_deadline() {
        let pause = "- pause:\n    seconds: 90\n";
        assert_eq!(outcome(pause, None), Outcome::Succeeded);
        assert_eq!(outcome(pause, Some(120)), Outcome::Succeeded);
        assert_eq!(outcome(pause, Some(60)), Outcome::Failed("DeadlineExceeded"));
        assert_eq!(outcome("- fail: {msg: no}", Some(60)), Outcome::Failed("BackoffLimitExceeded"));
        assert_eq!(deadline(&json!({"spec": {"deadline": 0}})), None);
    }
}
