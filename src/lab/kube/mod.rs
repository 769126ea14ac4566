//! An API server good enough for kubectl.
