//! `deploy/role.yaml` on a real API server: enough for every kind of run, and not more than that.

use super::plans;
use super::runs::{abandon, clean_from_labels, failed_by_a_check, passed, stalled};
use super::stage::Stage;
use crate::bench::Bench;
use crate::course::{COLD, Course};
use futures::future::join_all;
use mtvtest::engine::examine_cluster;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::process::Command;

/// Rights of the role that the runs below need not use, and why the role has them.
const UNUSED: [(&str, &str); 16] = [
    ("watch configmaps", GONE),
    ("watch pods", GONE),
    ("watch persistentvolumeclaims", GONE),
    ("watch secrets", GONE),
    ("watch datavolumes.cdi.kubevirt.io", GONE),
    ("watch network-attachment-definitions.k8s.cni.cncf.io", GONE),
    ("watch networkmaps.forklift.konveyor.io", GONE),
    ("watch storagemaps.forklift.konveyor.io", GONE),
    ("watch hooks.forklift.konveyor.io", GONE),
    ("watch deployments.apps", GONE),
    ("watch forkliftcontrollers.forklift.konveyor.io", GONE),
    ("get consoleclidownloads.console.openshift.io", VIRTCTL),
    ("list kubevirts.kubevirt.io", VIRTCTL),
    ("get virtualmachineinstancetypes.instancetype.kubevirt.io", OWN_TYPES),
    ("get virtualmachinepreferences.instancetype.kubevirt.io", OWN_TYPES),
    ("list clusterserviceversions.operators.coreos.com", "only where no Subscription names the installed one"),
];
const OWN_TYPES: &str = "only VMs of the cluster that are migrated without a clone may name one of their namespace";
const VIRTCTL: &str = "only with ssh.tunnel: virtctl";
const GONE: &str = "only what is not as it shall be at the first look is watched";

/// A VM of the cluster that is stopped before its migration.
const STOPPED: &str = "\
description: A VM of the cluster, stopped first.
virtual_machines:
  - {name: mtv-tests-rhel8, source_vm_power: off}
";

/// The rules of the role that is shipped.
pub(crate) fn shipped_rules() -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/role.yaml")).unwrap();
    let documents = text.split("\n---\n").map(|one| serde_yaml::from_str::<Value>(one).unwrap());
    let role = documents.into_iter().find(|one| one["kind"] == "ClusterRole").unwrap();
    role["rules"].clone()
}

pub(crate) async fn enough_and_not_more(bench: Bench) {
    let stage = Stage::shared(&bench);
    let _alone = stage.turns.write().await;
    let token = stage.account("minimal", &shipped_rules()).await;
    let runs = plans::PASSING.map(|scenario| plans::passed(stage, &token, scenario));
    let (cold, mut of_the_cluster) = (stage.course(), stage.course());
    "openshift-local".clone_into(&mut of_the_cluster.provider);
    tokio::join!(passed(stage, &cold, &token, COLD), join_all(runs), plans::offloaded(stage, &token));
    passed(stage, &of_the_cluster, &token, STOPPED).await;
    stalled(stage, &token).await;
    let left = failed_by_a_check(stage, &token).await;
    abandon(stage, &left).await;
    clean_from_labels(stage, &left, &token).await;
    let used = used_by(stage, "minimal");
    let granted = granted();
    let missing: Vec<&String> = used.difference(&granted).collect();
    assert!(missing.is_empty(), "used, but not in deploy/role.yaml: {missing:?}");
    let known: BTreeSet<String> = UNUSED.iter().map(|(right, _)| (*right).to_owned()).collect();
    let superfluous: Vec<&String> = granted.difference(&used).filter(|right| !known.contains(*right)).collect();
    assert!(superfluous.is_empty(), "in deploy/role.yaml, but neither used nor explained: {superfluous:?}");
    let strange: Vec<&String> = known.difference(&granted).collect();
    assert!(strange.is_empty(), "explained, but not in deploy/role.yaml: {strange:?}");
}

/// `verb resource[.group]`, as the program itself names rights.
fn granted() -> BTreeSet<String> {
    mtvtest::engine::wanted_rights().iter().map(ToString::to_string).collect()
}

/// What the account asked for by the API server's audit log, without the questions that everybody may ask.
fn used_by(stage: &Stage, account: &str) -> BTreeSet<String> {
    let user = Stage::user(account);
    let mut used = BTreeSet::new();
    for entry in stage.plane.audit() {
        let object = &entry["objectRef"];
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        let code = entry["responseStatus"]["code"].as_u64().unwrap_or_default();
        if entry["user"]["username"] != json!(user) || object.is_null() || text("resource").ends_with("reviews") {
            continue;
        }
        let mut right = format!("{} {}", entry["verb"].as_str().unwrap(), text("resource"));
        if !text("subresource").is_empty() {
            right = format!("{right}/{}", text("subresource"));
        }
        if !text("apiGroup").is_empty() {
            right = format!("{right}.{}", text("apiGroup"));
        }
        assert_ne!(code, 403, "{right} was refused: {entry}");
        used.insert(right);
    }
    used
}

/// Each right is asked for before a run: one that is missing is named.
pub(crate) async fn a_missing_right_is_named(bench: Bench) {
    let stage = Stage::shared(&bench);
    let mut rules = shipped_rules();
    for rule in rules.as_array_mut().unwrap() {
        if rule["resources"].as_array().unwrap().contains(&json!("plans")) {
            rule["verbs"].as_array_mut().unwrap().retain(|verb| verb != "patch");
        }
    }
    let token = stage.account("lacking", &rules).await;
    let course: Course = stage.course();
    let cluster = stage.log_in(&course, &token).await;
    let class = course.settings.storage_class.clone().unwrap();
    let problems = examine_cluster(&cluster, &course.settings, &class).await.unwrap_err();
    let words: Vec<String> = problems.into_iter().map(|problem| problem.0).collect();
    let expected = "the user lacks rights: patch plans.forklift.konveyor.io, patch migrations.forklift.konveyor.io; \
                    grant them, or log in as a user who has them";
    assert_eq!(words, [expected]);
    // The executable says the same, beside what else is not ready, and ends with the code of that.
    let providers = stage.beside.providers_json().replace("vcenter.lab.mtvtest", "127.0.0.1:1");
    std::fs::write(course.folder.path().join("providers.json"), providers).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_mtvtest"))
        .args(["run", "--source-provider", "vsphere-8", "--storage-class", &class, "--filter", "cold/sanity"])
        .args(["--providers", "providers.json"])
        .current_dir(course.folder.path())
        .env_clear()
        .env("HOME", course.folder.path())
        .env("KUBECONFIG", course.folder.path().join("kubeconfig"))
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.status.code(), Some(3), "{told}");
    assert!(told.contains(expected), "{told}");
}
