//! Durations as people write them.

use std::time::Duration;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a duration; write 90s, 6m, 1h 5m, 250ms or plain seconds")]
pub struct DurationError;

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Longest duration that is accepted: a year. More is a slip of the unit, and tokio's clock would overflow.
const MOST_MILLIS: u64 = 365 * 86_400_000;

/// A duration: numbers with the units `ms s m h d` (`1h 5m`, `6m`, `250ms`), or a plain number of seconds, which may
/// have a fraction (`0.5`).
///
/// # Errors
/// The text is empty, has an unknown or repeated unit, or is longer than a year.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    parse_duration_in(text, "s")
}

/// As [`parse_duration`], a plain number counting `unit`.
pub(super) fn parse_duration_in(text: &str, unit: &str) -> Result<Duration, DurationError> {
    let mut rest = text.trim();
    let mut millis = 0_u64;
    let mut finest = u64::MAX;
    while !rest.is_empty() || finest == u64::MAX {
        let number = &rest[..rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len())];
        let after = &rest[number.len()..];
        let word = &after[..after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len())];
        let plain = word.is_empty() && after.is_empty() && finest == u64::MAX;
        let factor = factor_of(if plain { unit } else { word }).ok_or(DurationError)?;
        // Coarse units first, each once: "5m 1h" and "5m 5m" are slips.
        if factor >= finest {
            return Err(DurationError);
        }
        finest = factor;
        millis = millis.checked_add(scaled(number, factor)?).ok_or(DurationError)?;
        rest = after[word.len()..].trim_start();
    }
    if millis > MOST_MILLIS { Err(DurationError) } else { Ok(Duration::from_millis(millis)) }
}

fn factor_of(unit: &str) -> Option<u64> {
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

fn scaled(number: &str, factor: u64) -> Result<u64, DurationError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > 9 {
        return Err(DurationError);
    }
    let whole: u64 = whole.parse().map_err(|_| DurationError)?;
    let parts: u64 = fraction.parse().map_err(|_| DurationError)?;
    let scale = 10_u64.pow(u32::try_from(fraction.len()).map_err(|_| DurationError)?);
    let rest = parts.checked_mul(factor).ok_or(DurationError)? / scale;
    whole.checked_mul(factor).and_then(|whole| whole.checked_add(rest)).ok_or(DurationError)
}

/// The duration in the form that [`parse_duration`] reads: `1h 5m`, `0s`.
pub fn format_duration(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    for (unit, factor) in UNITS.iter().rev() {
        let count = millis / factor;
        // Days are read but not written: 36h says the same and is the field's habit.
        if count > 0 && *unit != "d" {
            parts.push(format!("{count}{unit}"));
            millis %= factor;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_forms_people_write() {
        for (text, millis) in [
            ("1h 5m", 3_900_000),
            ("1h5m", 3_900_000),
            ("6m", 360_000),
            ("30s", 30_000),
            ("250ms", 250),
            ("301", 301_000),
            (" 0.5 ", 500),
            ("1.5h", 5_400_000),
            ("0", 0),
            ("2d", 172_800_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse_duration_in("5", "m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse_duration_in("5s", "m"), Ok(Duration::from_secs(5)));
    }

    #[test]
    fn refuses_slips() {
        for text in ["", " ", "m", "5x", "5m 1h", "5m 5m", "-1s", "1h 5", "1..5s", ".5s", "5.s", "400d", "1e3", "6 m"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert!(parse_duration("99999999999999999999").is_err());
        assert!(parse_duration("18446744073709551615h").is_err());
    }

    #[test]
    fn writes_what_it_reads() {
        assert_eq!(format_duration(Duration::from_secs(3_900)), "1h 5m");
        assert_eq!(format_duration(Duration::from_secs(301)), "5m 1s");
        assert_eq!(format_duration(Duration::ZERO), "0s");
        assert_eq!(format_duration(Duration::from_secs(129_600)), "36h");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC*") {
            if let Ok(duration) = parse_duration(&text) {
                prop_assert!(duration.as_millis() <= u128::from(MOST_MILLIS));
            }
        }

        #[test]
        fn written_forms_are_read_back(millis in 0..MOST_MILLIS) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
