//! Everything that exists in the cluster before the first request.

mod cluster;
mod definitions;
mod forklift;
mod start;

pub use start::seed;
