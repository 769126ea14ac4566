//! Sprig's arithmetic: everything is turned into a number first, and what is none counts as zero.

use gotmpl::{Result, TemplateError, Value};

pub(super) fn add(arguments: &[Value]) -> i64 {
    arguments.iter().fold(0, |sum: i64, value| sum.wrapping_add(integer(value)))
}

pub(super) fn mul(arguments: &[Value]) -> i64 {
    arguments.iter().fold(1, |product: i64, value| product.wrapping_mul(integer(value)))
}

pub(super) fn sub(arguments: &[Value]) -> i64 {
    integer(&arguments[0]).wrapping_sub(integer(&arguments[1]))
}

pub(super) fn largest(arguments: &[Value]) -> i64 {
    arguments.iter().map(integer).fold(i64::MIN, i64::max)
}

pub(super) fn smallest(arguments: &[Value]) -> i64 {
    arguments.iter().map(integer).fold(i64::MAX, i64::min)
}

/// `div` or `mod`.
pub(super) fn divided(name: &str, arguments: &[Value], divide: fn(i64, i64) -> i64) -> Result<Value> {
    let (whole, by) = (integer(&arguments[0]), integer(&arguments[1]));
    if by == 0 {
        return Err(TemplateError::Exec(format!("{name}: integer divide by zero")));
    }
    Ok(Value::Int(divide(whole, by)))
}

/// Half goes away from zero from `.5` on, or from another fraction given last.
pub(super) fn round(arguments: &[Value]) -> Result<Value> {
    let places = i32::try_from(super::functions::count(arguments, 1)?).unwrap_or(0);
    let on = arguments.get(2).map_or(0.5, number);
    let scale = 10f64.powi(places);
    let digit = scale * number(&arguments[0]);
    let rounded = if digit.fract().abs() >= on { digit.trunc() + digit.signum() } else { digit.trunc() };
    Ok(Value::Float(rounded / scale))
}

/// What Sprig makes of anything where it wants a whole number.
pub(super) fn integer(value: &Value) -> i64 {
    match value {
        Value::Int(value) => *value,
        Value::Uint(value) => i64::try_from(*value).unwrap_or(0),
        #[expect(clippy::cast_possible_truncation, reason = "the fraction is cut off, as Go does")]
        Value::Float(value) => *value as i64,
        Value::Bool(value) => i64::from(*value),
        Value::String(text) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

/// What Sprig makes of anything where it wants a number.
pub(super) fn number(value: &Value) -> f64 {
    match value {
        Value::Float(value) => *value,
        Value::String(text) => text.parse().unwrap_or(0.0),
        #[expect(clippy::cast_precision_loss, reason = "as Go does")]
        other => integer(other) as f64,
    }
}
