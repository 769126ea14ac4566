//! Rules of what is asked inside the guests.

use super::run::Report;
use crate::scenario::model::PlanSpec;
use crate::scenario::tree::join_key;
use std::collections::BTreeSet;

/// Checks one plan, whose keys stand under `prefix`.
pub(super) fn check(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    if let Some(check) = &plan.xfs_check {
        let path = join_key(prefix, "xfs_check");
        for (key, value) in [("command", &check.command), ("mount_point", &check.mount_point)] {
            if !value.starts_with('/') {
                report.tell(format!("{path}.{key}"), format!("`{value}` is not an absolute path"));
            }
        }
    }
    check_integrity(plan, prefix, report);
}

fn check_integrity(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    let Some(request) = &plan.integrity else { return };
    let path = join_key(prefix, "integrity");
    if !request.marker && request.manifest.is_empty() {
        report.tell(path.clone(), "it asks for nothing; give `marker: true` or a `manifest`");
    }
    let mut seen = BTreeSet::new();
    for (index, file) in request.manifest.iter().enumerate() {
        let place = format!("{path}.manifest[{index}]");
        if !file.starts_with('/') && !is_windows_path(file) {
            report.tell(place, format!("`{file}` is not an absolute path (`/etc/fstab`, `C:\\Users`)"));
        } else if file.contains(['\n', '\r', '\0', '"']) {
            report.tell(place, "the path has a line break or a quotation mark, which no shell is trusted with");
        } else if !seen.insert(file) {
            report.tell(place, format!("`{file}` is there twice"));
        }
    }
    let borrowed = "`integrity.marker` writes into the guest, so the VM must be cloned";
    if request.marker && plan.skip_clone {
        report.tell(join_key(prefix, "skip_clone"), borrowed);
    }
    if request.marker {
        for (index, vm) in plan.virtual_machines.iter().enumerate() {
            if !vm.clone {
                let place = format!("{}[{index}].clone", join_key(prefix, "virtual_machines"));
                report.tell(place, borrowed);
            }
        }
    }
}

/// `C:\...`, with either slash.
fn is_windows_path(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|drive| drive.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && matches!(chars.next(), Some('\\' | '/'))
}
