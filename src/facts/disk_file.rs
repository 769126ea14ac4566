//! Files of disks on vSphere.

/// The file below the deltas of snapshots: `[ds] a/a-000002.vmdk` is a delta of `[ds] a/a.vmdk`; any other file is its
/// own base.
///
/// Source: forklift-api.md section 6, "Task names".
#[must_use]
pub fn base_disk_file(file: &str) -> String {
    let Some(stem) = file.strip_suffix(".vmdk") else { return file.to_owned() };
    match stem.rsplit_once('-') {
        Some((base, number)) if number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{base}.vmdk")
        }
        _ => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_have_a_base() {
        for (file, base) in [
            ("[ds] a/a-000002.vmdk", "[ds] a/a.vmdk"),
            ("[ds] a/a-000012.vmdk", "[ds] a/a.vmdk"),
            ("[ds] a/a.vmdk", "[ds] a/a.vmdk"),
            ("[ds] a/a-12.vmdk", "[ds] a/a-12.vmdk"),
            ("[ds] a-1/a-12.vmdk", "[ds] a-1/a-12.vmdk"),
            ("x-000002", "x-000002"),
        ] {
            assert_eq!(base_disk_file(file), base);
        }
    }
}
