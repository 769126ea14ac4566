//! kubectl changes objects of the lab in every way that it has.

use super::served::Served;
use crate::bench::Bench;
use crate::part::Part::Kubectl;
use crate::trial::trial;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("clients::kubectl::apply_creates_then_changes_only_what_differs", &[Kubectl], applied),
        trial("clients::kubectl::apply_removes_what_the_manifest_no_longer_has", &[Kubectl], pruned),
        trial("clients::kubectl::server_side_apply_tells_conflicts_and_can_force", &[Kubectl], conflicts),
        trial("clients::kubectl::diff_tells_changes_without_making_them", &[Kubectl], differs),
        trial("clients::kubectl::patches_of_three_kinds_change_what_they_name", &[Kubectl], patched),
        trial("clients::kubectl::lists_of_built_in_kinds_merge_by_their_keys", &[Kubectl], merged),
        trial("clients::kubectl::labels_and_annotations_come_and_go", &[Kubectl], labelled),
        trial("clients::kubectl::replace_and_edit_refuse_an_old_version", &[Kubectl], replaced),
        trial("clients::kubectl::what_is_wrong_with_an_object_is_said", &[Kubectl], refused),
        trial("clients::kubectl::delete_removes_what_it_names", &[Kubectl], deleted),
        trial("clients::kubectl::dependents_go_with_their_owner_unless_orphaned", &[Kubectl], cascaded),
        trial("clients::kubectl::a_new_kind_is_served_and_checked", &[Kubectl], defined),
    ]
}

/// A ConfigMap with two texts.
fn notes(a: &str, b: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: notes, namespace: default}}\ndata: {{a: '{a}', b: '{b}'}}\n"
    )
}

const DATA: &str = "get configmap notes -o jsonpath='{.data.a} {.data.b} {.data.c}'";
const VERSION: &str = "get configmap notes -o jsonpath='{.metadata.resourceVersion}'";

const WEB: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: one, image: "example/one:1", ports: [{containerPort: 80}]}
"#;

async fn applied(bench: Bench) {
    let lab = Served::start(&bench).await;
    for way in ["apply", "apply --server-side --field-manager=ci"] {
        let server = way.contains("server");
        let said = |how: &str| format!("configmap/notes {}", if server { "serverside-applied" } else { how });
        lab.kubectl_of(way, &notes("1", "2")).await.is(&said("created"));
        let version = lab.kubectl(VERSION).await.done();
        lab.kubectl_of(way, &notes("1", "2")).await.is(&said("unchanged"));
        lab.kubectl(VERSION).await.is(&version);
        lab.kubectl_of(&format!("{way} --dry-run=server"), &notes("1", "3")).await.shows(&["server dry run"]);
        lab.kubectl(VERSION).await.is(&version);
        lab.kubectl_of(way, &notes("1", "3")).await.is(&said("configured"));
        lab.kubectl(DATA).await.is("1 3 ");
        assert_ne!(lab.kubectl(VERSION).await.done(), version);
        lab.kubectl("delete configmap notes").await.done();
    }
    // What another one adds stays.
    lab.kubectl_of("apply", &notes("1", "2")).await.done();
    lab.kubectl("patch configmap notes --type merge -p '{\"data\":{\"c\":\"own\"}}'").await.done();
    lab.kubectl_of("apply", &notes("1", "4")).await.done();
    lab.kubectl(DATA).await.is("1 4 own");
}

async fn pruned(bench: Bench) {
    let lab = Served::start(&bench).await;
    let less = notes("1", "2").replace(", b: '2'", "");
    for way in ["apply", "apply --server-side"] {
        lab.kubectl_of(way, &notes("1", "2")).await.done();
        lab.kubectl_of(way, &less).await.done();
        lab.kubectl(DATA).await.is("1  ");
        lab.kubectl("delete configmap notes").await.done();
    }
    lab.kubectl_of("apply", WEB).await.is("deployment.apps/web created");
    let two = WEB.replace("      containers:", "      containers:\n      - {name: zero, image: example/zero}");
    lab.kubectl_of("apply", &two).await.is("deployment.apps/web configured");
    let names = "get deploy web -o jsonpath='{.spec.template.spec.containers[*].name}'";
    lab.kubectl(names).await.is("zero one");
    lab.kubectl_of("apply", WEB).await.done();
    lab.kubectl(names).await.is("one");
    lab.kubectl_of("apply", WEB).await.is("deployment.apps/web unchanged");
}

async fn conflicts(bench: Bench) {
    let lab = Served::start(&bench).await;
    let apply = "apply --server-side --field-manager";
    lab.kubectl_of(&format!("{apply} one"), &notes("1", "2")).await.done();
    // The same values of a second manager are no conflict; both own them then.
    lab.kubectl_of(&format!("{apply} two"), &notes("1", "2")).await.done();
    lab.kubectl_of(&format!("{apply} two"), &notes("1", "3")).await.fails(1, "conflict with \"one\": .data.b");
    lab.kubectl(DATA).await.is("1 2 ");
    lab.kubectl_of(&format!("{apply} two --force-conflicts"), &notes("1", "3")).await.done();
    lab.kubectl(DATA).await.is("1 3 ");
    lab.kubectl_of(&format!("{apply} one"), &notes("1", "2")).await.fails(1, "conflict with \"two\": .data.b");
    // One gives the field up by not naming it.
    lab.kubectl_of(&format!("{apply} one"), &notes("1", "2").replace(", b: '2'", "")).await.done();
    lab.kubectl(DATA).await.is("1 3 ");
    // An ordinary write makes its writer the owner.
    lab.kubectl("patch configmap notes --type merge -p '{\"data\":{\"a\":\"9\"}}'").await.done();
    lab.kubectl_of(&format!("{apply} two"), &notes("1", "3")).await.fails(1, "kubectl-patch");
    let managers = lab.kubectl("get configmap notes -o jsonpath='{.metadata.managedFields[*].manager}'").await.done();
    assert!(managers.contains("two") && managers.contains("kubectl-patch"), "{managers}");
}

async fn differs(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl_of("diff", &notes("1", "2")).await.fails(1, "+  a: \"1\"");
    lab.kubectl("get configmap notes").await.fails(1, "NotFound");
    for way in ["", " --server-side"] {
        lab.kubectl_of(&format!("apply{way}"), &notes("1", "2")).await.done();
        lab.kubectl_of(&format!("diff{way}"), &notes("1", "2")).await.is("");
        lab.kubectl_of(&format!("diff{way}"), &notes("1", "3")).await.fails(1, "-  b: \"2\"\n+  b: \"3\"");
        lab.kubectl(DATA).await.is("1 2 ");
        lab.kubectl("delete configmap notes").await.done();
    }
    // Custom kinds, applied the one way and compared the other.
    let set = super::kubectl_migration::set(&lab);
    lab.kubectl_of("apply --server-side", &set).await.done();
    lab.kubectl_of("diff", &set).await.is("");
    lab.kubectl_of("diff", &set.replace("datastore-41", "datastore-42")).await.fails(1, "+      id: datastore-42");
}

async fn patched(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl_of("create", &notes("1", "2")).await.is("configmap/notes created");
    let patch = |kind: &str, patch: &str| format!("patch configmap notes --type {kind} -p '{patch}'");
    lab.kubectl(&patch("strategic", r#"{"data":{"c":"3"}}"#)).await.is("configmap/notes patched");
    lab.kubectl(&patch("merge", r#"{"data":{"b":null}}"#)).await.is("configmap/notes patched");
    lab.kubectl(DATA).await.is("1  3");
    lab.kubectl(&patch("merge", r#"{"data":{"b":null}}"#)).await.is("configmap/notes patched (no change)");
    let json = r#"[{"op":"test","path":"/data/a","value":"1"},{"op":"replace","path":"/data/a","value":"x"},{"op":"remove","path":"/data/c"}]"#;
    lab.kubectl(&patch("json", json)).await.is("configmap/notes patched");
    lab.kubectl(DATA).await.is("x  ");
    lab.kubectl(&patch("json", json)).await.fails(1, "The request is invalid");
    lab.kubectl(&patch("json", r#"[{"op":"remove","path":"/data/none"}]"#)).await.fails(1, "The request is invalid");
    lab.kubectl(&patch("merge", "{")).await.fails(1, "");
    lab.kubectl("patch plan x --type strategic -p '{}'").await.fails(1, "");
    lab.kubectl("patch configmap nosuch --type merge -p '{}'").await.fails(1, "NotFound");
}

async fn merged(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl_of("create", WEB).await.done();
    let patch = r#"{"spec":{"template":{"spec":{"containers":[{"name":"two","image":"example/two:1"}]}}}}"#;
    lab.kubectl(&format!("patch deploy web -p '{patch}'")).await.is("deployment.apps/web patched");
    let images = "get deploy web -o jsonpath='{range .spec.template.spec.containers[*]}{.name}={.image} {end}'";
    let listed = lab.kubectl(images).await.done();
    let mut listed: Vec<&str> = listed.split_whitespace().collect();
    listed.sort_unstable();
    assert_eq!(listed, ["one=example/one:1", "two=example/two:1"]);
    lab.kubectl("set image deploy/web one=example/one:2").await.is("deployment.apps/web image updated");
    lab.kubectl("set env deploy/web -c one LEVEL=debug").await.is("deployment.apps/web env updated");
    lab.kubectl(images).await.shows(&["one=example/one:2", "two=example/two:1"]);
    let delete = r#"{"spec":{"template":{"spec":{"containers":[{"name":"two","$patch":"delete"}]}}}}"#;
    lab.kubectl(&format!("patch deploy web -p '{delete}'")).await.done();
    lab.kubectl(images).await.is("one=example/one:2 ");
    lab.kubectl("scale deploy/web --replicas=3").await.is("deployment.apps/web scaled");
    lab.kubectl("get deploy web -o jsonpath='{.spec.replicas}'").await.is("3");
    lab.kubectl("scale deploy/web --replicas=5 --current-replicas=1")
        .await
        .fails(1, "Expected replicas to be 1, was 3");
}

async fn labelled(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl_of("create", &notes("1", "2")).await.done();
    let version = lab.kubectl(VERSION).await.done();
    lab.kubectl("label configmap notes tier=one").await.is("configmap/notes labeled");
    lab.kubectl("label configmap notes tier=two").await.fails(1, "already has a value (one)");
    lab.kubectl("label configmap notes tier=two --overwrite").await.is("configmap/notes labeled");
    lab.kubectl("label configmap notes tier=two --overwrite").await.done();
    lab.kubectl("get configmaps -l tier=two -o name").await.is("configmap/notes");
    lab.kubectl(&format!("label configmap notes tier=old --overwrite --resource-version={version}"))
        .await
        .fails(1, "Conflict");
    lab.kubectl("label configmap notes bad/key/here=x").await.fails(1, "");
    lab.kubectl("label configmap notes tier-").await.done();
    lab.kubectl("annotate configmap notes why='some words'").await.is("configmap/notes annotated");
    lab.kubectl("get configmap notes -o jsonpath='{.metadata.annotations.why}'").await.is("some words");
    lab.kubectl("annotate configmap notes why-").await.done();
    // As on a real server, what is empty is not there.
    lab.kubectl("get configmap notes -o jsonpath='{.metadata.labels}{.metadata.annotations}'").await.is("");
    lab.kubectl("label plan,provider,configmap -n default --all all=yes").await.is("configmap/notes labeled");
}

async fn replaced(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl_of("create", &notes("1", "2")).await.done();
    let old = lab.kubectl("get configmap notes -o yaml").await.done();
    let next = old.replace("b: \"2\"", "c: \"3\"");
    lab.kubectl_of("replace", &next).await.is("configmap/notes replaced");
    lab.kubectl(DATA).await.is("1  3");
    let why = "Operation cannot be fulfilled on configmaps \"notes\": the object has been modified";
    lab.kubectl_of("replace", &old).await.fails(1, why);
    lab.kubectl_of("replace", &notes("5", "6")).await.is("configmap/notes replaced");
    lab.kubectl(DATA).await.is("5 6 ");
    lab.kubectl_of("replace --force", &notes("7", "8")).await.shows(&["deleted", "replaced"]);
    lab.write("editor", "#!/bin/sh\nsed -i 's/^  a: .*/  a: \"9\"/' \"$1\"\n");
    let editor = format!("sh {}", lab.file("editor").display());
    lab.kubectl_as("edit configmap notes", &[("KUBE_EDITOR", &editor)]).await.is("configmap/notes edited");
    lab.kubectl(DATA).await.is("9 8 ");
    let nothing = lab.kubectl_as("edit configmap notes", &[("KUBE_EDITOR", "true")]).await;
    assert!((nothing.out.clone() + &nothing.err).contains("no changes made"), "{nothing}");
}

async fn refused(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl_of("create", &notes("1", "2")).await.done();
    lab.kubectl_of("create", &notes("1", "2")).await.fails(1, "configmaps \"notes\" already exists");
    lab.kubectl("create configmap Wrong_Name").await.fails(1, "RFC 1123");
    lab.kubectl("create configmap x -n nosuch").await.fails(1, "namespaces \"nosuch\" not found");
    let number = notes("1", "2").replace("a: '1'", "a: 1").replace("notes", "other");
    lab.kubectl_of("create --validate=false", &number).await.fails(1, "BadRequest");
    let (head, _) = WEB.split_once("containers:").unwrap();
    let nothing = format!("{head}containers: []\n");
    lab.kubectl_of("create --validate=false", &nothing).await.fails(1, "spec.template.spec.containers");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: '!'}\n";
    lab.kubectl_of("create --validate=false", secret).await.fails(1, "illegal base64");
    let unknown = "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\n";
    lab.kubectl_of("apply", unknown).await.fails(1, "no matches for kind \"Thing\" in version \"example.org/v1\"");
}

async fn deleted(bench: Bench) {
    let lab = Served::start(&bench).await;
    for name in ["a", "b", "c", "d"] {
        lab.kubectl(&format!("create configmap {name} --from-literal=k=v")).await.done();
    }
    lab.kubectl("label configmap b c tier=one").await.done();
    lab.kubectl("delete configmap a").await.is("configmap \"a\" deleted");
    lab.kubectl("delete configmap a").await.fails(1, "configmaps \"a\" not found");
    lab.kubectl("delete configmap a --ignore-not-found").await.is("");
    lab.kubectl("delete configmap -l tier=one --dry-run=server").await.shows(&["server dry run"]);
    lab.kubectl("delete configmap -l tier=one").await.is("configmap \"b\" deleted\nconfigmap \"c\" deleted");
    lab.kubectl("get configmaps -o name").await.is("configmap/d");
    lab.kubectl("patch configmap d --type merge -p '{\"metadata\":{\"finalizers\":[\"example.org/hold\"]}}'")
        .await
        .done();
    lab.kubectl("delete configmap d --wait=false").await.is("configmap \"d\" deleted");
    lab.kubectl("wait --for=delete configmap/d --timeout=1s").await.fails(1, "timed out");
    lab.kubectl("patch configmap d --type merge -p '{\"metadata\":{\"finalizers\":null}}'").await.done();
    lab.kubectl("get configmap d").await.fails(1, "NotFound");
    lab.kubectl("run p --image=example/p").await.is("pod/p created");
    lab.kubectl("delete pod p --now").await.shows(&["pod \"p\" deleted"]);
    lab.kubectl("create ns sandbox").await.done();
    lab.kubectl("create secret generic s -n sandbox --from-literal=k=v").await.done();
    lab.kubectl("delete ns sandbox --timeout=60s").await.is("namespace \"sandbox\" deleted");
    lab.kubectl("get secret s -n sandbox").await.fails(1, "NotFound");
    lab.kubectl("delete configmap --all").await.is("No resources found");
}

async fn cascaded(bench: Bench) {
    let lab = Served::start(&bench).await;
    for (cascade, left) in [("background", ""), ("foreground", ""), ("orphan", "configmap/child")] {
        lab.kubectl("create configmap owner").await.done();
        let uid = lab.kubectl("get configmap owner -o jsonpath='{.metadata.uid}'").await.done();
        let child = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: child\n  ownerReferences:\n  - {{apiVersion: v1, kind: \
             ConfigMap, name: owner, uid: {uid}, blockOwnerDeletion: true}}\n"
        );
        lab.kubectl_of("create", &child).await.done();
        lab.kubectl(&format!("delete configmap owner --cascade={cascade} --timeout=60s")).await.done();
        lab.until("get configmaps -o name", left).await;
    }
    lab.kubectl("get configmap child -o jsonpath='{.metadata.ownerReferences}'").await.is("");
}

/// The definition of a kind of our own.
pub(crate) const BOATS: &str = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: boats, singular: boat, kind: Boat, shortNames: [bt]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Sails, type: integer, jsonPath: .spec.sails}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What the boat is like.
            required: [sails]
            properties: {sails: {type: integer, minimum: 1, description: How many sails it has.}}
";

async fn defined(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl_of("apply", BOATS).await.is("customresourcedefinition.apiextensions.k8s.io/boats.example.org created");
    lab.kubectl("wait --for=condition=Established crd/boats.example.org --timeout=30s").await.done();
    let boat =
        |sails: &str| format!("apiVersion: example.org/v1\nkind: Boat\nmetadata: {{name: b}}\nspec: {{{sails}}}\n");
    lab.kubectl_of("apply --validate=false", &boat("sails: 0")).await.fails(1, "greater than or equal to 1");
    lab.kubectl_of("apply --validate=false", &boat("")).await.fails(1, "spec.sails: Required value");
    lab.kubectl_of("apply", &boat("sails: 2")).await.is("boat.example.org/b created");
    let table = lab.kubectl("get bt").await.shows(&["NAME", "SAILS"]);
    assert_eq!(table.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>(), ["b", "2"]);
    lab.kubectl("delete crd boats.example.org --timeout=60s").await.done();
    lab.kubectl("get boats").await.fails(1, "boats");
}
