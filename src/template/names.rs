//! Names of claims that follow from a template.
//!
//! Source: forklift-api.md section 8.

use super::error::TemplateError;
use super::parsed::Template;
use super::variables::Variables;

/// Longest label.
const LABEL_MAX: usize = 63;

/// What the API server keeps of a prefix before it adds its letters.
const PREFIX_MAX: usize = 58;

/// Letters that the API server adds.
const RANDOM: usize = 5;

/// Hexadecimal digits that copy-offload adds.
const OFFLOAD_DIGITS: usize = 8;

/// Whether a text is a DNS-1123 label.
pub fn is_label(name: &str) -> bool {
    (1..=LABEL_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// The text that a template gives for a claim; it is never truncated.
///
/// # Errors
/// It cannot be rendered, or the outcome is no DNS-1123 label.
pub fn claim_name(template: &Template, variables: &Variables) -> Result<String, TemplateError> {
    let rendered = template.render(variables)?;
    if is_label(&rendered) {
        return Ok(rendered);
    }
    Err(TemplateError::NotALabel { template: template.source().to_owned(), rendered })
}

/// How a claim is named after what its template gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// Exactly this.
    Exact(String),
    /// This, cut to what the API server keeps, and five letters of its choice.
    Prefix(String),
}

/// The naming that follows from a template's outcome.
pub fn naming(rendered: &str, generate_name: bool) -> Naming {
    if !generate_name {
        return Naming::Exact(rendered.trim_end_matches('-').to_owned());
    }
    let dash = if rendered.ends_with('-') { "" } else { "-" };
    Naming::Prefix(format!("{rendered}{dash}").chars().take(PREFIX_MAX).collect())
}

impl Naming {
    /// Whether a claim may have this name.
    pub fn admits(&self, claim: &str) -> bool {
        match self {
            Self::Exact(name) => claim == name,
            Self::Prefix(prefix) => claim.strip_prefix(prefix.as_str()).is_some_and(|tail| {
                tail.len() == RANDOM && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            }),
        }
    }
}

impl std::fmt::Display for Naming {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(name) => out.write_str(name),
            Self::Prefix(prefix) => write!(out, "{prefix}<{RANDOM} letters>"),
        }
    }
}

/// Whether a claim made for copy-offload may have this name: the outcome and eight hexadecimal digits.
pub fn offload_admits(rendered: &str, claim: &str) -> bool {
    let tail = claim.strip_prefix(rendered.trim_end_matches('-')).and_then(|tail| tail.strip_prefix('-'));
    tail.is_some_and(|tail| {
        tail.len() == OFFLOAD_DIGITS && tail.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Why no claim can ever be named by this template; `None` where one can.
///
/// Two proofs: a text outside all conditions that no label holds, and trials that all fail. The trials take plain names
/// and the given ones, so that a template made for certain VMs is tried with these.
pub fn never_a_label(template: &Template, vm_names: &[&str]) -> Option<TemplateError> {
    let stays = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let misfit = |text: &str| !text.trim().chars().all(stays);
    if let Some(text) = template.fixed().find(|text| misfit(text)) {
        return Some(TemplateError::NotALabel { template: template.source().to_owned(), rendered: text.to_owned() });
    }
    let mut first = None;
    for vm in vm_names.iter().chain(&["vm", "vm-1"]) {
        for (disk_index, root_disk_index, shared) in [(0, 0, false), (1, 0, true), (1, 1, false)] {
            let variables = Variables {
                vm_name: (*vm).to_owned(),
                target_vm_name: "vm".to_owned(),
                plan_name: "plan".to_owned(),
                vm_id: "vm-1".to_owned(),
                disk_index,
                root_disk_index,
                file_name: Some("vm_1.vmdk".to_owned()),
                shared,
                win_drive_letter: Some("c".to_owned()),
                ..Variables::default()
            };
            match claim_name(template, &variables) {
                Ok(_) => return None,
                Err(error) => first = first.or(Some(error)),
            }
        }
    }
    first
}
