//! The cluster: login, tracked creation, watches, guarded deletion, facts.
//!
//! The only part that speaks the Kubernetes API. It owns how objects are named ([`Kind`], [`ObjectRef`]), how requests
//! survive a busy or rolling API server, what is written to the ledger around a creation, and how the facts of a
//! migrated VM are read. It must not know the product's rules (`migration`), judge (`check`) or orchestrate (`engine`).

mod client;
mod conditions;
mod create;
mod delete;
mod error;
mod facts;
mod kinds;
mod login;
mod object_ref;
mod optimistic;
mod port_forward;
mod power;
mod rights;
mod stack;
#[cfg(test)]
mod testing;
mod tolerant;
mod watch;

pub use client::{Cluster, ClusterAddress, FIELD_MANAGER};
pub use conditions::{Condition, condition, conditions, is_true, observed};
pub use create::{Created, Creation};
pub use delete::{Deletion, Guard};
pub use error::{BoxError, ClusterError};
pub use facts::{
    PodState, SessionObjects, agent_view, default_storage_class, forklift_installed, forklift_pods, kubevirt_version,
    migrated_vm, mtv_version, openshift_version, route_host, server_version, session_objects, storage_class_exists,
    storage_classes, target_vm, virtctl_download,
};
pub use kinds::Kind;
pub use login::{LoginError, connect, connect_through};
pub use object_ref::ObjectRef;
pub use power::VmAction;
pub use rights::{Right, missing_rights, whoami};
pub use stack::{ApiService, USER_AGENT, counting_client};
pub use watch::Listed;
