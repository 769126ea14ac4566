//! What a run may do on the cluster: the one list that the preflight asks for and that `deploy/role.yaml` grants.
//!
//! A test against a real API server (docs/testing.md) compares the list with what runs do.

use crate::cluster::{Kind, Right};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What a session makes itself and undoes.
const MADE: [Kind; 8] = [
    Kind::PROVIDER,
    Kind::STORAGE_MAP,
    Kind::NETWORK_MAP,
    Kind::HOOK,
    Kind::PLAN,
    Kind::MIGRATION,
    Kind::SECRET,
    Kind::NAD,
];
/// What the product makes for a Plan, and a run removes if the product does not.
const REMOVED: [Kind; 5] = [Kind::VM, Kind::PVC, Kind::DATA_VOLUME, Kind::POD, Kind::CONFIG_MAP];

/// Everything that a run may do on the cluster, whatever its sources are; each right once.
pub fn wanted_rights() -> Vec<Right<'static>> {
    let mut rights = common_rights();
    rights.extend(openshift_source_rights());
    rights
}

/// What a source of type openshift needs beside: its VMs are made on the cluster.
pub fn openshift_source_rights() -> Vec<Right<'static>> {
    let mut rights = vec![Right::to("create", Kind::VM)];
    for resource in ["virtualmachines/start", "virtualmachines/stop"] {
        rights.push(Right { group: "subresources.kubevirt.io", resource, ..Right::to("update", Kind::VM) });
    }
    let kinds = [Kind::DATA_SOURCE, Kind::CLUSTER_INSTANCETYPE, Kind::CLUSTER_PREFERENCE];
    rights.extend(kinds.map(|kind| Right::to("get", kind)));
    // Those that VMs of somebody else's may name.
    rights.extend([Kind::INSTANCETYPE, Kind::PREFERENCE].map(|kind| Right::to("get", kind)));
    rights
}

/// What every run does.
pub fn common_rights() -> Vec<Right<'static>> {
    let mut rights = Vec::new();
    for kind in MADE.into_iter().chain([Kind::NAMESPACE]) {
        rights.extend(["create", "get", "list", "watch", "delete"].map(|verb| Right::to(verb, kind)));
    }
    for kind in REMOVED {
        rights.extend(["get", "list", "watch", "delete"].map(|verb| Right::to(verb, kind)));
    }
    rights.extend([Kind::PLAN, Kind::MIGRATION, Kind::VM].map(|kind| Right::to("patch", kind)));
    rights.extend(["get", "list", "watch"].map(|verb| Right::to(verb, Kind::VMI)));
    rights.push(Right::to("list", Kind::STORAGE_CLASS));
    // Settings of the product under a Lease, and the label that brings a VM to one node.
    rights.extend(["create", "get", "patch", "delete"].map(|verb| Right::to(verb, Kind::LEASE)));
    rights.extend(["get", "list", "watch", "patch"].map(|verb| Right::to(verb, Kind::FORKLIFT_CONTROLLER)));
    rights.extend(["list", "watch"].map(|verb| Right::to(verb, Kind::DEPLOYMENT)));
    rights.extend(["get", "list", "patch"].map(|verb| Right::to(verb, Kind::NODE)));
    // The proof of a copy-offload: populators, and what their pods log.
    rights.extend(["list", "watch"].map(|verb| Right::to(verb, Kind::XCOPY_POPULATOR)));
    // The way into the guests.
    let forward = Right::to("get", Kind::VMI);
    rights.push(Right {
        group: "subresources.kubevirt.io",
        resource: "virtualmachineinstances/portforward",
        ..forward
    });
    // Where they are served: which versions are installed, where the inventory is.
    rights.extend([Kind::ROUTE, Kind::CLUSTER_VERSION, Kind::CSV].map(|kind| Right::to("get", kind)));
    rights.extend([Kind::CSV, Kind::SUBSCRIPTION].map(|kind| Right::to("list", kind)));
    // Which virtctl carries connections to guests, with ssh.tunnel: virtctl.
    rights.push(Right::to("get", Kind::CONSOLE_CLI_DOWNLOAD));
    rights.push(Right::to("list", Kind::KUBEVIRT));
    // Diagnostics of a test that did not pass, and what a lost run left.
    rights.extend([Kind::EVENT, Kind::JOB].map(|kind| Right::to("list", kind)));
    rights.push(Right { resource: "pods/log", ..Right::to("get", Kind::POD) });
    rights
}

/// The text of `deploy/role.yaml`: a service account with these rights.
pub fn role_yaml() -> String {
    let mut text = String::from(
        "# What mtvtest needs on a cluster, and no more: a service account with these rights.\n\
         # Generated from src/engine/rights.rs: cargo test --lib -- --ignored write_role\n\
         apiVersion: v1\nkind: Namespace\nmetadata:\n  name: mtvtest\n---\n\
         apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: mtvtest\n  namespace: mtvtest\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: mtvtest\nrules:\n",
    );
    for ((group, verbs), resources) in rules(&wanted_rights()) {
        writeln!(text, "  - apiGroups: [\"{group}\"]").ok();
        writeln!(text, "    resources: [{}]", resources.join(", ")).ok();
        writeln!(text, "    verbs: [{}]", verbs.join(", ")).ok();
    }
    text.push_str(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: mtvtest\n\
         roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: mtvtest\n\
         subjects:\n  - kind: ServiceAccount\n    name: mtvtest\n    namespace: mtvtest\n",
    );
    text
}

/// Resources that are granted the same, by their group and verbs.
fn rules<'a>(rights: &[Right<'a>]) -> BTreeMap<(&'a str, Vec<&'a str>), Vec<&'a str>> {
    let mut verbs: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for right in rights {
        verbs.entry((right.group, right.resource)).or_default().insert(right.verb);
    }
    let mut rules: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for ((group, resource), verbs) in verbs {
        rules.entry((group, verbs.into_iter().collect())).or_default().push(resource);
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn role_path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy/role.yaml")
    }

    #[test]
    fn rights_are_asked_once_each() {
        let rights = wanted_rights();
        let unique: BTreeSet<_> = rights.iter().collect();
        assert_eq!(unique.len(), rights.len());
    }

    #[test]
    fn rules_grant_each_right_and_nothing_else() {
        let granted: BTreeSet<Right<'_>> = rules(&wanted_rights())
            .iter()
            .flat_map(|((group, verbs), resources)| {
                let of =
                    move |verb| resources.iter().map(move |resource| Right { verb, group, resource, namespace: None });
                verbs.iter().copied().flat_map(of)
            })
            .collect();
        assert_eq!(granted, wanted_rights().into_iter().collect());
    }

    #[test]
    fn the_role_is_up_to_date() {
        assert_eq!(std::fs::read_to_string(role_path()).unwrap(), role_yaml());
    }

    #[test]
    #[ignore = "writes deploy/role.yaml"]
    fn write_role() {
        std::fs::write(role_path(), role_yaml()).unwrap();
    }
}
