//! How each kind of value is written and read, the same in every layer.

use crate::config::duration::parse_duration_in;
use crate::config::{Secret, format_duration};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// The written form of a value.
pub(super) trait Format {
    /// The type it is read into.
    type Of;
    /// The form in words, for documentation.
    const WORDS: &'static str;
    /// Whether the value must not be shown.
    const SECRET: bool = false;
    /// Whether the value is a list: a YAML list in the file, commas between the items elsewhere.
    const LIST: bool = false;

    /// Reads a value.
    ///
    /// # Errors
    /// What to write instead.
    fn parse(text: &str) -> Result<Self::Of, String>;

    /// The value as it may be written; `None` when there is none.
    fn show(value: &Self::Of) -> Option<String>;

    /// JSON Schema of the value in the settings file.
    fn schema() -> Value {
        json!({"type": ["string", "number", "null"]})
    }
}

/// Between the items of a list that came as one, so that items may hold commas.
pub(super) const LIST_END: &str = "\n";

/// A text that may be absent; empty unsets it.
pub(super) struct OptionalText;
/// A path that may be absent; empty unsets it.
pub(super) struct OptionalPath;
/// A path.
pub(super) struct FilePath;
/// A text, not empty.
pub(super) struct Text;
/// A DNS-1123 label.
pub(super) struct Label;
/// A secret that may be absent.
pub(super) struct OptionalSecret;
/// true or false.
pub(super) struct Switch;
/// As [`Switch`], meaning the opposite: only for legacy variables.
pub(super) struct InverseSwitch;
/// A duration above zero.
pub(super) struct Span;
/// A duration; a plain number counts minutes.
pub(super) struct Minutes;
/// Whole minutes, at least one; a plain number counts minutes.
pub(super) struct WholeMinutes;
/// A number from 1 that may be absent.
pub(super) struct OptionalCount;
/// A number from 0 that may be absent.
pub(super) struct OptionalNumber;
/// A list of names.
pub(super) struct Names;
/// The way to guests' SSH.
pub(super) struct Tunnel;

impl Format for OptionalText {
    type Of = Option<String>;
    const WORDS: &'static str = "text";

    fn parse(text: &str) -> Result<Self::Of, String> {
        Ok(Some(text.to_owned()).filter(|text| !text.trim().is_empty()))
    }

    fn show(value: &Self::Of) -> Option<String> {
        value.clone()
    }
}

impl Format for OptionalPath {
    type Of = Option<PathBuf>;
    const WORDS: &'static str = "path";

    fn parse(text: &str) -> Result<Self::Of, String> {
        Ok(OptionalText::parse(text)?.map(PathBuf::from))
    }

    fn show(value: &Self::Of) -> Option<String> {
        value.as_ref().map(|path| path.display().to_string())
    }
}

impl Format for FilePath {
    type Of = PathBuf;
    const WORDS: &'static str = "path";

    fn parse(text: &str) -> Result<Self::Of, String> {
        Text::parse(text).map(PathBuf::from)
    }

    fn show(value: &Self::Of) -> Option<String> {
        Some(value.display().to_string())
    }
}

impl Format for Text {
    type Of = String;
    const WORDS: &'static str = "text";

    fn parse(text: &str) -> Result<Self::Of, String> {
        OptionalText::parse(text)?.ok_or_else(|| "write a text that is not empty".to_owned())
    }

    fn show(value: &Self::Of) -> Option<String> {
        Some(value.clone())
    }
}

impl Format for Label {
    type Of = String;
    const WORDS: &'static str = "DNS label";

    fn parse(text: &str) -> Result<Self::Of, String> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good =
            (1..=63).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('-') && !text.ends_with('-');
        let remedy = "write 1 to 63 lower-case letters, digits and dashes, no dash at either end";
        if good { Ok(text.to_owned()) } else { Err(remedy.to_owned()) }
    }

    fn show(value: &Self::Of) -> Option<String> {
        Some(value.clone())
    }
}

impl Format for OptionalSecret {
    type Of = Option<Secret>;
    const WORDS: &'static str = "secret";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self::Of, String> {
        Ok((!text.is_empty()).then(|| Secret::new(text)))
    }

    fn show(value: &Self::Of) -> Option<String> {
        value.as_ref().map(|_| "[secret]".to_owned())
    }
}

impl Format for Switch {
    type Of = bool;
    const WORDS: &'static str = "true or false";

    fn parse(text: &str) -> Result<Self::Of, String> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("write true or false".to_owned()),
        }
    }

    fn show(value: &Self::Of) -> Option<String> {
        Some(value.to_string())
    }

    fn schema() -> Value {
        json!({"enum": [true, false, "true", "false", null]})
    }
}

impl Format for InverseSwitch {
    type Of = bool;
    const WORDS: &'static str = Switch::WORDS;

    fn parse(text: &str) -> Result<Self::Of, String> {
        Switch::parse(&text.to_lowercase()).map(|on| !on)
    }

    fn show(value: &Self::Of) -> Option<String> {
        Switch::show(&!value)
    }
}

impl Format for Span {
    type Of = Duration;
    const WORDS: &'static str = "duration";

    fn parse(text: &str) -> Result<Self::Of, String> {
        let remedy = "write a duration above zero: 90s, 6m, 1h 5m, 250ms or plain seconds";
        match parse_duration_in(text, "s") {
            Ok(duration) if !duration.is_zero() => Ok(duration),
            _ => Err(remedy.to_owned()),
        }
    }

    fn show(value: &Self::Of) -> Option<String> {
        Some(format_duration(*value))
    }
}

impl Format for Minutes {
    type Of = Duration;
    const WORDS: &'static str = "duration; a plain number is minutes";

    fn parse(text: &str) -> Result<Self::Of, String> {
        parse_duration_in(text, "m").map_err(|_| "write plain minutes or a duration: 5, 90s, 1h".to_owned())
    }

    fn show(value: &Self::Of) -> Option<String> {
        Some(format_duration(*value))
    }
}

impl Format for WholeMinutes {
    type Of = Duration;
    const WORDS: &'static str = "whole minutes";

    fn parse(text: &str) -> Result<Self::Of, String> {
        match parse_duration_in(text, "m") {
            Ok(duration) if !duration.is_zero() && duration.as_millis().is_multiple_of(60_000) => Ok(duration),
            _ => Err("write whole minutes, at least one: 2 or 10m".to_owned()),
        }
    }

    fn show(value: &Self::Of) -> Option<String> {
        Some(format_duration(*value))
    }
}

impl Format for OptionalCount {
    type Of = Option<usize>;
    const WORDS: &'static str = "number from 1";

    fn parse(text: &str) -> Result<Self::Of, String> {
        match text.parse() {
            Ok(count) if count > 0 => Ok(Some(count)),
            _ => Err("write a whole number from 1".to_owned()),
        }
    }

    fn show(value: &Self::Of) -> Option<String> {
        value.map(|count| count.to_string())
    }
}

impl Format for OptionalNumber {
    type Of = Option<u64>;
    const WORDS: &'static str = "number";

    fn parse(text: &str) -> Result<Self::Of, String> {
        text.parse().map(Some).map_err(|_| "write a whole number from 0".to_owned())
    }

    fn show(value: &Self::Of) -> Option<String> {
        value.map(|number| number.to_string())
    }
}

impl Format for Names {
    type Of = Vec<String>;
    const WORDS: &'static str = "list of names";
    const LIST: bool = true;

    fn parse(text: &str) -> Result<Self::Of, String> {
        let separator = if text.contains(LIST_END) { LIST_END } else { "," };
        let mut names: Vec<String> = Vec::new();
        for name in text.split(separator).map(str::trim).filter(|name| !name.is_empty()) {
            if names.iter().any(|known| known == name) {
                return Err(format!("name {name:?} once"));
            }
            names.push(name.to_owned());
        }
        Ok(names)
    }

    fn show(value: &Self::Of) -> Option<String> {
        (!value.is_empty()).then(|| value.join(","))
    }

    fn schema() -> Value {
        json!({"type": ["string", "array", "null"], "items": {"type": ["string", "number"]}})
    }
}

/// How a connection to a guest's SSH port is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SshTunnel {
    /// In this process, through KubeVirt's port-forward sub-resource.
    Native,
    /// By the `virtctl` program.
    Virtctl,
}

impl Format for Tunnel {
    type Of = SshTunnel;
    const WORDS: &'static str = "native or virtctl";

    fn parse(text: &str) -> Result<Self::Of, String> {
        match text {
            "native" => Ok(SshTunnel::Native),
            "virtctl" => Ok(SshTunnel::Virtctl),
            _ => Err("write native or virtctl".to_owned()),
        }
    }

    fn show(value: &Self::Of) -> Option<String> {
        let word = match value {
            SshTunnel::Native => "native",
            SshTunnel::Virtctl => "virtctl",
        };
        Some(word.to_owned())
    }

    fn schema() -> Value {
        json!({"enum": ["native", "virtctl", null]})
    }
}
