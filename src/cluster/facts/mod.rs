//! Facts of the cluster: migrated VMs, versions, storage, the state of the product.

mod agent;
mod cli_download;
mod instance_type;
mod product;
mod session;
mod storage;
mod versions;
mod vm;
mod vm_objects;

pub use agent::agent_view;
pub use cli_download::{kubevirt_version, virtctl_download};
pub use product::{PodState, forklift_installed, forklift_pods, route_host};
pub use session::{SessionObjects, session_objects};
pub use storage::{default_storage_class, storage_class_exists, storage_classes};
pub use versions::{mtv_version, openshift_version, server_version};
pub use vm::{migrated_vm, target_vm};
