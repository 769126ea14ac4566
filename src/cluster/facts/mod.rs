//! Facts of the cluster: migrated VMs, versions, storage, the state of the product.

mod product;
mod session;
mod storage;
mod versions;
mod vm;
mod vm_objects;

pub use product::{PodState, forklift_installed, forklift_pods, route_host};
pub use session::{SessionObjects, session_objects};
pub use storage::{default_storage_class, storage_class_exists, storage_classes};
pub use versions::{mtv_version, openshift_version, server_version};
pub use vm::{migrated_vm, target_vm};
