//! The client of the Forklift inventory service.
