//! The product's name templates: Go's text/template with a short list of functions.
//!
//! Owns: which templates parse, which functions and variables they may use, what they render to, and which names of
//! claims follow from that. It must not know Plans, scenarios or VMs: it gets text and variables. The engine is a crate;
//! `cases.json` holds templates with the outcomes that Go itself gives, and `tests/peers/gotemplate.rs` asks Go again.
//! Source: forklift-api.md section 8.

mod blocks;
mod error;
mod functions;
mod names;
mod numbers;
mod parsed;
mod pattern;
mod variables;
mod words;

pub use error::TemplateError;
pub use names::{Naming, claim_name, is_label, naming, never_a_label, offload_admits};
pub use parsed::Template;
pub use variables::{Field, NetworkVariables, Variables, Vocabulary, VolumeVariables};

#[cfg(test)]
mod tests;
