//! Keys that the original's configuration files may hold and that have no effect here. They are refused with the
//! reason: what is ignored in silence is taken for working.
//!
//! Source: original-suite.md section 5.

const NEVER_READ: &str = "has no effect: the original suite never read it either";
const UPGRADE: &str = "has no effect: mtvtest does not upgrade MTV";

/// Key and reason.
pub(super) const RETIRED: [(&str, &str); 9] = [
    ("number_of_vms", NEVER_READ),
    ("check_vms_signals", NEVER_READ),
    ("vm_name_search_pattern", NEVER_READ),
    ("upgrade_repo_url", UPGRADE),
    ("upgrade_repo_ref", UPGRADE),
    ("upgrade_script_path", UPGRADE),
    ("mtv_upgrade_to_version", UPGRADE),
    ("mtv_upgrade_to_source", UPGRADE),
    ("mtv_upgrade_image_index", UPGRADE),
];
