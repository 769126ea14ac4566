//! The client of every source with a JSON API: login, one renewal of it, bounds and repeats, the service's own words.
//!
//! It knows no API: a [`Login`] says how to log in, what marks a request and where an answer has its words. A refused
//! login is remembered: no call is sent after it, so that a wrong password cannot lock the account.

mod api;
mod call;
mod exchange;
mod query;
#[cfg(test)]
mod tests;

pub(super) use api::{Api, Login, LoginFailure};
pub(super) use call::{ADDRESS_REMEDY, Answer, Call};
pub(super) use exchange::Exchange;
pub(super) use query::query_value;
