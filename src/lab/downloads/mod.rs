//! The cluster's download host for virtctl, and the version of KubeVirt that the lab is.
//!
//! Its archives are real, made as they are asked for; the virtctl in them is a script that calls this program, which then
//! behaves as virtctl does (`lab-virtctl`).
//!
//! Source: cluster-api.md sections 1.4 and 3.3.

mod archive;
mod host;
mod links;

pub(super) use host::router;
pub(super) use links::{DOWNLOADS_HOST, OBJECT, console_cli_download, links};

/// The version of the lab's KubeVirt, and so of its virtctl.
pub const KUBEVIRT_VERSION: &str = "v1.5.2";
