//! Source providers behind one trait; each folder is one kind of source.

pub mod vsphere;
