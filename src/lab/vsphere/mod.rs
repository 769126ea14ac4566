//! A vCenter's SOAP face, strict where a real one is: element order, enumerations, references, sessions, paths.
//!
//! It serves pyVmomi, govmomi and our own client: sessions, views, property reading with traversal and paging, property
//! filters with long waits, tasks with progress, clone, power, snapshots, reconfiguration and removal; and commands in
//! guests. It changes a
//! [`Source`](crate::lab::world::Source) and nothing else; it never looks at the cluster.
//!
//! Transport faults meet calls by the verb `SOAP:<Method>` and the path `/<host>/sdk/<type>/<value>`.

mod calls;
mod clone;
mod collector;
mod content;
mod devices;
mod entities;
mod fault;
mod guest_ops;
mod model;
mod placement;
mod server;
mod session;
mod tasks;
mod tree;
mod updates;
mod vm_facts;
mod vm_methods;
mod wsdl;
mod xml;

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod tests;

pub use server::{VsphereServer, router};
