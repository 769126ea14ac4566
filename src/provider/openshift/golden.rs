//! What source VMs are made from, which comes with OpenShift Virtualization.
//!
//! Source: source-providers.md section 1.

use super::source::failed;
use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef, conditions};
use crate::provider::{ProviderError, VmRef};
use kube::core::DynamicObject;

/// Namespace of the golden images.
pub const OS_IMAGES: &str = "openshift-virtualization-os-images";
/// The golden image.
pub const DATA_SOURCE: &str = "rhel9";
/// The instance type: one CPU, 2 GiB.
pub const INSTANCE_TYPE: &str = "u1.small";
/// Memory that the instance type gives.
pub(super) const MEMORY_BYTES: u64 = 2 << 30;
/// The preference.
pub const PREFERENCE: &str = "rhel.9";
/// Size of the root disk.
pub const DISK_SIZE: &str = "30Gi";

const REMEDY: &str =
    "enable OpenShift Virtualization's common boot images and instance types, or leave sources of type openshift out";

/// What stands for the golden image where a VM is asked for.
pub(super) fn reference(name: &str) -> VmRef {
    VmRef { id: format!("{OS_IMAGES}/{DATA_SOURCE}"), name: name.to_owned() }
}

/// Whether this is what [`reference()`] gives.
pub(super) fn is_reference(vm: &VmRef) -> bool {
    vm.id == reference(&vm.name).id
}

/// Looks for all of it.
///
/// # Errors
/// [`ProviderError::Invalid`] names everything that is missing at once.
pub(super) async fn require(cluster: &Cluster) -> Result<(), ProviderError> {
    let image = ObjectRef::namespaced(Kind::DATA_SOURCE, OS_IMAGES, DATA_SOURCE);
    let sizes = ObjectRef::global(Kind::CLUSTER_INSTANCETYPE, INSTANCE_TYPE);
    let preference = ObjectRef::global(Kind::CLUSTER_PREFERENCE, PREFERENCE);
    let mut missing = Vec::new();
    for target in [&image, &sizes, &preference] {
        match cluster.get(target).await {
            Ok(Some(found)) => missing.extend(fault(target, &found)),
            Ok(None) | Err(ClusterError::KindMissing { .. }) => missing.push(format!("there is no {target}")),
            Err(error) => return Err(failed(error)),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(ProviderError::Invalid {
        operation: "make source VMs on the cluster".to_owned(),
        problem: missing.join(", "),
        remedy: REMEDY,
    })
}

/// Why an image cannot be cloned. One that says nothing of itself is taken at its word.
fn fault(target: &ObjectRef, found: &DynamicObject) -> Option<String> {
    let told = conditions(found).into_iter().find(|one| one.kind == "Ready" && one.status != "True")?;
    Some(format!("{target} is not ready: {}", if told.message.is_empty() { &told.reason } else { &told.message }))
}
