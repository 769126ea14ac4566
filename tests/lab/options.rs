//! What the options of a plan do, seen on the cluster directly and not through any check.

use crate::rig::{Rig, share_a_disk};
use mtvtest::event::Outcome;
use mtvtest::lab::Lab;
use mtvtest::lab::fault::Faults;
use mtvtest::scenario::Catalogue;
use serde_json::{Value, json};

fn objects(lab: &Lab, kind: &str) -> Vec<Value> {
    lab.api().objects().into_iter().filter(|object| object["kind"] == kind).collect()
}

/// The one migrated VM.
fn machine(lab: &Lab) -> Value {
    let mut all = objects(lab, "VirtualMachine");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn claims(vm: &Value) -> Vec<String> {
    let volumes = vm["spec"]["template"]["spec"]["volumes"].as_array().unwrap();
    volumes.iter().map(|one| one["persistentVolumeClaim"]["claimName"].as_str().unwrap().to_owned()).collect()
}

fn clone_name(lab: &Lab, session: &str) -> String {
    let inventory = lab.world().sources[0].read();
    inventory.vms.iter().find(|vm| vm.name.starts_with(session)).unwrap().name.clone()
}

async fn looked_at(scenario: &str, look: impl FnOnce(&Lab, &str)) {
    let mut rig = Rig::new();
    let session = rig.session_id().to_string();
    let ran = Box::pin(rig.run_and_look(scenario, |lab| look(lab, &session))).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn every_option_of_warm_comprehensive_is_on_the_cluster() {
    looked_at(include_str!("../../scenarios/warm/comprehensive.yaml"), |lab, session| {
        let vm = machine(lab);
        assert_eq!(vm["metadata"]["namespace"], "custom-vm-namespace");
        assert_eq!((&vm["spec"]["runStrategy"], &vm["status"]["ready"]), (&json!("Always"), &json!(true)));
        let template = &vm["spec"]["template"];
        assert_eq!(template["metadata"]["labels"]["mtv-comprehensive-test"], session);
        assert_eq!(template["metadata"]["labels"]["static-label"], "static-value");
        let term = &template["spec"]["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"][0];
        assert_eq!(
            (&term["weight"], &term["podAffinityTerm"]["topologyKey"]),
            (&json!(75), &json!("kubernetes.io/hostname"))
        );
        let clone = clone_name(lab, session);
        for (number, (claim, file)) in claims(&vm).iter().zip(["", "-1", "-2"]).enumerate() {
            let start = format!("{clone}{file}-{number}-");
            assert!(claim.starts_with(&start) && claim.len() == start.len() + 5, "{claim} begins with {start}");
        }
        let plan = &objects(lab, "Plan")[0]["spec"];
        assert_eq!((&plan["preserveStaticIPs"], &plan["targetPowerState"]), (&json!(true), &json!("on")));
        assert_eq!((&plan["warm"], &plan["targetNamespace"]), (&json!(true), &json!("custom-vm-namespace")));
        let attachments = objects(lab, "NetworkAttachmentDefinition");
        assert!(!attachments.is_empty());
        assert!(attachments.iter().all(|one| one["metadata"]["namespace"] == "default"), "{attachments:?}");
        let controller = &objects(lab, "ForkliftController")[0]["spec"];
        assert_eq!(controller["controller_precopy_interval"], 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_option_of_cold_comprehensive_is_on_the_cluster() {
    looked_at(include_str!("../../scenarios/cold/comprehensive.yaml"), |lab, session| {
        let vm = machine(lab);
        assert_eq!(vm["metadata"]["namespace"], "mtv-comprehensive-vms");
        assert_eq!(vm["spec"]["runStrategy"], "Always");
        let template = &vm["spec"]["template"];
        assert_eq!(template["metadata"]["labels"]["mtv-comprehensive-label"], session);
        assert_eq!(template["metadata"]["labels"]["test-type"], "comprehensive");
        let affinity = &template["spec"]["affinity"]["podAffinity"];
        assert_eq!(affinity["preferredDuringSchedulingIgnoredDuringExecution"][0]["weight"], 50);
        assert_eq!(template["spec"]["nodeSelector"], json!({ "mtv-comprehensive-node": session }));
        let nodes = objects(lab, "Node");
        let labelled: Vec<&Value> =
            nodes.iter().filter(|node| node["metadata"]["labels"]["mtv-comprehensive-node"] == session).collect();
        let [node] = labelled[..] else { panic!("one labelled node") };
        assert_eq!(objects(lab, "VirtualMachineInstance")[0]["status"]["nodeName"], node["metadata"]["name"]);
        let clone = clone_name(lab, session);
        let (start, end) = (&clone[..clone.len().min(32)], &clone[clone.len() - 4..]);
        let start = start.strip_suffix('-').unwrap_or(start);
        let expected: Vec<String> = (0..3).map(|number| format!("{start}-{end}-disk-{number}")).collect();
        assert_eq!(claims(&vm), expected);
        let plan = &objects(lab, "Plan")[0]["spec"];
        assert_eq!(plan["pvcNameTemplateUseGenerateName"], false);
        assert_eq!((&plan["preserveStaticIPs"], &plan["targetPowerState"]), (&json!(true), &json!("on")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_nic_that_is_not_connected_stays_so() {
    looked_at(include_str!("../../scenarios/cold/disconnected-nic.yaml"), |lab, _| {
        let vm = machine(lab);
        let nics = vm["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"].as_array().unwrap().clone();
        let states: Vec<bool> = nics.iter().map(|nic| nic["state"] == "down").collect();
        assert_eq!(states, [false, false, false, true], "{nics:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn disks_that_vms_share_are_one_claim_of_both() {
    let mut rig = Rig::with_world(share_a_disk, &Faults::default());
    let scenario = "description: Shared.\nmigrate_shared_disks: true\nvirtual_machines:\n  - {name: shared-1, \
                    migrate_shared_disks: true}\n  - {name: shared-2, migrate_shared_disks: false}\n";
    let look = |lab: &Lab| assert_eq!(objects(lab, "VirtualMachine").len(), 2);
    let ran = Box::pin(rig.run_and_look(scenario, look)).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_not_cloned_is_migrated_itself_and_left_as_it_was() {
    let mut rig = Rig::new();
    let scenario = "description: Itself.\nskip_clone: true\nvirtual_machines:\n  - {name: mtv-tests-rhel8, \
                    guest_agent: true}\n";
    let look = |lab: &Lab| {
        assert_eq!(machine(lab)["metadata"]["name"], "mtv-tests-rhel8");
        assert!(lab.world().sources[0].read().vms.iter().all(|vm| !vm.name.starts_with("auto-")));
    };
    let ran = Box::pin(rig.run_and_look(scenario, look)).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn tests_that_ask_for_the_same_node_share_its_label() {
    let rig = Rig::new();
    let folder = tempfile::TempDir::new().unwrap();
    for (name, vm, value) in
        [("a", "mtv-tests-rhel8", "null"), ("b", "mtv-win2019-79", "null"), ("c", "mtv-tests-rhel8", "gold")]
    {
        let text = format!(
            "description: Placed.\nvirtual_machines: [{{name: {vm}, source_vm_power: \"on\"}}]\n\
             target_node_selector: {{mtvtest.io/place: {value}}}\n"
        );
        std::fs::write(folder.path().join(format!("{name}.yaml")), text).unwrap();
    }
    let tests = rig.tests(&Catalogue::load(folder.path()).unwrap());
    assert_eq!(tests.len(), 3);
    let ended = Box::pin(rig.run_all(&tests)).await;
    for (name, outcome) in &ended.outcomes {
        assert_eq!(*outcome, Outcome::Passed, "{name}");
    }
    assert_eq!(ended.leftovers, []);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}
