//! Names of claims that the array fills: a template's outcome and eight hexadecimal digits.
//!
//! Source: forklift-api.md section 8 (default of xcopy, "xcopy ends exact: prefix-8 hex").

use super::super::super::object::name;
use super::super::claim_names::Claim;
use crate::facts::Seed;

/// The claim's name; the same each time it is asked for with this `purpose`.
///
/// # Errors
/// The template cannot be rendered.
pub(super) fn claim_name(claim: &Claim<'_>, purpose: &str) -> Result<String, String> {
    let prefix = match claim.rendered() {
        Some(rendered) => rendered?,
        None if claim.mtv.minor >= 10 => {
            let (plan, vm) = (first_four(name(claim.plan)), first_four(&claim.vm.name));
            format!("{plan}-{vm}-disk-{}", claim.index)
        }
        None => format!("{}-{}", name(claim.plan), claim.vm.moref),
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
