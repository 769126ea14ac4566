//! Kubernetes quantities (`30Gi`, `1500M`, `2147483648`) as bytes.

/// A quantity that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a quantity such as 30Gi, 1500M or 2147483648")]
pub struct QuantityError(pub String);

const UNITS: [(&str, f64); 12] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("m", 1e-3),
    ("", 1.0),
];

/// Bytes of a Kubernetes quantity, rounded up as the API server does for storage.
///
/// # Errors
/// The text has no number or an unknown unit.
pub fn parse_quantity_bytes(text: &str) -> Result<u64, QuantityError> {
    let trimmed = text.trim();
    let digits = trimmed.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = &trimmed[digits.len()..];
    let fail = || QuantityError(text.to_owned());
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor).ok_or_else(fail)?;
    if let Ok(whole) = digits.parse::<u64>()
        && factor >= 1.0
    {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "every factor here is whole")]
        return whole.checked_mul(factor as u64).ok_or_else(fail);
    }
    let number: f64 = digits.parse().map_err(|_| fail())?;
    if !(number.is_finite() && number >= 0.0) {
        return Err(fail());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be finite and positive")]
    Ok((number * factor).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::parse_quantity_bytes;

    #[test]
    fn reads_binary_decimal_and_plain_forms() {
        for (text, bytes) in [
            ("30Gi", 32_212_254_720),
            ("1500M", 1_500_000_000),
            ("17179869184", 17_179_869_184),
            ("0.5Gi", 536_870_912),
            ("1500m", 2),
            ("0", 0),
        ] {
            assert_eq!(parse_quantity_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "Gi", "12Xi", "-1Gi", "1e400"] {
            assert!(parse_quantity_bytes(text).is_err(), "{text}");
        }
    }
}
