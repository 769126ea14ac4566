//! Names of claims that the array fills: a template's outcome and eight hexadecimal digits.
//!
//! Source: forklift-api.md section 8 (default of xcopy, "xcopy ends exact: prefix-8 hex").

use super::super::super::hub::Hub;
use super::super::claim_names::{Variables, render, template_of};
use crate::facts::Seed;
use serde_json::Value;

/// The claim's name; the same each time it is asked for with this `purpose`.
///
/// # Errors
/// The template cannot be rendered.
pub(super) fn claim_name(
    hub: &Hub,
    plan: &Value,
    entry: &Value,
    vm_id: &str,
    variables: Variables<'_>,
    purpose: &str,
) -> Result<String, String> {
    let template = template_of(plan, entry);
    let prefix = if !template.is_empty() {
        render(template, variables)?
    } else if hub.since(10) {
        let (plan, vm) = (first_four(variables.plan_name), first_four(variables.vm_name));
        format!("{plan}-{vm}-disk-{}", variables.disk_index)
    } else {
        format!("{}-{vm_id}", variables.plan_name)
    };
    Ok(format!("{prefix}-{}", hexadecimal(purpose)))
}

fn first_four(text: &str) -> String {
    text.chars().take(4).collect()
}

/// Eight digits that depend on nothing but `purpose`.
fn hexadecimal(purpose: &str) -> String {
    let mut stream = Seed(0).stream(purpose);
    (0..8).map(|_| stream.digit(16)).collect()
}

#[cfg(test)]
mod tests {
    use super::hexadecimal;

    #[test]
    fn the_end_is_eight_digits_of_the_purpose() {
        let one = hexadecimal("m/vm-1/0");
        assert!(one.len() == 8 && one.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
        assert_eq!(one, hexadecimal("m/vm-1/0"));
        assert_ne!(one, hexadecimal("m/vm-1/1"));
    }
}
