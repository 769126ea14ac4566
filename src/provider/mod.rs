//! Source providers behind one trait; each folder is one kind of source.
//!
//! An adapter: it speaks a source's own API and answers in the words of `facts`. It owns no policy: names of clones,
//! the ledger and the order of steps are the engine's.

mod clone;
mod connect;
mod error;
pub mod openshift;
pub mod openstack;
mod ova;
pub mod ovirt;
mod patience;
mod rest;
mod source;
pub mod vsphere;

pub use clone::{ClonePlace, CloneRequest, DiskMode, DiskType, NewDisk, RdmCompatibility, RdmLun};
pub use connect::connect;
pub use error::{ProviderError, Refusal};
pub use source::{About, GuestAccount, GuestAnswer, HostRef, Removal, SourceProvider, VmRef};
