//! Checks: pure functions from evidence to a verdict, one file each.
