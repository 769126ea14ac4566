//! Files that one process at a time holds. One process a run directory: `clean` must not undo what a living run still
//! uses.

use std::fs::File;
use std::io;
use std::path::Path;

/// Holds a file, and what it stands for, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct FileLock {
    _lock: fd_lock::RwLock<File>,
}

/// Locks `directory/run.lock`; `Ok(None)` when another process holds it.
///
/// # Errors
/// The file cannot be made or locked.
pub fn lock_run(directory: &Path) -> io::Result<Option<FileLock>> {
    lock_file(&directory.join("run.lock"))
}

/// Locks the file, which is made if it is missing and never removed; `Ok(None)` when it is held, by another process or by
/// this one.
///
/// # Errors
/// The file cannot be made or locked.
pub fn lock_file(path: &Path) -> io::Result<Option<FileLock>> {
    let file = File::create(path)?;
    let mut lock = fd_lock::RwLock::new(file);
    match lock.try_write() {
        // The guard borrows the lock; forgetting it leaves the file locked until the descriptor closes.
        Ok(guard) => std::mem::forget(guard),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
        Err(error) => return Err(error),
    }
    Ok(Some(FileLock { _lock: lock }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_second_holder_is_refused_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let first = super::lock_run(folder.path()).unwrap();
        assert!(first.is_some());
        assert!(super::lock_run(folder.path()).unwrap().is_none());
        drop(first);
        assert!(super::lock_run(folder.path()).unwrap().is_some());
    }
}
