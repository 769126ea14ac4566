//! Everything that exists in the cluster before the first request.

mod cluster;
mod definitions;
mod forklift;
mod golden;
mod plant;
mod start;

pub(crate) use forklift::INVENTORY_HOST;
pub use plant::{PlantError, plant};
pub use start::seed;
