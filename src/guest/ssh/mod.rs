//! SSH: one connection, its authentication, its commands.
