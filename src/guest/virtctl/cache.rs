//! Earlier downloads: a folder for each version and system, that one process at a time changes.

use super::VirtctlError;
use super::part_file::PartFile;
use crate::undo::{FileLock, lock_file};
use crate::wait::{Deadline, Seen, poll};
use semver::Version;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long another process may take for its download.
const LOCK_LIMIT: Duration = Duration::from_secs(15 * 60);
const LOCK_LOOK: Duration = Duration::from_millis(500);

/// The folder of one version, held by this process.
pub(super) struct Shelf {
    folder: PathBuf,
    _lock: FileLock,
}

impl Shelf {
    /// Waits until nobody else holds the folder; what a process that died held is free.
    pub(super) async fn hold(cache: &Path, key: &str) -> Result<Self, VirtctlError> {
        let folder = cache.join("virtctl").join(key);
        let fail = |operation, path: &Path, source| VirtctlError::File { operation, path: path.to_owned(), source };
        std::fs::create_dir_all(&folder).map_err(|error| fail("make", &folder, error))?;
        let file = folder.join("lock");
        let deadline = Deadline::after(LOCK_LIMIT, &CancellationToken::new());
        let mut problem: Option<io::Error> = None;
        let held = poll("hold the cache of virtctl", &deadline, LOCK_LOOK, || {
            std::future::ready(match lock_file(&file) {
                Ok(Some(lock)) => Seen::Met(lock),
                Ok(None) => Seen::Pending("another process holds it".to_owned()),
                Err(error) => {
                    let text = error.to_string();
                    problem = Some(error);
                    Seen::Hopeless(text)
                }
            })
        })
        .await;
        match (held, problem) {
            (Ok(lock), _) => {
                PartFile::sweep(&folder).map_err(|error| fail("read", &folder, error))?;
                Ok(Self { folder, _lock: lock })
            }
            (Err(_), Some(error)) => Err(fail("lock", &file, error)),
            (Err(error), None) => {
                Err(VirtctlError::Held { folder: folder.display().to_string(), why: error.to_string() })
            }
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The kept program, there or not.
    pub(super) fn program(&self) -> PathBuf {
        self.folder.join("virtctl")
    }
}

/// The name of the folder: the version, as exactly as it is known, and this system.
pub(super) fn key(kubevirt: Option<&Version>, openshift: Option<&Version>) -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    match (kubevirt, openshift) {
        (Some(version), _) => format!("kubevirt-{version}-{os}-{arch}"),
        (None, Some(version)) => format!("openshift-{version}-{os}-{arch}"),
        (None, None) => format!("unknown-{os}-{arch}"),
    }
}
