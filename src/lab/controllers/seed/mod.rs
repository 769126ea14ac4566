//! Everything that exists in the cluster before the first request.

mod cluster;
mod definitions;
mod forklift;
mod plant;
mod start;

pub use plant::{PlantError, plant};
pub use start::seed;
