//! The order in which the first objects are made: definitions first, so that their kinds exist.

use super::{cluster, definitions, forklift, golden};
use crate::facts::parse_version;
use crate::lab::fault::Failure;
use crate::lab::world::World;
use semver::Version;
use serde_json::Value;

/// All objects that exist at start. Without Forklift's kinds when they are not installed.
pub fn seed(world: &World) -> Vec<Value> {
    let failing = |wanted: &Failure| world.faults.failing(|failure| (failure == wanted).then_some(())).is_some();
    let installed = !failing(&Failure::ForkliftMissing);
    let version = parse_version(&world.spec.cluster.mtv).unwrap_or(Version::new(2, 11, 0));
    let mut objects = definitions::all(Some(&version).filter(|_| installed));
    objects.extend(cluster::all(&world.spec.cluster));
    objects.extend(golden::all(&world.spec));
    if installed {
        objects.extend(forklift::all(&world.spec.cluster, !failing(&Failure::ForkliftPodsDown)));
    }
    objects
}
