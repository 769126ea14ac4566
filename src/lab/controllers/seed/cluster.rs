//! The bare cluster: namespaces, nodes, storage, and OpenShift's and KubeVirt's own objects.
//!
//! Source: cluster-api.md sections 2 and 3.3.

use crate::facts::{Seed, now, rfc3339};
use crate::lab::downloads::{KUBEVIRT_VERSION, console_cli_download};
use crate::lab::world::ClusterSpec;
use serde_json::{Value, json};

const NAMESPACES: [&str; 8] = [
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "openshift-cnv",
    "openshift-operators",
    "openshift-virtualization-os-images",
    "openshift-config",
];

/// Everything but Forklift.
pub(super) fn all(spec: &ClusterSpec) -> Vec<Value> {
    let mut objects: Vec<Value> = NAMESPACES.into_iter().chain([spec.mtv_namespace.as_str()]).map(namespace).collect();
    let now = rfc3339(now());
    objects.extend(spec.nodes.iter().map(|node| lease(&node.name, &now)));
    objects.extend(spec.nodes.iter().zip(1u8..).map(|(node, number)| {
        let seed = Seed(u64::from(number));
        json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": node.name, "labels": {
                "kubernetes.io/hostname": node.name, "node-role.kubernetes.io/worker": "",
                "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubevirt.io/schedulable": "true"}},
            "spec": {},
            "status": {
                "capacity": {"memory": node.memory, "cpu": "32", "pods": "250"},
                "allocatable": {"memory": node.memory, "cpu": "32", "pods": "250"},
                "addresses": [
                    {"type": "InternalIP", "address": format!("10.0.0.{number}")},
                    {"type": "Hostname", "address": node.name}],
                // Typed clients demand every field.
                "nodeInfo": {
                    "kubeletVersion": spec.kubernetes, "kubeProxyVersion": spec.kubernetes, "operatingSystem": "linux",
                    "architecture": "amd64", "osImage": "mtvtest lab", "kernelVersion": "0-lab",
                    "containerRuntimeVersion": "lab://1", "bootID": seed.suffix("boot", 32),
                    "machineID": seed.suffix("machine", 32), "systemUUID": seed.suffix("system", 32),
                },
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady",
                    "message": "kubelet is posting ready status", "lastHeartbeatTime": now, "lastTransitionTime": now}],
            },
        })
    }));
    for (index, class) in spec.storage_classes.iter().enumerate() {
        let mut metadata = json!({"name": class.name});
        if index == 0 {
            metadata["annotations"] = json!({
                "storageclass.kubernetes.io/is-default-class": "true",
                "storageclass.kubevirt.io/is-default-virt-class": "true",
            });
        }
        objects.push(json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata,
            "provisioner": class.provisioner, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
            "allowVolumeExpansion": true,
        }));
        objects.push(json!({
            "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "StorageProfile", "metadata": {"name": class.name},
            "spec": {},
            "status": {
                "storageClass": class.name, "provisioner": class.provisioner,
                "claimPropertySets": [{"accessModes": [class.access_mode], "volumeMode": class.volume_mode}],
            },
        }));
    }
    objects.push(kubevirt());
    if let Some(version) = &spec.openshift {
        objects.push(cluster_version(version));
        objects.push(console_cli_download());
    }
    objects
}

/// The heartbeat of a node's kubelet.
fn lease(node: &str, now: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": node, "namespace": "kube-node-lease"},
        "spec": {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": now.replace('Z', ".000000Z")},
    })
}

fn namespace(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    })
}

fn cluster_version(version: &str) -> Value {
    json!({
        "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion", "metadata": {"name": "version"},
        "spec": {"clusterID": "00000000-0000-4000-8000-000000000000"},
        "status": {
            "desired": {"version": version},
            "history": [{"state": "Completed", "version": version, "verified": true}],
            "conditions": [
                {"type": "Available", "status": "True"}, {"type": "Progressing", "status": "False"},
                {"type": "Failing", "status": "False"}],
        },
    })
}

/// KubeVirt's installation, as the operator left it.
fn kubevirt() -> Value {
    json!({
        "apiVersion": "kubevirt.io/v1", "kind": "KubeVirt",
        "metadata": {"name": "kubevirt-kubevirt-hyperconverged", "namespace": "openshift-cnv"},
        "spec": {},
        "status": {
            "phase": "Deployed", "operatorVersion": KUBEVIRT_VERSION, "observedKubeVirtVersion": KUBEVIRT_VERSION,
            "targetKubeVirtVersion": KUBEVIRT_VERSION,
            "conditions": [{"type": "Available", "status": "True"}, {"type": "Progressing", "status": "False"}],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::world::StorageClassSpec;

    #[test]
    fn the_first_class_is_the_default_and_each_has_its_profile() {
        let class = |name: &str| StorageClassSpec {
            name: name.into(),
            provisioner: "p".into(),
            access_mode: "ReadWriteMany".into(),
            volume_mode: "Block".into(),
        };
        let spec = ClusterSpec {
            openshift: None,
            mtv: "2.11.0".into(),
            kubernetes: "v1.33.5".into(),
            mtv_namespace: "openshift-mtv".into(),
            nodes: vec![],
            storage_classes: vec![class("a"), class("b")],
            users: vec![],
        };
        let objects = all(&spec);
        let of = |kind: &str| -> Vec<&Value> { objects.iter().filter(|one| one["kind"] == kind).collect() };
        assert!(of("StorageClass")[0]["metadata"].get("annotations").is_some());
        assert!(of("StorageClass")[1]["metadata"].get("annotations").is_none());
        assert_eq!(of("StorageProfile").len(), 2);
        assert!(of("ClusterVersion").is_empty());
        assert!(of("Namespace").iter().any(|one| one["metadata"]["name"] == "openshift-mtv"));
    }
}
