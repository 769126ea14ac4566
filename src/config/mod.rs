//! Settings, providers file and secrets.
