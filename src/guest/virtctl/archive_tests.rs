//! Honest and hostile archives.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const SMALL: Limits = Limits { bytes: 1 << 20, entries: 8, header: 1024 };

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Entries by name, type and content; names are written as they are, which the crate itself refuses.
fn tar_of(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn files(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<_> = entries.iter().map(|(name, content)| (*name, EntryType::Regular, *content)).collect();
    gzip(&tar_of(&entries))
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        if name.ends_with('/') {
            writer.add_directory(*name, SimpleFileOptions::default()).unwrap();
        } else {
            writer.start_file(*name, SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
            writer.write_all(content).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

/// What unpacking says; whatever it says, only the program is left in the folder, and nothing is beside it.
fn verdict(archive: &[u8]) -> Result<Vec<u8>, String> {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("cache");
    std::fs::create_dir(&folder).unwrap();
    let unpacked = unpack_within(archive, &folder, SMALL);
    let told = unpacked.as_ref().map_err(ToString::to_string).map(|part| std::fs::read(part.path()).unwrap());
    if let Ok(part) = &unpacked {
        assert_eq!(std::fs::metadata(part.path()).unwrap().permissions().mode() & 0o777, 0o755);
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), usize::from(unpacked.is_ok()));
    drop(unpacked);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "an unkept file stays");
    assert_eq!(std::fs::read_dir(outer.path()).unwrap().count(), 1, "something was written outside");
    told
}

#[track_caller]
fn refused(archive: &[u8], words: &str) {
    let error = verdict(archive).unwrap_err();
    assert!(error.contains(words), "{error}");
}

#[test]
fn the_program_is_found_in_whatever_folder() {
    assert_eq!(verdict(&files(&[("virtctl", b"program")])).unwrap(), b"program");
    let nested = tar_of(&[
        ("pax_global_header", EntryType::XGlobalHeader, b"17 comment=abcdef\n"),
        ("./a/", EntryType::Directory, b""),
        ("./a/LICENSE", EntryType::Regular, b"text"),
        ("./a/virtctl", EntryType::Regular, b"program"),
    ]);
    assert_eq!(verdict(&gzip(&nested)).unwrap(), b"program");
    assert_eq!(verdict(&zip_of(&[("a/", b""), ("a/README", b"text"), ("a/virtctl", b"program")])).unwrap(), b"program");
    assert_eq!(verdict(&files(&[("virtctl", b"")])).unwrap(), b"");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for (name, words) in [
        ("../virtctl", "leads out"),
        ("a/../../virtctl", "leads out"),
        ("/usr/bin/virtctl", "absolute"),
        ("C:virtctl", "absolute"),
        ("..\\virtctl", "read differently"),
    ] {
        refused(&files(&[("virtctl", b"program"), (name, b"x")]), words);
        refused(&zip_of(&[("virtctl", b"program"), (name, b"x")]), words);
    }
}

#[test]
fn what_is_no_file_is_refused() {
    for (kind, words) in [
        (EntryType::Symlink, "is a link"),
        (EntryType::Link, "is a link"),
        (EntryType::Char, "is a device"),
        (EntryType::Block, "is a device"),
        (EntryType::Fifo, "is a device"),
        (EntryType::new(b'V'), "neither a file nor a folder"),
    ] {
        refused(&gzip(&tar_of(&[("virtctl", kind, b"")])), words);
        refused(&gzip(&tar_of(&[("virtctl", EntryType::Regular, b"program"), ("other", kind, b"")])), words);
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("virtctl", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    refused(&writer.finish().unwrap().into_inner(), "is a link");
}

#[test]
fn exactly_one_program_is_wanted() {
    refused(&files(&[("virtctl.exe", b"x"), ("myvirtctl", b"y")]), "has 0 files named virtctl");
    refused(&files(&[("a/virtctl", b"x"), ("b/virtctl", b"y")]), "has 2 files named virtctl");
    refused(&gzip(&tar_of(&[("virtctl/", EntryType::Directory, b"")])), "has 0 files");
    refused(&zip_of(&[("a/virtctl", b"x"), ("b/virtctl", b"y")]), "has 2 files named virtctl");
    refused(&zip_of(&[]), "has 0 files named virtctl");
    refused(&gzip(&[]), "has 0 files named virtctl");
}

#[test]
fn bombs_are_refused_before_they_fill_anything() {
    let big = vec![0; usize::try_from(SMALL.bytes).unwrap() + 1];
    refused(&files(&[("virtctl", &big)]), "over 1048576 bytes");
    refused(&zip_of(&[("virtctl", &big)]), "over 1048576 bytes");
    let many: Vec<String> = (0..9).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    refused(&files(&many), "over 8 entries");
    refused(&zip_of(&many), "over 8 entries");
    // A name of half a megabyte would be read into memory.
    let long = vec![b'a'; 500_000];
    let named = [("././@LongLink", EntryType::GNULongName, long.as_slice()), ("x", EntryType::Regular, b"")];
    refused(&gzip(&tar_of(&named)), "a header of over 1024 bytes");
}

/// A size that is a lie in the central directory does not let more through.
#[test]
fn a_zip_that_lies_about_its_size_is_refused() {
    let big = vec![0; usize::try_from(SMALL.bytes).unwrap() + 1];
    let mut archive = zip_of(&[("virtctl", &big)]);
    let central = archive.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    archive[central + 24..central + 28].copy_from_slice(&7u32.to_le_bytes());
    assert!(verdict(&archive).is_err());
}

#[test]
fn damage_is_told() {
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(100_000).collect();
    let (whole, zipped) = (files(&[("virtctl", &noise)]), zip_of(&[("virtctl", &noise)]));
    for keep in [3, 100, whole.len() / 2, whole.len() - 4] {
        refused(&whole[..keep], "damaged");
    }
    for keep in [3, 100, zipped.len() / 2, zipped.len() - 4] {
        refused(&zipped[..keep], "damaged");
    }
    let mut flipped = whole.clone();
    flipped[whole.len() - 6] ^= 1;
    refused(&flipped, "damaged");
    let mut flipped = zipped.clone();
    flipped[5000] ^= 1;
    refused(&flipped, "damaged");
    refused(&gzip(b"not a tar archive, but long enough to hold text"), "damaged");
    refused(b"<html>Sign in</html>", "neither a gzipped tar nor a zip");
    refused(b"", "neither a gzipped tar nor a zip");
    // The entry says more than there is.
    let mut short = tar_of(&[("virtctl", EntryType::Regular, &noise)]);
    short.truncate(10_240);
    refused(&gzip(&short), "damaged");
}
