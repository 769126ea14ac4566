//! kubectl reads the lab: tables, other forms, selectors, discovery, descriptions, watches.

use super::kubectl_writing::BOATS;
use super::served::{Served, older_than, written};
use crate::bench::Bench;
use crate::part::Part::Kubectl;
use crate::trial::{trial, trial_unless};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("clients::kubectl::tables_have_the_columns_that_people_look_for", &[Kubectl], tables),
        trial("clients::kubectl::objects_come_in_every_form_of_output", &[Kubectl], forms),
        trial("clients::kubectl::selectors_choose_objects", &[Kubectl], selectors),
        trial("clients::kubectl::what_is_not_there_is_said_so", &[Kubectl], absent),
        trial("clients::kubectl::discovery_names_every_kind", &[Kubectl], discovery),
        trial_unless("clients::kubectl::a_kind_can_be_explained", &[Kubectl], || older_than(27), explained),
        trial("clients::kubectl::a_node_and_a_provider_can_be_described", &[Kubectl], described),
        trial("clients::kubectl::a_watch_tells_each_change", &[Kubectl], watched),
        trial("clients::kubectl::deployments_of_the_product_are_rolled_out_and_have_logs", &[Kubectl], product),
        trial_unless("clients::kubectl::events_are_listed_by_object", &[Kubectl], || older_than(26), events),
    ]
}

/// The words of a table's head.
fn head(table: &str) -> Vec<&str> {
    table.lines().next().unwrap_or_default().split_whitespace().collect()
}

async fn tables(bench: Bench) {
    let lab = Served::start(&bench).await;
    let nodes = lab.kubectl("get nodes").await.shows(&["worker-0", "worker-1", "worker-2"]);
    assert_eq!(head(&nodes), ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]);
    let words: Vec<&str> = nodes.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!((words[0], words[1], words[2], words[4]), ("worker-0", "Ready", "worker", "v1.33.5"));
    lab.kubectl("get nodes -o wide").await.shows(&["INTERNAL-IP", "10.0.0.1"]);
    let classes = lab.kubectl("get storageclass").await;
    let classes = classes.shows(&["ocs-storagecluster-ceph-rbd-virtualization (default)", "nfs.csi.k8s.io"]);
    assert_eq!(
        head(&classes),
        ["NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION", "AGE"]
    );
    let pods = lab.kubectl("get pods -n openshift-mtv").await.shows(&["forklift-controller-"]);
    assert_eq!(head(&pods), ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    assert!(pods.lines().skip(1).all(|line| line.contains("1/1") && line.contains("Running")), "{pods}");
    let providers = lab.kubectl("get providers -A").await.shows(&["host", "openshift"]);
    assert_eq!(head(&providers)[..5], ["NAMESPACE", "NAME", "TYPE", "STATUS", "READY"]);
    lab.kubectl("get ns --show-labels").await.shows(&["kubernetes.io/metadata.name=openshift-mtv"]);
    lab.kubectl("get crd --no-headers").await.shows(&["plans.forklift.konveyor.io", "virtualmachines.kubevirt.io"]);
    lab.kubectl("get plans,migrations,providers,vm,vmi,pvc,pv,pods -A -o wide").await.shows(&["provider.forklift"]);
    lab.kubectl("get all -A").await.shows(&["pod/forklift-api-", "deployment.apps/forklift-api"]);
    lab.kubectl("get -n openshift-mtv deploy/forklift-api -L app,none").await.shows(&["APP", "NONE", "1/1"]);
}

async fn forms(bench: Bench) {
    let lab = Served::start(&bench).await;
    let json = lab.kubectl("get node worker-1 -o json").await.done();
    let node: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((node["kind"].as_str(), node["metadata"]["name"].as_str()), (Some("Node"), Some("worker-1")));
    assert_eq!(node["status"]["allocatable"]["memory"], "96Gi");
    let yaml = lab.kubectl("get sc nfs -o yaml").await.done();
    let class: serde_json::Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(class["provisioner"], "nfs.csi.k8s.io");
    let list: serde_json::Value = serde_json::from_str(&lab.kubectl("get sc,nodes -o json").await.done()).unwrap();
    assert_eq!((list["kind"].as_str(), list["items"].as_array().map(Vec::len)), (Some("List"), Some(5)));
    lab.kubectl("get nodes -o name").await.is("node/worker-0\nnode/worker-1\nnode/worker-2");
    lab.kubectl("get nodes -o jsonpath='{range .items[*]}{.metadata.name}={.status.capacity.memory} {end}'")
        .await
        .is("worker-0=64Gi worker-1=96Gi worker-2=128Gi ");
    lab.kubectl("get provider -n openshift-mtv host -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}'")
        .await
        .is("True");
    lab.kubectl("get nodes --no-headers -o custom-columns=NAME:.metadata.name,OS:.status.nodeInfo.operatingSystem")
        .await
        .is("worker-0   linux\nworker-1   linux\nworker-2   linux");
    lab.kubectl("get sc -o go-template='{{range .items}}{{.metadata.name}};{{end}}'")
        .await
        .is("nfs;ocs-storagecluster-ceph-rbd-virtualization;");
    let sorted = lab.kubectl("get nodes --no-headers --sort-by='{.status.addresses[0].address}'").await.done();
    assert!(sorted.starts_with("worker-0 "), "{sorted}");
    lab.kubectl("get --raw /readyz").await.is("ok");
    lab.kubectl("get nodes --chunk-size=1 -o name").await.is("node/worker-0\nnode/worker-1\nnode/worker-2");
}

async fn selectors(bench: Bench) {
    let lab = Served::start(&bench).await;
    for (name, labels) in [("a", "tier=one,kept="), ("b", "tier=two"), ("c", "")] {
        lab.kubectl(&format!("create configmap {name}")).await.done();
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            lab.kubectl(&format!("label configmap {name} {label}")).await.done();
        }
    }
    for (selector, wanted) in [
        ("-l tier=one", "a"),
        ("-l tier!=one", "b c"),
        ("-l 'tier in (one,two)'", "a b"),
        ("-l 'tier notin (one)'", "b c"),
        ("-l tier", "a b"),
        ("-l !tier", "c"),
        ("-l tier,!kept", "b"),
        ("--field-selector metadata.name=c", "c"),
        ("--field-selector metadata.name!=c,metadata.namespace=default", "a b"),
    ] {
        let said = lab.kubectl(&format!("get configmaps {selector} -o jsonpath='{{.items[*].metadata.name}}'")).await;
        said.is(wanted);
    }
    let running = "get pods -A --field-selector status.phase=Running -o name";
    assert_eq!(lab.kubectl(running).await.done().lines().count(), 6);
    lab.kubectl("get pods -A --field-selector status.phase!=Running -o name").await.is("");
    lab.kubectl("get pods --field-selector spec.nosuch=1").await.fails(1, "field label not supported: spec.nosuch");
    lab.kubectl("get configmaps -l 'tier in one'").await.fails(1, "unable to parse requirement");
}

async fn absent(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl("get nosuch").await.fails(1, "the server doesn't have a resource type \"nosuch\"");
    lab.kubectl("get pod nosuch").await.fails(1, "Error from server (NotFound): pods \"nosuch\" not found");
    lab.kubectl("get plan nosuch").await.fails(1, "plans.forklift.konveyor.io \"nosuch\" not found");
    lab.kubectl("get pod nosuch --ignore-not-found").await.is("");
    let none = lab.kubectl("get plans -A").await;
    assert_eq!(none.err, "No resources found\n");
    none.is("");
    lab.kubectl("get --raw /apis/no.such/v1").await.fails(1, "NotFound");
    lab.kubectl("--token=wrong get nodes").await.fails(1, "You must be logged in to the server");
    lab.kubectl("--certificate-authority=/dev/null get nodes").await.fails(1, "");
}

async fn discovery(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl("version --output=json").await.shows(&["serverVersion", "v1.33.5"]);
    lab.kubectl("api-versions").await.shows(&[
        "\nv1\n",
        "apps/v1\n",
        "forklift.konveyor.io/v1beta1",
        "kubevirt.io/v1\n",
    ]);
    let kinds = lab.kubectl("api-resources --no-headers").await.done();
    for (name, kind) in [("plans", "Plan"), ("virtualmachines", "VirtualMachine"), ("pods", "Pod"), ("nodes", "Node")] {
        let words = kinds.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let found = words.clone().find(|words| words[0] == name).unwrap_or_else(|| panic!("no {name} in {kinds}"));
        assert_eq!(found.last(), Some(&kind));
    }
    let forklift = lab.kubectl("api-resources --api-group=forklift.konveyor.io -o name").await.done();
    assert!(forklift.lines().all(|name| name.ends_with(".forklift.konveyor.io")), "{forklift}");
    let cluster = lab.kubectl("api-resources --namespaced=false --verbs=list,create -o name").await;
    let cluster = cluster.shows(&["namespaces", "nodes", "storageclasses.storage.k8s.io"]);
    assert!(!cluster.contains("subjectaccessreviews") && !cluster.lines().any(|name| name == "pods"), "{cluster}");
    for alias in ["cm", "configmap", "configmaps.v1.", "po", "deploy", "deployments.v1.apps", "vm", "vmis", "dv", "sc"]
    {
        lab.kubectl(&format!("get {alias} -A")).await.done();
    }
}

async fn explained(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl("explain plan").await.shows(&["Plan", "v1beta1", "spec\t<Object>"]);
    lab.kubectl("explain plan.spec").await.shows(&["Plan"]);
    lab.kubectl("explain plan.nosuch").await.fails(1, "nosuch");
    lab.kubectl_of("apply", BOATS).await.done();
    lab.kubectl("wait --for=condition=Established crd/boats.example.org --timeout=30s").await.done();
    lab.kubectl("explain boat.spec").await.shows(&["What the boat is like.", "How many sails it has."]);
}

async fn described(bench: Bench) {
    let lab = Served::start(&bench).await;
    let node = lab.kubectl("describe node worker-0").await;
    let node = node.shows(&["Roles:              worker", "memory:  64Gi", "KubeletReady", "Kubelet Version:"]);
    assert!(!node.contains("0001"), "a time is missing: {node}");
    assert!(!node.contains("Failed to"), "{node}");
    lab.kubectl("describe provider -n openshift-mtv host").await.shows(&["ConnectionTestSucceeded", "Events:"]);
    lab.kubectl("describe sc nfs").await.shows(&["Provisioner:           nfs.csi.k8s.io"]);
    lab.kubectl("describe deploy -n openshift-mtv forklift-api").await.shows(&["1 desired", "1 available"]);
    lab.kubectl("describe pod -n openshift-mtv").await.shows(&["forklift-api", "Running"]);
    lab.kubectl("describe node nosuch").await.fails(1, "NotFound");
}

async fn watched(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl("create configmap first --from-literal=a=1").await.done();
    let table = lab.watching("table", "get configmaps --watch", "first").await;
    let events =
        "get configmaps -w --output-watch-events -o jsonpath='{.type}={.object.metadata.name}/{.object.data.a} '";
    let events = lab.watching("events", events, "ADDED=first/1").await;
    let only = "get configmaps --watch-only -o name -l tier=one";
    lab.kubectl("create configmap second --from-literal=a=1").await.done();
    written(&table, "second").await;
    written(&events, "ADDED=second/1").await;
    let only = lab.watching("only", only, "").await;
    lab.kubectl("patch configmap first --type merge -p '{\"data\":{\"a\":\"2\"}}'").await.done();
    written(&events, "MODIFIED=first/2").await;
    // An object comes into a selection, and goes out of it.
    lab.kubectl("label configmap second tier=one").await.done();
    written(&events, "MODIFIED=second/1").await;
    lab.kubectl("delete configmap first").await.done();
    written(&events, "DELETED=first/2").await;
    // This watch may have begun after the label, so it is told by a later change.
    lab.until("annotate configmap second n=1 --overwrite -o name", "configmap/second").await;
    let told = async {
        for round in 2.. {
            if only.log().contains("configmap/second") {
                break;
            }
            lab.kubectl(&format!("annotate configmap second n={round} --overwrite")).await.done();
        }
    };
    told.await;
}

async fn product(bench: Bench) {
    let lab = Served::start(&bench).await;
    let status = lab.kubectl("rollout status -n openshift-mtv deployment/forklift-controller --timeout=30s").await;
    status.is("deployment \"forklift-controller\" successfully rolled out");
    lab.kubectl("wait -n openshift-mtv --for=condition=Available deploy --all --timeout=30s").await.shows(&["met"]);
    // No pod runs: its log is what its annotation says.
    lab.kubectl("run talker --image=example/talker").await.done();
    lab.kubectl("logs talker").await.is("");
    lab.kubectl("annotate pod talker 'mtvtest.io/log=one\ntwo\n'").await.done();
    lab.kubectl("logs talker").await.is("one\ntwo");
    lab.kubectl("logs talker --tail=1").await.is("two");
    lab.kubectl("logs pod/nosuch").await.fails(1, "NotFound");
    lab.kubectl("exec talker -- true").await.fails(1, "");
}

async fn events(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl("events -n openshift-mtv").await.shows(&["ConnectionTestSucceeded", "Provider/host"]);
    let one = lab.kubectl("events -n openshift-mtv --for provider/host --types=Normal --no-headers").await;
    let one = one.shows(&["Validated"]);
    assert!(one.lines().all(|line| line.contains("Provider/host")), "{one}");
    assert_eq!(lab.kubectl("events -n openshift-mtv --for pod/nosuch").await.done(), "");
}
