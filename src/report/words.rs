//! Small texts that several readers share.

use crate::event::{Leftover, Verdict};

/// A duration given in milliseconds, as people read it: `850ms`, `12.3s`, `2m 05s`, `1h 02m`.
pub fn duration_text(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds}ms"),
        1..=59 => format!("{seconds}.{}s", milliseconds % 1000 / 100),
        60..=3599 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// One line for something that was left behind: what, why, and the test that made it.
pub fn leftover_line(leftover: &Leftover) -> String {
    let origin = leftover.test.as_deref().unwrap_or("the session");
    format!("{}: {} (made by {origin})", leftover.what, leftover.why)
}

/// One line for a verdict.
pub(super) fn verdict_line(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed { seen } => format!("passed: {seen}"),
        Verdict::Failed { expected, actual } => format!("failed: expected {expected}; actual {actual}"),
        Verdict::NotApplicable { reason } => format!("not applicable: {reason}"),
        Verdict::Inconclusive { reason } => format!("inconclusive: {reason}"),
    }
}

/// `1 test`, `2 tests`.
pub fn count_text(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `text` with every line after the first moved under the first by `indent` spaces.
pub(super) fn hang(text: &str, indent: usize) -> String {
    text.trim_end().replace('\n', &format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_two_units() {
        for (milliseconds, text) in [
            (0, "0ms"),
            (999, "999ms"),
            (1000, "1.0s"),
            (59_999, "59.9s"),
            (60_000, "1m 00s"),
            (125_000, "2m 05s"),
            (3_720_000, "1h 02m"),
        ] {
            assert_eq!(duration_text(milliseconds), text);
        }
    }

    #[test]
    fn later_lines_hang_under_the_first() {
        assert_eq!(hang("a\nb\n", 2), "a\n  b");
        assert_eq!(count_text(1, "test"), "1 test");
        assert_eq!(count_text(0, "test"), "0 tests");
    }
}
