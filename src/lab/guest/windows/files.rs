//! The files of a Windows guest. Their names are the same in either case.

use crate::lab::guest::host::Host;

const FOLDERS: [&str; 6] =
    ["c:", "c:\\users", "c:\\users\\public", "c:\\windows", "c:\\windows\\temp", "c:\\programdata\\ssh"];

/// The path without regard to case and kind of separators.
fn key(path: &str) -> String {
    path.replace('/', "\\").trim_end_matches('\\').to_lowercase()
}

/// The bytes of a file.
pub(super) fn read(host: &Host<'_>, path: &str) -> Option<Vec<u8>> {
    below(host, path).into_iter().find(|(own, _)| key(own) == key(path)).map(|(_, bytes)| bytes)
}

/// The file of this path, or those anywhere below it.
pub(super) fn below(host: &Host<'_>, path: &str) -> Vec<(String, Vec<u8>)> {
    let (folder, own) = (key(path) + "\\", key(path));
    let files = &host.inside().files;
    let inner = files.iter().filter(|(file, _)| key(file) == own || key(file).starts_with(&folder));
    inner.map(|(file, bytes)| (file.clone(), bytes.clone())).collect()
}

/// Whether there is a file or folder of this path.
pub(super) fn exists(host: &Host<'_>, path: &str) -> bool {
    FOLDERS.contains(&key(path).as_str()) || !below(host, path).is_empty()
}

/// Writes a file; false if its folder is not there.
pub(super) fn write(host: &mut Host<'_>, path: &str, bytes: Vec<u8>) -> bool {
    let folder = path.rsplit_once('\\').map_or("c:", |(folder, _)| folder);
    if !exists(host, folder) {
        return false;
    }
    let known = below(host, path).into_iter().find(|(own, _)| key(own) == key(path)).map(|(own, _)| own);
    host.inside_mut().files.insert(known.unwrap_or_else(|| path.to_owned()), bytes);
    true
}
