//! MTV as installed: its operator's objects, its pods, its Route and the cluster's own provider.
//!
//! Source: forklift-api.md section 10, cluster-api.md section 3.3.

use super::super::operator::{CONTROLLER, conditions, environment};
use crate::facts::{now, parse_version, rfc3339};
use crate::lab::world::ClusterSpec;
use serde_json::{Value, json};

/// Host of the inventory's Route.
pub(crate) const INVENTORY_HOST: &str = "forklift-inventory.apps.lab.mtvtest";

const DEPLOYMENTS: [&str; 6] = [
    "forklift-operator",
    "forklift-controller",
    "forklift-api",
    "forklift-validation",
    "forklift-ui-plugin",
    "forklift-volume-populator-controller",
];

/// All of it; the pods run unless they are `down`.
pub(super) fn all(spec: &ClusterSpec, pods_run: bool) -> Vec<Value> {
    let space = &spec.mtv_namespace;
    let mut objects = vec![
        json!({
            "apiVersion": "forklift.konveyor.io/v1beta1", "kind": "ForkliftController",
            "metadata": {
                "namespace": space, "name": "forklift-controller", "generation": 1,
                "finalizers": ["forklift.konveyor.io/finalizer"],
            },
            "spec": settings(),
            "status": {"conditions": conditions(&Value::Null, false), "observedGeneration": 1},
        }),
        json!({
            "apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Provider",
            "metadata": {"namespace": space, "name": "host"},
            "spec": {"type": "openshift", "url": "", "secret": {}},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"namespace": space, "name": "forklift-inventory"},
            "spec": {"ports": [{"name": "api-https", "port": 8443, "protocol": "TCP", "targetPort": 8443}],
                "selector": {"app": "forklift", "service": "forklift-inventory"}},
        }),
    ];
    for deployment in DEPLOYMENTS {
        objects.extend(workload(space, deployment, pods_run));
    }
    if spec.openshift.is_some() {
        objects.extend(operator_objects(spec));
    }
    objects
}

/// The settings of a fresh installation.
fn settings() -> Value {
    json!({"feature_ui_plugin": "true", "feature_validation": "true", "feature_volume_populator": "true"})
}

fn workload(space: &str, name: &str, runs: bool) -> [Value; 2] {
    let labels = json!({"app": "forklift", "control-plane": name});
    let mut container = json!({"name": "main", "image": name});
    if name == CONTROLLER {
        container["env"] = environment(&settings());
    }
    let replicas = u8::from(runs);
    let now = rfc3339(now());
    let pod_status = if runs {
        json!({
            "phase": "Running", "startTime": now,
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "main", "ready": true, "restartCount": 0, "image": name, "imageID": "",
                "state": {"running": {"startedAt": now}}}],
        })
    } else {
        json!({
            "phase": "Pending",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": "main", "ready": false, "restartCount": 0, "image": name, "imageID": "",
                "state": {"waiting": {"reason": "ImagePullBackOff"}}}],
        })
    };
    [
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": space, "name": name, "labels": labels, "generation": 1},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}},
            "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": replicas,
                "availableReplicas": replicas,
                "conditions": [{"type": "Available", "status": if runs { "True" } else { "False" }}]},
        }),
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"namespace": space, "name": format!("{name}-5d8f7c9b4d-x2k7p"), "labels": labels},
            "spec": {"containers": [container]}, "status": pod_status,
        }),
    ]
}

/// The Route and what OLM knows.
fn operator_objects(spec: &ClusterSpec) -> [Value; 3] {
    let (space, csv) = (&spec.mtv_namespace, format!("mtv-operator.v{}", spec.mtv));
    let channel = parse_version(&spec.mtv)
        .map_or_else(|_| "dev-preview".to_owned(), |version| format!("release-v{}.{}", version.major, version.minor));
    let image = format!("registry.lab.mtvtest/mtv/must-gather@sha256:{}", "0".repeat(64));
    [
        json!({
            "apiVersion": "route.openshift.io/v1", "kind": "Route",
            "metadata": {"namespace": space, "name": "forklift-inventory"},
            "spec": {"host": INVENTORY_HOST, "port": {"targetPort": "api-https"},
                "tls": {"termination": "reencrypt", "insecureEdgeTerminationPolicy": "Redirect"},
                "to": {"kind": "Service", "name": "forklift-inventory", "weight": 100}},
            "status": {"ingress": [{"host": INVENTORY_HOST, "conditions": [{"type": "Admitted", "status": "True"}]}]},
        }),
        json!({
            "apiVersion": "operators.coreos.com/v1alpha1", "kind": "Subscription",
            "metadata": {"namespace": space, "name": "mtv-operator"},
            "spec": {"channel": channel, "name": "mtv-operator", "source": "redhat-operators",
                "sourceNamespace": "openshift-marketplace", "installPlanApproval": "Automatic"},
            "status": {"installedCSV": csv, "currentCSV": csv, "state": "AtLatestKnown"},
        }),
        json!({
            "apiVersion": "operators.coreos.com/v1alpha1", "kind": "ClusterServiceVersion",
            "metadata": {"namespace": space, "name": csv,
                "annotations": {"operators.openshift.io/must-gather-image": image}},
            "spec": {
                "displayName": "Migration Toolkit for Virtualization Operator", "version": spec.mtv,
                "relatedImages": [{"name": "must_gather", "image": image}],
                "install": {"strategy": "deployment", "spec": {"deployments": [{
                    "name": "forklift-operator",
                    "spec": {"template": {"spec": {"containers": [{
                        "name": "forklift-operator",
                        "env": [
                            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                            {"name": "MUST_GATHER_IMAGE", "value": image}],
                    }]}}}}]}},
            },
            "status": {"phase": "Succeeded", "reason": "InstallSucceeded"},
        }),
    ]
}
