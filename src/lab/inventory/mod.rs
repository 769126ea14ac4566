//! The Forklift inventory service.
