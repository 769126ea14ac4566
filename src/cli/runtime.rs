//! The runtime of the commands that wait for something.

use super::CliError;
use tokio::runtime::{Builder, Runtime};

/// A runtime on all processors.
///
/// # Errors
/// The machine gives no threads.
pub(super) fn runtime() -> Result<Runtime, CliError> {
    let what = "start the program's threads";
    Builder::new_multi_thread().enable_all().build().map_err(|cause| CliError::System { what, cause })
}
