//! OVA files on an NFS share.
//!
//! Nothing speaks to the share but the product, so there is no session and no client: this says honestly what cannot be
//! asked. Which VMs there are, and what they are, the product's inventory decides.

mod share;

pub(super) use share::OvaShare;
