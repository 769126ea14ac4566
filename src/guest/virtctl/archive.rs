//! Archives of strangers: every entry is judged before one byte is unpacked, and only virtctl itself is.
//!
//! Nothing is ever written under a name that an archive chose.

use super::part_file::PartFile;
use flate2::read::GzDecoder;
use std::fs::{File, Permissions};
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tar::EntryType;

/// Name of the program in an archive, in whatever folder: the layout of the product's own archives is not known.
/// Source: cluster-api.md section 3.3.
const PROGRAM: &str = "virtctl";

/// How much an archive may hold.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Bytes, unpacked, of all entries together.
    bytes: u64,
    /// Number of entries.
    entries: usize,
    /// Bytes of one entry that only describes another (a long name).
    header: u64,
}

/// virtctl has some 80 MiB, alone.
const LIMITS: Limits = Limits { bytes: 1 << 30, entries: 4096, header: 64 << 10 };

/// An archive that is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    /// It is neither of the two.
    #[error("it is neither a gzipped tar nor a zip archive")]
    Unknown,
    /// It cannot be read to its end.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// An entry is what no honest archive of a program has.
    #[error("it is hostile: entry {entry:?} {why}")]
    Hostile {
        /// The entry's name.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It holds too much.
    #[error("it is too large: {0}")]
    TooLarge(String),
    /// It does not have exactly one virtctl.
    #[error("it has {0} files named virtctl instead of one")]
    Programs(usize),
    /// Unpacking failed on this machine.
    #[error("it cannot be unpacked: {0}")]
    Write(#[from] io::Error),
}

/// Where the program is in an archive.
#[derive(Default)]
struct Found<P> {
    programs: Vec<P>,
    entries: usize,
    bytes: u64,
}

/// Unpacks the one virtctl of a gzipped tar or zip archive into a new file in `folder`, executable.
pub(super) fn unpack(archive: &[u8], folder: &Path) -> Result<PartFile, ArchiveError> {
    unpack_within(archive, folder, LIMITS)
}

fn unpack_within(archive: &[u8], folder: &Path, limits: Limits) -> Result<PartFile, ArchiveError> {
    let (part, mut program) = PartFile::create(folder)?;
    match archive {
        [0x1f, 0x8b, ..] => unpack_tar(archive, folder, &mut program, limits)?,
        [b'P', b'K', ..] => unpack_zip(archive, &mut program, limits)?,
        _ => return Err(ArchiveError::Unknown),
    }
    program.set_permissions(Permissions::from_mode(0o755))?;
    program.sync_all()?;
    Ok(part)
}

impl<P> Found<P> {
    /// Counts an entry and judges its name; `place` is kept if it is the program.
    fn add(&mut self, name: &[u8], bytes: u64, place: Option<P>, limits: Limits) -> Result<(), ArchiveError> {
        let is_program = judge_name(name)?;
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.entries > limits.entries {
            return Err(ArchiveError::TooLarge(format!("over {} entries", limits.entries)));
        }
        if self.bytes > limits.bytes {
            return Err(too_many_bytes(limits));
        }
        self.programs.extend(place.filter(|_| is_program));
        Ok(())
    }

    fn only(mut self) -> Result<P, ArchiveError> {
        match (self.programs.pop(), self.programs.len()) {
            (Some(program), 0) => Ok(program),
            (None, _) => Err(ArchiveError::Programs(0)),
            (Some(_), others) => Err(ArchiveError::Programs(others + 1)),
        }
    }
}

/// Whether an entry is called as the program, in a folder or not.
fn judge_name(name: &[u8]) -> Result<bool, ArchiveError> {
    let refuse = |why| Err(hostile(name, why));
    if name.contains(&0) || name.contains(&b'\\') {
        return refuse("has a name that systems read differently");
    }
    if name.starts_with(b"/") || name.get(1) == Some(&b':') {
        return refuse("has an absolute path");
    }
    let parts = || name.split(|byte| *byte == b'/').filter(|part| !part.is_empty());
    if parts().any(|part| part == b"..") {
        return refuse("leads out of the archive");
    }
    Ok(parts().next_back() == Some(PROGRAM.as_bytes()))
}

fn hostile(name: &[u8], why: &'static str) -> ArchiveError {
    ArchiveError::Hostile { entry: String::from_utf8_lossy(name).into_owned(), why }
}

fn too_many_bytes(limits: Limits) -> ArchiveError {
    ArchiveError::TooLarge(format!("over {} bytes unpacked", limits.bytes))
}

fn damaged(error: impl ToString) -> ArchiveError {
    ArchiveError::Damaged(error.to_string())
}

fn unpack_tar(archive: &[u8], folder: &Path, program: &mut File, limits: Limits) -> Result<(), ArchiveError> {
    // Unpacked once, so that it can be walked as often as it takes; the checksum at its end is checked on the way.
    let (_plain, mut tar) = PartFile::create(folder)?;
    let length = copy_at_most(&mut GzDecoder::new(archive), &mut tar, limits)?;
    judge_tar_headers(&mut tar, limits)?;
    let (at, bytes) = find_in_tar(&mut tar, limits)?;
    if at.saturating_add(bytes) > length {
        return Err(damaged("it ends within virtctl"));
    }
    tar.seek(SeekFrom::Start(at))?;
    io::copy(&mut tar.take(bytes), program)?;
    Ok(())
}

/// Copies everything, unless it is more than an archive may hold.
fn copy_at_most(from: &mut impl Read, into: &mut impl Write, limits: Limits) -> Result<u64, ArchiveError> {
    let (mut copied, mut buffer) = (0, vec![0; 64 << 10]);
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(damaged(error)),
        };
        copied += read as u64;
        if copied > limits.bytes {
            return Err(too_many_bytes(limits));
        }
        into.write_all(&buffer[..read])?;
    }
}

/// Headers that describe the next entry are read into memory later, so their size is judged first.
fn judge_tar_headers(tar: &mut File, limits: Limits) -> Result<(), ArchiveError> {
    tar.seek(SeekFrom::Start(0))?;
    let mut archive = tar::Archive::new(&*tar);
    for entry in archive.entries_with_seek().map_err(damaged)?.raw(true) {
        let entry = entry.map_err(damaged)?;
        let describes = matches!(
            entry.header().entry_type(),
            EntryType::XHeader | EntryType::XGlobalHeader | EntryType::GNULongName | EntryType::GNULongLink
        );
        if describes && entry.size() > limits.header {
            return Err(ArchiveError::TooLarge(format!("a header of over {} bytes", limits.header)));
        }
    }
    Ok(())
}

/// Position and length of the program, once every entry is judged.
fn find_in_tar(tar: &mut File, limits: Limits) -> Result<(u64, u64), ArchiveError> {
    tar.seek(SeekFrom::Start(0))?;
    let mut archive = tar::Archive::new(&*tar);
    let mut found = Found { programs: Vec::new(), entries: 0, bytes: 0 };
    for entry in archive.entries_with_seek().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let name = entry.path_bytes().into_owned();
        let place = match entry.header().entry_type() {
            EntryType::Regular => Some((entry.raw_file_position(), entry.size())),
            EntryType::Directory => None,
            // What git writes about the whole archive.
            EntryType::XGlobalHeader => continue,
            EntryType::Symlink | EntryType::Link => return Err(hostile(&name, "is a link")),
            EntryType::Char | EntryType::Block | EntryType::Fifo => return Err(hostile(&name, "is a device")),
            _ => return Err(hostile(&name, "is neither a file nor a folder")),
        };
        found.add(&name, entry.size(), place, limits)?;
    }
    found.only()
}

fn unpack_zip(archive: &[u8], program: &mut File, limits: Limits) -> Result<(), ArchiveError> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).map_err(damaged)?;
    let mut found = Found { programs: Vec::new(), entries: 0, bytes: 0 };
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(damaged)?;
        let name = entry.name_raw().to_vec();
        let is_folder = name.ends_with(b"/");
        match entry.unix_mode().unwrap_or_default() & 0o170_000 {
            0 | 0o100_000 => {}
            0o040_000 if is_folder => {}
            0o120_000 => return Err(hostile(&name, "is a link")),
            _ => return Err(hostile(&name, "is neither a file nor a folder")),
        }
        found.add(&name, entry.size(), Some(index).filter(|_| !is_folder), limits)?;
    }
    let index = found.only()?;
    let mut entry = zip.by_index(index).map_err(damaged)?;
    // The size that the archive told need not be true.
    copy_at_most(&mut entry, program, limits)?;
    Ok(())
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
