//! A run's own directory.

use crate::facts::SessionId;
use crate::undo::{FileLock, lock_run};
use std::io;
use std::path::{Path, PathBuf};

/// `<data-collector-path>/<session>`, locked for as long as this lives. Older runs are never touched.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    _lock: FileLock,
}

/// The run's directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunDirectoryError {
    /// A file operation failed.
    #[error("make the run directory {path}; choose another with --data-collector-path")]
    Io {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// It is there already: sessions are named by their seed.
    #[error("{0} is there already, from a run with the same seed; choose another --seed or --data-collector-path")]
    Exists(PathBuf),
    /// Another process holds it.
    #[error("{0} belongs to a run that is still alive; stop it first, or wait until it ends")]
    Busy(PathBuf),
}

impl RunDirectory {
    /// Makes the directory of `session` below `base` and points `latest` to it.
    ///
    /// # Errors
    /// It exists already, cannot be made, or is held by another process.
    pub fn create(base: &Path, session: &SessionId) -> Result<Self, RunDirectoryError> {
        let path = base.join(session.as_str());
        let fail = |cause| RunDirectoryError::Io { path: path.clone(), cause };
        std::fs::create_dir_all(base).map_err(fail)?;
        match std::fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(RunDirectoryError::Exists(path)),
            made => made.map_err(fail)?,
        }
        std::fs::create_dir(path.join("evidence")).map_err(fail)?;
        let directory = Self::open(&path)?;
        point_latest(base, session).map_err(fail)?;
        Ok(directory)
    }

    /// Opens and locks the directory of an earlier run.
    ///
    /// # Errors
    /// It is not there, or held by a living process.
    pub fn open(path: &Path) -> Result<Self, RunDirectoryError> {
        let fail = |cause| RunDirectoryError::Io { path: path.to_owned(), cause };
        let lock = lock_run(path).map_err(fail)?.ok_or_else(|| RunDirectoryError::Busy(path.to_owned()))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The ledger's file.
    pub fn ledger_path(&self) -> PathBuf {
        self.path.join("resources.json")
    }

    /// Where the evidence of `test` is stored.
    pub fn evidence_path(&self, test: &str) -> PathBuf {
        self.path.join("evidence").join(format!("{test}.json"))
    }

    /// Where diagnostics of `test` are stored.
    pub fn diagnostics_path(&self, test: &str) -> PathBuf {
        self.path.join("diagnostics").join(test)
    }
}

/// Replaces `latest` in one step, so that it always points to a run.
fn point_latest(base: &Path, session: &SessionId) -> io::Result<()> {
    let beside = base.join(format!(".latest-{session}"));
    std::os::unix::fs::symlink(session.as_str(), &beside)?;
    std::fs::rename(&beside, base.join("latest"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_kept_apart_and_latest_moves() {
        let base = tempfile::tempdir().unwrap();
        let id = |text: &str| SessionId::try_from(text.to_owned()).unwrap();
        let first = RunDirectory::create(base.path(), &id("auto-1")).unwrap();
        assert!(matches!(RunDirectory::open(first.path()), Err(RunDirectoryError::Busy(_))));
        RunDirectory::create(base.path(), &id("auto-2")).unwrap();
        assert!(matches!(RunDirectory::create(base.path(), &id("auto-1")), Err(RunDirectoryError::Exists(_))));
        assert_eq!(std::fs::read_link(base.path().join("latest")).unwrap(), Path::new("auto-2"));
        assert!(first.evidence_path("cold/sanity@v8").ends_with("evidence/cold/sanity@v8.json"));
    }
}
