//! The archives, with one program in each.

use crate::facts::sh_quoted;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Cursor, Write};
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A script that calls the lab's virtctl of the program at `path`.
pub(super) fn script(path: &Path) -> String {
    let program = sh_quoted(&path.display().to_string());
    format!("#!/bin/sh\nexec {program} lab-virtctl \"$@\"\n")
}

pub(super) fn tar_gz(program: &str) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(program.len() as u64);
    header.set_mode(0o755);
    archive.append_data(&mut header, "virtctl", program.as_bytes())?;
    archive.into_inner()?.finish()
}

pub(super) fn zip(program: &str) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("virtctl", SimpleFileOptions::default().unix_permissions(0o755))?;
    archive.write_all(program.as_bytes())?;
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::script;
    use std::path::Path;

    #[test]
    fn a_path_is_quoted_for_the_shell() {
        let text = script(Path::new("/a b/it's"));
        assert_eq!(text, "#!/bin/sh\nexec '/a b/it'\\''s' lab-virtctl \"$@\"\n");
    }
}
