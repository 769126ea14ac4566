//! The providers file (`.providers.json`): where the sources are and how to log in.
//!
//! `keys` declares every key once; `fields` checks an object by it, `entry` and `copyoffload` build the types from it
//! and `schema` derives the JSON Schema.
//!
//! Source: original-suite.md section 4.

mod copyoffload;
mod entry;
mod error;
mod fields;
mod file;
mod guest;
mod keys;
mod kind;
mod schema;
#[cfg(test)]
mod tests;
mod url;
mod vendor;

pub use copyoffload::{CopyOffload, EsxiCloneMethod, EsxiLogin};
pub use entry::ProviderEntry;
pub use error::{ProviderProblem, ProvidersError};
pub use file::Providers;
pub use guest::{GuestCredentials, GuestKey, GuestLogin};
pub use kind::{EndpointType, Openstack, ProviderKind, Vsphere};
pub use schema::providers_schema;
pub use vendor::StorageVendor;
