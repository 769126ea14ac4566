//! vSphere over SOAP, API 6.5 to 8.
//!
//! Source: source-providers.md sections 2, 6 and 7. The client is this program's own: one transport serves every
//! version, device subtrees are echoed as they came, and lenient servers (vcsim) are tolerated. It owns no policy of
//! clones' names and no ledger.

mod clone;
mod clones;
mod delete;
mod devices;
mod fault;
mod find;
mod guest;
mod guest_ops;
mod hosts;
mod names;
mod power;
mod properties;
mod reconfigure;
mod request;
mod session;
mod snapshots;
mod source_vm;
mod task;
mod tracking;
mod vcenter;
mod xml;

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod script;
#[cfg(test)]
mod tests;

pub use vcenter::Vcenter;
