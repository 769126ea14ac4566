//! `lab faults`: the table of product faults.

use super::args::{FaultsArgs, ListFormat};
use super::{CliError, ExitCode, output};
use crate::lab::fault::{FaultRow, HARMLESS, PRODUCT_FAULTS};
use crate::report::count_text;
use std::fmt::Write;

/// `mtvtest lab faults`.
pub(super) fn faults(args: FaultsArgs) -> Result<ExitCode, CliError> {
    let rows: Vec<FaultRow> = PRODUCT_FAULTS.iter().chain(HARMLESS).copied().collect();
    let text = match args.format {
        ListFormat::Pretty => table(&rows),
        ListFormat::Terse => rows.iter().fold(String::new(), |lines, row| lines + row.fault.key() + "\n"),
        ListFormat::Json => as_json(&rows)?,
    };
    output::print(&text).map_err(CliError::stdout)?;
    if args.format == ListFormat::Pretty {
        output::say(&count_text(u64::try_from(rows.len()).unwrap_or(u64::MAX), "fault"));
    }
    Ok(ExitCode::Success)
}

fn as_json(rows: &[FaultRow]) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(rows);
    text.map(|text| text + "\n").map_err(|error| CliError::internal(format!("write the faults as JSON: {error}")))
}

/// Columns: fault, the check that catches it, what it needs, what the product does.
fn table(rows: &[FaultRow]) -> String {
    let head = ["FAULT", "CAUGHT BY", "NEEDS", "WHAT THE PRODUCT DOES"].map(str::to_owned);
    let cells = |row: &FaultRow| {
        [row.fault.key().to_owned(), row.caught_by.to_owned(), row.needs.to_string(), row.does.to_owned()]
    };
    let lines: Vec<[String; 4]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let (fault, check, needs) = (width(0), width(1), width(2));
    lines.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{:fault$}  {:check$}  {:needs$}  {}", line[0], line[1], line[2], line[3]).ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_lines_of_aligned_columns_and_objects() {
        let rows = &PRODUCT_FAULTS[..4];
        insta::assert_snapshot!(table(rows), @r"
        FAULT             CAUGHT BY     NEEDS  WHAT THE PRODUCT DOES
        tls-flag-flipped  provider-tls  -      The Provider's Secret says the opposite of the TLS setting that was asked for.
        tls-flag-lost     provider-tls  -      The Provider's Secret loses the TLS setting.
        tls-flag-garbled  provider-tls  -      The Provider's Secret has a TLS setting that is neither true nor false.
        wrong-power       power         -      The VM is left in the opposite power state.
        ");
        let json: serde_json::Value = serde_json::from_str(&as_json(rows).unwrap()).unwrap();
        assert_eq!(json[3]["fault"], "wrong-power");
        assert_eq!((json[3]["caught_by"].as_str(), json[3]["needs"].as_str()), (Some("power"), Some("-")));
    }
}
