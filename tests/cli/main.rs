//! The program as its users call it: its texts, exit codes and files; served labs over real sockets; signals.
//!
//! Every test has a directory of its own, which is also the working directory of the program. Nothing here sleeps: tests
//! wait for lines that the program prints, and a watchdog kills what takes too long.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must end here")]

mod bad_environment;
mod bad_input;
mod bin;
mod folder;
mod run_directory;
mod served;
mod signals;
mod texts;
mod transcript;
mod virtctl;
