//! What a plan can say beside its VMs: hooks, failures that must come, several plans, the remote destination.

use crate::rig::{Ran, Rig};
use mtvtest::event::{Outcome, StepName, Verdict};
use mtvtest::lab::fault::{Failure, Faults};

const FAILING_HOOK: &str = "description: x\nvirtual_machines:\n  - {name: mtv-tests-rhel8, source_vm_power: on}\n\
                            pre_hook: {expected_result: succeed}\npost_hook: {expected_result: fail}\n\
                            expected_migration_result: fail\n";

async fn run_with(failure: Option<Failure>, scenario: &str) -> Ran {
    let faults = Faults::default();
    if let Some(failure) = failure {
        faults.fail(failure);
    }
    let rig = Rig::with_world(|_| {}, &faults);
    let ran = rig.run(scenario).await;
    rig.lab.stop().await;
    ran
}

fn fails_at(step: &str) -> Failure {
    Failure::PipelineStep { step: step.into(), reason: "the lab was told to".into() }
}

#[tokio::test(start_paused = true)]
async fn a_failing_post_hook_is_expected_and_its_vm_is_judged() {
    let ran = run_with(None, FAILING_HOOK).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    let ending = ran.reports().find(|report| report.check == "ending").unwrap();
    assert_eq!(ending.verdict, Verdict::Passed { seen: "failed at PostHook in 1 VM(s)".into() });
    assert!(ran.reports().any(|report| report.check == "cpu"), "the VM was made before the hook and must be judged");
    ran.assert_empty_world();
}

#[tokio::test(start_paused = true)]
async fn an_expected_failure_passes_only_at_its_own_step() {
    for step in ["Initialize", "PreHook", "DiskAllocation", "DiskTransferV2v", "VirtualMachineCreation"] {
        let ran = run_with(Some(fails_at(step)), FAILING_HOOK).await;
        assert!(matches!(ran.outcome, Outcome::Failed { .. }), "{step}: {:?}", ran.outcome);
        for words in ["expected every VM to fail at PostHook", &format!("failed at {step}")] {
            assert!(ran.reason().contains(words), "{step}: {}", ran.reason());
        }
        ran.assert_empty_world();
    }
}

#[tokio::test(start_paused = true)]
async fn a_pre_hook_that_fails_leaves_nothing_to_judge() {
    let scenario = "description: x\nvirtual_machines:\n  - {name: mtv-tests-rhel8}\n  - {name: mtv-win2019-79}\n\
                    pre_hook: {expected_result: fail}\nexpected_migration_result: fail\n";
    let ran = run_with(None, scenario).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    let keys: Vec<&str> = ran.reports().map(|report| report.check.as_str()).collect();
    assert_eq!(keys, ["ending"]);
    ran.assert_empty_world();
}

#[tokio::test(start_paused = true)]
async fn a_success_that_should_have_failed_is_a_failure() {
    let scenario = "description: x\nvirtual_machines:\n  - {name: mtv-tests-rhel8}\nexpected_migration_result: fail\n\
                    expected_failure: {step: ImageConversion, message: disk}\n";
    let ran = run_with(None, scenario).await;
    assert!(matches!(ran.outcome, Outcome::Failed { .. }), "{:?}", ran.outcome);
    assert!(ran.reason().contains("did not fail"), "{}", ran.reason());
    ran.assert_empty_world();
    // The right step with other words is not what was asked for either.
    let ran = run_with(Some(fails_at("ImageConversion")), scenario).await;
    assert!(matches!(ran.outcome, Outcome::Failed { .. }), "{:?}", ran.outcome);
    assert!(ran.reason().contains("with \"disk\" in its reasons"), "{}", ran.reason());
}

const TWO_PLANS: &str = "description: x\nrun: concurrent\nplans:\n\
                         \x20 one: {virtual_machines: [{name: mtv-tests-rhel8}]}\n\
                         \x20 two: {virtual_machines: [{name: mtv-win2019-79}], vm_target_namespace: other-vms}\n";

#[tokio::test(start_paused = true)]
async fn two_plans_are_judged_each_and_run_at_once_or_in_a_row() {
    for (text, checks) in [(TWO_PLANS.to_owned(), 1), (TWO_PLANS.replace("concurrent", "sequential"), 2)] {
        let ran = run_with(None, &text).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
        let steps = ran
            .events
            .iter()
            .filter(|event| matches!(event, mtvtest::event::Event::StepStarted { step: StepName::Check, .. }));
        assert_eq!(steps.count(), checks);
        assert_eq!(ran.reports().filter(|report| report.check == "cpu").count(), 2);
        ran.assert_empty_world();
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_one_plan_names_it() {
    let ran = run_with(Some(fails_at("DiskTransferV2v")), TWO_PLANS).await;
    assert!(ran.reason().contains("plan one: ") && ran.reason().contains("plan two: "), "{}", ran.reason());
    ran.assert_empty_world();
}

#[tokio::test(start_paused = true)]
async fn a_remote_destination_has_a_provider_with_a_token_and_leaves_nothing() {
    let scenario = "description: x\ndestination: remote\nvirtual_machines:\n  - {name: mtv-tests-rhel8}\n\
                    vm_target_namespace: remote-vms\nmultus_namespace: default\n";
    let ran = run_with(None, scenario).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    let made = |what: &str| {
        ran.events
            .iter()
            .any(|event| matches!(event, mtvtest::event::Event::Made { what: made, .. } if made.contains(what)))
    };
    assert!(made("-destination-ocp-provider") && made("Namespace remote-vms"));
    assert!(made("NetworkAttachmentDefinition default/"));
    ran.assert_empty_world();
}

#[tokio::test(start_paused = true)]
async fn expectations_are_judged_on_the_clusters_objects() {
    let scenario = |cores: u32| {
        format!(
            "description: x\nvirtual_machines:\n  - {{name: mtv-tests-rhel8}}\nexpect:\n  VirtualMachine: \
             {{spec: {{template: {{spec: {{domain: {{cpu: {{sockets: {cores}}}}}}}}}}}}}\n"
        )
    };
    assert_eq!(run_with(None, &scenario(4)).await.outcome, Outcome::Passed);
    let ran = run_with(None, &scenario(5)).await;
    assert_eq!(ran.failed_checks(), ["expect"], "{}", ran.reason());
    assert!(ran.reason().contains("spec.template.spec.domain.cpu.sockets"), "{}", ran.reason());
}
