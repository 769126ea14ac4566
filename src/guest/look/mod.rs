//! A look into a guest: which commands it is asked, and what their answers say.
//!
//! Answers are read by pure functions, one file for each format, which take any text without harm: what a guest says is
//! not to be trusted. What could not be read is told, never made up. Nothing is judged here.

#[cfg(test)]
mod any_text_tests;
mod ask;
mod linux;
mod network;
mod run;
mod windows;

pub use run::look;
