//! Guests with encrypted disks: the passphrase reaches the conversion, a wrong one ends it, and nothing of it stays.

use crate::rig::Rig;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mtvtest::event::{Event, Outcome, StepName};
use serde_json::Value;

const RIGHT: &str = "\
description: An encrypted guest.
virtual_machines:
  - {name: mtv-tests-rhel9-luks, source_vm_power: on, luks: true}
";
const WRONG: &str = "\
description: An encrypted guest.
virtual_machines:
  - {name: mtv-tests-rhel9-luks, luks: true, luks_passphrase: not the passphrase}
";

/// The Plan, and the passphrases of the Secret that its VM names.
fn handed_over(objects: &[Value]) -> Vec<String> {
    let plan = objects.iter().find(|one| one["kind"] == "Plan").unwrap();
    let named = &plan["spec"]["vms"][0]["luks"];
    let secret = objects.iter().find(|one| {
        one["kind"] == "Secret"
            && one["metadata"]["name"] == named["name"]
            && one["metadata"]["namespace"] == named["namespace"]
    });
    assert_eq!(named["namespace"], plan["metadata"]["namespace"]);
    let data = secret.unwrap()["data"].as_object().unwrap().clone();
    data.values()
        .map(|text| String::from_utf8(BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap()).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_sources_passphrase_opens_the_disks() {
    let mut rig = Rig::new();
    let mut passphrases = Vec::new();
    let ran = Box::pin(rig.run_and_look(RIGHT, |lab| passphrases = handed_over(&lab.api().objects()))).await;
    assert_eq!(passphrases, ["lab-luks"]);
    let migrate = ran.events.iter().find_map(|event| match event {
        Event::StepFinished { step: StepName::Migrate, outcome, .. } => Some(outcome.clone()),
        _ => None,
    });
    assert_eq!(migrate, Some(Outcome::Passed), "{}", ran.reason());
    assert_eq!(ran.differences, Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_passphrase_fails_the_conversion() {
    let mut rig = Rig::new();
    let expected = format!("{WRONG}expected_migration_result: fail\nexpected_failure: {{step: ImageConversion}}\n");
    let mut passphrases = Vec::new();
    let ran = Box::pin(rig.run_and_look(&expected, |lab| passphrases = handed_over(&lab.api().objects()))).await;
    assert_eq!(passphrases, ["not the passphrase"]);
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    assert_eq!(ran.differences, Vec::<String>::new());
    let ran = Box::pin(Rig::new().run(WRONG)).await;
    assert!(ran.reason().contains("ImageConversion: Guest conversion failed"), "{}", ran.reason());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_the_key_the_disks_stay_closed_and_without_a_passphrase_nothing_is_tried() {
    let rig = Rig::new();
    let ran = Box::pin(rig.run("description: x\nvirtual_machines: [{name: mtv-tests-rhel9-luks}]")).await;
    assert!(ran.reason().contains("ImageConversion"), "{}", ran.reason());
    rig.lab.stop().await;
    let mut rig = Rig::new();
    let mut providers: Value = serde_json::from_str(&rig.providers_json).unwrap();
    providers["vsphere-8"].as_object_mut().unwrap().remove("luks_passphrase");
    rig.providers_json = providers.to_string();
    let ran = Box::pin(rig.run(RIGHT)).await;
    assert!(ran.reason().contains("provider vsphere-8 has no `luks_passphrase`"), "{}", ran.reason());
    rig.lab.stop().await;
}
