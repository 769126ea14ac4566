//! A file in the making: gone unless it is kept.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Ending of files in the making.
const ENDING: &str = "part";

/// A file beside the one that it is to become. Dropping it removes it.
#[derive(Debug)]
pub(super) struct PartFile {
    path: PathBuf,
}

impl PartFile {
    /// An empty file in `folder` with a name of its own, that only its owner can use.
    pub(super) fn create(folder: &Path) -> io::Result<(Self, File)> {
        let path = folder.join(format!(".{}.{ENDING}", uuid::Uuid::new_v4().simple()));
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok((Self { path }, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, in one step for whoever looks.
    pub(super) fn keep_as(self, target: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, target)
    }

    /// Removes what processes that died left in `folder`. Nobody else may be at work there.
    pub(super) fn sweep(folder: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                std::fs::remove_file(path).ok();
            }
        }
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // After a rename there is nothing of that name.
        std::fs::remove_file(&self.path).ok();
    }
}
