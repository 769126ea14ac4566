//! Inside a guest: commands over SSH. An adapter; what is asked of a guest, and when, is decided elsewhere.

pub mod ssh;
