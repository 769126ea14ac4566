//! The functions of the product's templates, with Sprig's meaning: exactly these, beside those that Go brings.
//!
//! To Go a string is bytes; where a cut falls into a character, the character is replaced here, which no name survives
//! anyway. Source: forklift-api.md section 8.

use super::numbers::{add, divided, integer, largest, mul, number, round, smallest, sub};
use super::pattern;
use gotmpl::{Result, TemplateError, Value};

/// The longest text that `repeat` makes here: far beyond any name.
const REPEATED_MAX_BYTES: usize = 1 << 20;

/// As many arguments as one likes.
const MANY: usize = usize::MAX;

type Function = fn(&[Value]) -> Result<Value>;

/// Name, fewest and most arguments, function.
pub(super) type Entry = (&'static str, [usize; 2], Function);

pub(super) const FUNCTIONS: [Entry; 29] = [
    ("lower", [1, 1], |a| Ok(string(text(a, 0)?.chars().map(lower).collect()))),
    ("upper", [1, 1], |a| Ok(string(text(a, 0)?.chars().map(upper).collect()))),
    ("contains", [2, 2], |a| Ok(Value::Bool(text(a, 1)?.contains(text(a, 0)?)))),
    ("replace", [3, 3], |a| Ok(string(text(a, 2)?.replace(text(a, 0)?, text(a, 1)?)))),
    ("trim", [1, 1], |a| Ok(string(text(a, 0)?.trim().to_owned()))),
    ("trimAll", [2, 2], |a| Ok(string(without(text(a, 1)?, text(a, 0)?).to_owned()))),
    ("trimSuffix", [2, 2], |a| {
        let whole = text(a, 1)?;
        Ok(string(whole.strip_suffix(text(a, 0)?).unwrap_or(whole).to_owned()))
    }),
    ("trimPrefix", [2, 2], |a| {
        let whole = text(a, 1)?;
        Ok(string(whole.strip_prefix(text(a, 0)?).unwrap_or(whole).to_owned()))
    }),
    ("title", [1, 1], |a| Ok(string(by_word(text(a, 0)?, upper)))),
    ("untitle", [1, 1], |a| Ok(string(by_word(text(a, 0)?, lower)))),
    ("repeat", [2, 2], repeat),
    ("substr", [3, 3], substr),
    ("nospace", [1, 1], |a| Ok(string(without_space(text(a, 0)?)))),
    ("trunc", [2, 2], trunc),
    ("initials", [1, 1], |a| Ok(string(initials(text(a, 0)?)))),
    ("hasPrefix", [2, 2], |a| Ok(Value::Bool(text(a, 1)?.starts_with(text(a, 0)?)))),
    ("hasSuffix", [2, 2], |a| Ok(Value::Bool(text(a, 1)?.ends_with(text(a, 0)?)))),
    ("mustRegexReplaceAll", [3, 3], regex_replace),
    ("add", [0, MANY], |a| Ok(Value::Int(add(a)))),
    ("add1", [1, 1], |a| Ok(Value::Int(integer(&a[0]).wrapping_add(1)))),
    ("sub", [2, 2], |a| Ok(Value::Int(sub(a)))),
    ("div", [2, 2], |a| divided("div", a, i64::wrapping_div)),
    ("mod", [2, 2], |a| divided("mod", a, i64::wrapping_rem)),
    ("mul", [1, MANY], |a| Ok(Value::Int(mul(a)))),
    ("max", [1, MANY], |a| Ok(Value::Int(largest(a)))),
    ("min", [1, MANY], |a| Ok(Value::Int(smallest(a)))),
    ("floor", [1, 1], |a| Ok(Value::Float(number(&a[0]).floor()))),
    ("ceil", [1, 1], |a| Ok(Value::Float(number(&a[0]).ceil()))),
    ("round", [2, 3], round),
];

/// Calls a function if the number of arguments is right.
///
/// # Errors
/// It is not, or the function fails.
pub(super) fn call(entry: Entry, arguments: &[Value]) -> Result<Value> {
    let (name, [fewest, most], function) = entry;
    let got = arguments.len();
    if got < fewest || got > most {
        let more = if fewest == most { "" } else { "at least " };
        return Err(TemplateError::Exec(format!("wrong number of args for {name}: want {more}{fewest} got {got}")));
    }
    function(arguments)
}

fn string(text: String) -> Value {
    Value::String(text.into())
}

fn text(arguments: &[Value], at: usize) -> Result<&str> {
    let value = &arguments[at];
    value.as_str().ok_or_else(|| TemplateError::TypeMismatch { expected: "string", got: value.type_name() })
}

/// An argument that must be a whole number.
pub(super) fn count(arguments: &[Value], at: usize) -> Result<i64> {
    let value = &arguments[at];
    value.as_int().ok_or_else(|| TemplateError::TypeMismatch { expected: "int", got: value.type_name() })
}

/// Go maps characters one to one.
fn upper(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    if upper.len() == 1 { upper.next().unwrap_or(letter) } else { letter }
}

fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

fn without<'a>(whole: &'a str, cut: &str) -> &'a str {
    whole.trim_matches(|letter| cut.contains(letter))
}

/// Changes the first letter of each word. To Go's `Title` a word begins after anything but a letter, digit or underscore.
fn by_word(text: &str, change: fn(char) -> char) -> String {
    let mut before = ' ';
    text.chars()
        .map(|letter| {
            let begins = !(before.is_alphanumeric() || before == '_');
            before = letter;
            if begins { change(letter) } else { letter }
        })
        .collect()
}

/// Sprig takes each byte for a character, and so spoils whatever is not ASCII.
fn without_space(text: &str) -> String {
    text.bytes().map(char::from).filter(|letter| !letter.is_whitespace()).collect()
}

fn initials(text: &str) -> String {
    text.split_whitespace().filter_map(|word| word.chars().next()).collect()
}

fn repeat(arguments: &[Value]) -> Result<Value> {
    let (times, text) = (count(arguments, 0)?, text(arguments, 1)?);
    let times = usize::try_from(times).map_err(|_| TemplateError::Exec("negative Repeat count".to_owned()))?;
    if text.len().checked_mul(times).is_none_or(|bytes| bytes > REPEATED_MAX_BYTES) {
        return Err(TemplateError::Exec(format!("repeat: more than {REPEATED_MAX_BYTES} bytes")));
    }
    Ok(string(text.repeat(times)))
}

fn cut(text: &str, from: usize, to: usize) -> Result<Value> {
    let bytes = text.as_bytes().get(from..to);
    let bytes = bytes.ok_or_else(|| TemplateError::Exec(format!("slice bounds out of range [{from}:{to}]")))?;
    Ok(string(String::from_utf8_lossy(bytes).into_owned()))
}

fn substr(arguments: &[Value]) -> Result<Value> {
    let (start, end, text) = (count(arguments, 0)?, count(arguments, 1)?, text(arguments, 2)?);
    let whole = text.len();
    match usize::try_from(start) {
        Ok(from) => cut(text, from, usize::try_from(end).ok().filter(|end| *end <= whole).unwrap_or(whole)),
        // A negative start takes all before the end, which must then be one.
        Err(_) => cut(text, 0, usize::try_from(end).unwrap_or(usize::MAX)),
    }
}

fn trunc(arguments: &[Value]) -> Result<Value> {
    let (length, text) = (count(arguments, 0)?, text(arguments, 1)?);
    let whole = text.len();
    let kept = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    if kept >= whole {
        return Ok(string(text.to_owned()));
    }
    if length < 0 { cut(text, whole - kept, whole) } else { cut(text, 0, kept) }
}

fn regex_replace(arguments: &[Value]) -> Result<Value> {
    let (pattern, subject, by) = (text(arguments, 0)?, text(arguments, 1)?, text(arguments, 2)?);
    let pattern = pattern::compile(pattern)
        .map_err(|why| TemplateError::Exec(format!("mustRegexReplaceAll: error parsing regexp: {why}")))?;
    Ok(string(pattern.replace_all(subject, by).into_owned()))
}
