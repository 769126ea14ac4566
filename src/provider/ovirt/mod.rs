//! oVirt and Red Hat Virtualization: their JSON API, with tokens of the engine's single sign-on.
//!
//! Source: source-providers.md section 3. Numbers and booleans may come as texts, lists sit under the singular word, and
//! an empty list is left out.

mod clone;
mod delete;
mod engine;
mod find;
mod json;
mod power;
mod power_offs;
mod snapshots;
mod source;
mod source_vm;
mod sso;
#[cfg(test)]
mod tests;

pub use source::Ovirt;
