//! Cloning.
//!
//! Source: source-providers.md section 2.5. `spec` is pure and holds the order of the WSDL; `placement` and `disks`
//! resolve what the request names; `rdm` attaches raw device mappings after the clone; `run` puts them in order.

mod datastores;
mod disks;
mod placement;
mod rdm;
mod run;
mod spec;

pub(crate) use run::run;

#[cfg(test)]
mod tests;
