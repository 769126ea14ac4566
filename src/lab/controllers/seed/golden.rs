//! What comes with OpenShift Virtualization: instance types, preferences, and the golden images of the world's cluster
//! as a source, which are its templates.
//!
//! Source: source-providers.md section 1; cluster-api.md sections 1.1 and 2.

use crate::facts::{now, rfc3339};
use crate::lab::world::{SourceSpec, VmSpec, WorldSpec};
use serde_json::{Value, json};

/// Namespace of the images.
const IMAGES: &str = "openshift-virtualization-os-images";
const API: &str = "instancetype.kubevirt.io/v1beta1";
/// Name, CPUs and memory.
const INSTANCE_TYPES: [(&str, u32, &str); 4] =
    [("u1.small", 1, "2Gi"), ("u1.medium", 1, "4Gi"), ("u1.large", 2, "8Gi"), ("u1.xlarge", 4, "16Gi")];
const PREFERENCES: [&str; 3] = ["rhel.8", "rhel.9", "windows.2k22"];

/// All of it.
pub(super) fn all(spec: &WorldSpec) -> Vec<Value> {
    let sizes = INSTANCE_TYPES.map(|(name, cpus, memory)| {
        json!({
            "apiVersion": API, "kind": "VirtualMachineClusterInstancetype", "metadata": {"name": name},
            "spec": {"cpu": {"guest": cpus}, "memory": {"guest": memory}},
        })
    });
    let preferences = PREFERENCES.map(|name| {
        json!({
            "apiVersion": API, "kind": "VirtualMachineClusterPreference", "metadata": {"name": name},
            "spec": {
                "cpu": {"preferredCPUTopology": "sockets"},
                "devices": {"preferredDiskBus": "virtio", "preferredInterfaceModel": "virtio"},
                "firmware": {"preferredEfi": {"secureBoot": true}},
            },
        })
    });
    let clusters = spec.sources.iter().filter(|source| matches!(source, SourceSpec::Openshift(_)));
    let templates = clusters.flat_map(|source| source.vms().iter().filter(|vm| vm.template));
    let class = spec.cluster.storage_classes.first().map(|class| class.name.as_str()).unwrap_or_default();
    let images = templates.flat_map(|image| golden_image(image, class));
    sizes.into_iter().chain(preferences).chain(images).collect()
}

fn golden_image(image: &VmSpec, class: &str) -> [Value; 2] {
    let (name, claim) = (&image.name, format!("{}-8d4f6c2b9a71", image.name));
    let size = image.disks.first().map_or("30Gi", |disk| disk.size.as_str());
    [
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"namespace": IMAGES, "name": claim},
            "spec": {"accessModes": ["ReadWriteMany"], "volumeMode": "Block", "storageClassName": class,
                "resources": {"requests": {"storage": size}}},
            "status": {"phase": "Bound", "accessModes": ["ReadWriteMany"], "capacity": {"storage": size}},
        }),
        json!({
            "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataSource",
            "metadata": {"namespace": IMAGES, "name": name, "labels": {
                "instancetype.kubevirt.io/default-instancetype": "u1.medium",
                "instancetype.kubevirt.io/default-preference": "rhel.9"}},
            "spec": {"source": {"pvc": {"namespace": IMAGES, "name": claim}}},
            "status": {
                "source": {"pvc": {"namespace": IMAGES, "name": claim}},
                "conditions": [{"type": "Ready", "status": "True", "reason": "Ready",
                    "message": "DataSource is ready to be consumed", "lastTransitionTime": rfc3339(now())}],
            },
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_images_are_the_templates_of_the_cluster_as_a_source() {
        let spec = WorldSpec::embedded().unwrap();
        let objects = all(&spec);
        let names = |kind: &str| -> Vec<&str> {
            let of_kind = objects.iter().filter(|one| one["kind"] == kind);
            of_kind.map(|one| one["metadata"]["name"].as_str().unwrap()).collect()
        };
        assert_eq!(names("DataSource"), ["rhel9"]);
        assert!(names("VirtualMachineClusterInstancetype").contains(&"u1.small"));
        assert!(names("VirtualMachineClusterPreference").contains(&"rhel.9"));
    }
}
