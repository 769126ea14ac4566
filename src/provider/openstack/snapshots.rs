//! Snapshots of a server: one of each volume, of the same name.

use super::cloud::Cloud;
use super::facts;
use super::keystone::Service;
use super::parts::{self, Part};
use super::wire::{Volume, VolumeSnapshot};
use crate::facts::SourceSnapshot;
use crate::provider::{ProviderError, Removal, VmRef};
use crate::wait::Deadline;
use serde_json::json;

/// The snapshots of a volume, oldest first.
pub(super) async fn of_volume(cloud: &Cloud, volume: &Volume) -> Result<Vec<SourceSnapshot>, ProviderError> {
    let mut found = listed(cloud, volume).await?;
    found.sort_by(|left, right| left.created_at.cmp(&right.created_at).then_with(|| left.id.cmp(&right.id)));
    Ok(found
        .into_iter()
        .map(|snapshot| SourceSnapshot {
            id: snapshot.id,
            name: snapshot.name,
            created: utc(&snapshot.created_at),
            state: snapshot.status,
        })
        .collect())
}

async fn listed(cloud: &Cloud, volume: &Volume) -> Result<Vec<VolumeSnapshot>, ProviderError> {
    let path = format!("/snapshots/detail?volume_id={}", volume.id);
    let mut found: Vec<VolumeSnapshot> = cloud.list(Service::Volume, &path, "snapshots").await?;
    // Not every version knows the filter.
    found.retain(|snapshot| snapshot.volume_id == volume.id);
    Ok(found)
}

/// Cinder's times are UTC without saying so.
fn utc(text: &str) -> String {
    let text = text.split('.').next().unwrap_or_default();
    if text.is_empty() || text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") }
}

/// Takes one of every volume, which is in use; the id is that of the first volume's.
pub(super) async fn create(
    cloud: &Cloud,
    vm: &VmRef,
    name: &str,
    deadline: &Deadline,
) -> Result<String, ProviderError> {
    let volumes = facts::volumes(cloud, vm).await?;
    let mut made = Vec::new();
    for volume in &volumes {
        made.push(take(cloud, volume, name).await?);
    }
    for snapshot in &made {
        let part = Part::snapshot(&snapshot.id, name);
        parts::wait_available(cloud, &part, deadline).await?;
    }
    made.into_iter().next().map(|snapshot| snapshot.id).ok_or_else(|| ProviderError::Invalid {
        operation: format!("snapshot {name:?} of {vm}"),
        problem: "it has no volume".to_owned(),
        remedy: "take a source VM that was booted from a volume",
    })
}

/// Asks for a snapshot of a volume, whether it is in use or not.
pub(super) async fn take(cloud: &Cloud, volume: &Volume, name: &str) -> Result<VolumeSnapshot, ProviderError> {
    let body = json!({"snapshot": {"volume_id": volume.id, "name": name, "force": true}});
    let about = format!("{name} of volume {}", volume.id);
    cloud.make(Service::Volume, ("/snapshots", "snapshot", body), &about).await
}

/// Removes those of this name from every volume.
pub(super) async fn remove(
    cloud: &Cloud,
    vm: &VmRef,
    name: &str,
    deadline: &Deadline,
) -> Result<Removal, ProviderError> {
    let volumes = match facts::volumes(cloud, vm).await {
        Ok(volumes) => volumes,
        Err(error) if error.is_gone() => return Ok(Removal::AlreadyGone),
        Err(error) => return Err(error),
    };
    let mut removal = Removal::AlreadyGone;
    for volume in &volumes {
        for snapshot in listed(cloud, volume).await?.into_iter().filter(|snapshot| snapshot.name == name) {
            parts::remove(cloud, &Part::snapshot(&snapshot.id, name), deadline).await?;
            removal = Removal::Removed;
        }
    }
    Ok(removal)
}
