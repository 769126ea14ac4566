//! What belongs to a clone beside its server: an image, snapshots of the source's volumes, volumes. Their names tell
//! whose they are.
//!
//! Source: source-providers.md section 4.3.

use super::cloud::Cloud;
use super::keystone::Service;
use super::wire::{Image, Named};
use crate::provider::ProviderError;
use crate::wait::{Deadline, Seen, poll};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(2);
const FAILED_REMEDY: &str = "look at the service's log on the source for this id, and see that its storage has room";

/// The names of a clone's parts.
pub(super) struct PartNames<'a>(pub(super) &'a str);

impl PartNames<'_> {
    /// The image that Nova makes of the source.
    pub(super) fn image(&self) -> String {
        format!("{}-snapshot", self.0)
    }

    /// The snapshots that Nova makes with that image.
    pub(super) fn snapshots(&self) -> String {
        format!("snapshot for {}", self.image())
    }

    /// The boot volume (0) and the others, from 1.
    pub(super) fn volume(&self, place: usize) -> String {
        if place == 0 { format!("{}-boot-vol", self.0) } else { format!("{}-data-vol-{place}", self.0) }
    }
}

/// Kind of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A volume; it goes before the snapshot that it was made of.
    Volume,
    /// A snapshot of a volume; it goes before the image that names it.
    Snapshot,
    /// An image.
    Image,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Snapshot => "snapshot",
            Self::Image => "image",
        }
    }

    /// The clone whose part has this name.
    fn clone_of(self, name: &str) -> Option<&str> {
        match self {
            Self::Volume => {
                let numbered = || name.rsplit_once("-data-vol-").filter(|(_, number)| is_number(number));
                name.strip_suffix("-boot-vol").or_else(|| numbered().map(|(clone, _)| clone))
            }
            Self::Snapshot => name.strip_prefix("snapshot for ")?.strip_suffix("-snapshot"),
            Self::Image => name.strip_suffix("-snapshot"),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An image, snapshot or volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    kind: Kind,
    pub(super) id: String,
    name: String,
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} ({})", self.kind.noun(), self.name, self.id)
    }
}

/// What is read to see how a part does.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    status: String,
}

impl Part {
    pub(super) fn image(id: &str, name: &str) -> Self {
        Self { kind: Kind::Image, id: id.to_owned(), name: name.to_owned() }
    }

    pub(super) fn snapshot(id: &str, name: &str) -> Self {
        Self { kind: Kind::Snapshot, id: id.to_owned(), name: name.to_owned() }
    }

    pub(super) fn volume(id: &str, name: &str) -> Self {
        Self { kind: Kind::Volume, id: id.to_owned(), name: name.to_owned() }
    }

    /// The clone that it belongs to.
    pub(super) fn clone_name(&self) -> &str {
        self.kind.clone_of(&self.name).unwrap_or_default()
    }

    fn place(&self) -> (Service, String, &'static str) {
        match self.kind {
            Kind::Volume => (Service::Volume, format!("/volumes/{}", self.id), "volume"),
            Kind::Snapshot => (Service::Volume, format!("/snapshots/{}", self.id), "snapshot"),
            Kind::Image => (Service::Image, format!("/images/{}", self.id), ""),
        }
    }

    /// Its status; `None` when it is gone.
    async fn status(&self, cloud: &Cloud) -> Result<Option<String>, ProviderError> {
        let (service, path, key) = self.place();
        match cloud.get::<Status>(service, (&path, key), self).await {
            Ok(found) if matches!(found.status.as_str(), "deleted" | "pending_delete") => Ok(None),
            Ok(found) => Ok(Some(found.status)),
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes it, without waiting; `false` when it was gone.
    pub(super) async fn delete(&self, cloud: &Cloud) -> Result<bool, ProviderError> {
        let (service, path, _) = self.place();
        cloud.delete(service, (&path, self.kind.noun()), self).await
    }
}

/// Every part in the project of a clone whose name `is_wanted`, in the order in which parts can be deleted.
pub(super) async fn of_clones(cloud: &Cloud, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Part>, ProviderError> {
    let images = format!("/images?owner={}", cloud.project().await?);
    let (volumes, snapshots, images) = futures::future::try_join3(
        cloud.list::<Named>(Service::Volume, "/volumes", "volumes"),
        cloud.list::<Named>(Service::Volume, "/snapshots", "snapshots"),
        cloud.list::<Image>(Service::Image, &images, "images"),
    )
    .await?;
    let volumes = volumes.iter().map(|volume| Part::volume(&volume.id, &volume.name));
    let snapshots = snapshots.iter().map(|snapshot| Part::snapshot(&snapshot.id, &snapshot.name));
    let images = images.iter().map(|image| Part::image(&image.id, &image.name));
    let all = volumes.chain(snapshots).chain(images);
    Ok(all.filter(|part| part.kind.clone_of(&part.name).is_some_and(&is_wanted)).collect())
}

/// Waits until a part can be used. A failed one ends the wait with the service's own words.
pub(super) async fn wait_available(cloud: &Cloud, part: &Part, deadline: &Deadline) -> Result<(), ProviderError> {
    let what = format!("wait for {part} to be available");
    poll(&what, deadline, EVERY, || look_available(cloud, part)).await?
}

async fn look_available(cloud: &Cloud, part: &Part) -> Seen<Result<(), ProviderError>> {
    let status = match part.status(cloud).await {
        Ok(Some(status)) => status,
        Ok(None) => return Seen::Met(Err(failed(part, "somebody deleted it".to_owned()))),
        Err(error) => return Seen::Met(Err(error)),
    };
    match status.as_str() {
        "available" | "active" | "in-use" => Seen::Met(Ok(())),
        "killed" => Seen::Met(Err(failed(part, "it is in state killed".to_owned()))),
        _ if status.starts_with("error") => {
            let words = messages(cloud, part).await.map(|words| format!(": {words}")).unwrap_or_default();
            Seen::Met(Err(failed(part, format!("it is in state {status}{words}"))))
        }
        _ => Seen::Pending(format!("it is {status}")),
    }
}

fn failed(part: &Part, problem: String) -> ProviderError {
    ProviderError::Unhealthy { vm: part.to_string(), problem, remedy: FAILED_REMEDY }
}

/// What Cinder tells its users about a volume or snapshot; its own status has no words.
async fn messages(cloud: &Cloud, part: &Part) -> Option<String> {
    if part.kind == Kind::Image {
        return None;
    }
    let path = format!("/messages?resource_uuid={}", part.id);
    let told: Vec<Value> = cloud.list(Service::Volume, &path, "messages").await.ok()?;
    let newest = told.iter().max_by_key(|message| message["created_at"].as_str().unwrap_or_default().to_owned())?;
    Some(newest["user_message"].as_str()?.trim_end_matches('.').to_owned())
}

/// Deletes a part and waits until it is gone. One that is still busy is asked again.
pub(super) async fn remove(cloud: &Cloud, part: &Part, deadline: &Deadline) -> Result<(), ProviderError> {
    let what = format!("wait for {part} to be gone");
    poll(&what, deadline, EVERY, || look_gone(cloud, part)).await?
}

/// Waits until a part is gone whose deletion was accepted.
pub(super) async fn wait_gone(cloud: &Cloud, part: &Part, deadline: &Deadline) -> Result<(), ProviderError> {
    let look = async || match part.status(cloud).await {
        Ok(None) => Seen::Met(Ok(())),
        Ok(Some(status)) => Seen::Pending(format!("it is {status}")),
        Err(error) => Seen::Met(Err(error)),
    };
    poll(&format!("wait for {part} to be gone"), deadline, EVERY, look).await?
}

async fn look_gone(cloud: &Cloud, part: &Part) -> Seen<Result<(), ProviderError>> {
    match part.status(cloud).await {
        Ok(None) => Seen::Met(Ok(())),
        Ok(Some(status)) if status == "deleting" => Seen::Pending("it is being deleted".to_owned()),
        Ok(Some(status)) => match part.delete(cloud).await {
            Ok(_) => match part.status(cloud).await {
                Ok(None) => Seen::Met(Ok(())),
                Ok(Some(status)) => Seen::Pending(format!("it is {status}")),
                Err(error) => Seen::Met(Err(error)),
            },
            // Busy, or something was made of it that is not gone yet.
            Err(ProviderError::Refused(refusal)) if matches!(refusal.status, Some(400 | 409)) => {
                Seen::Pending(format!("it is {status}, and cannot be deleted yet: {}", refusal.message))
            }
            Err(error) => Seen::Met(Err(error)),
        },
        Err(error) => Seen::Met(Err(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_whose_part_it_is() {
        let names = PartNames("mtv-x");
        for (kind, name, clone) in [
            (Kind::Volume, names.volume(0), Some("mtv-x")),
            (Kind::Volume, names.volume(12), Some("mtv-x")),
            (Kind::Snapshot, names.snapshots(), Some("mtv-x")),
            (Kind::Image, names.image(), Some("mtv-x")),
            (Kind::Volume, "mtv-x-data-vol-".to_owned(), None),
            (Kind::Volume, "mtv-x-data-vol-1b".to_owned(), None),
            (Kind::Volume, "other".to_owned(), None),
            (Kind::Snapshot, "mtv-x-snapshot".to_owned(), None),
            (Kind::Image, "rhel-9".to_owned(), None),
        ] {
            assert_eq!(kind.clone_of(&name), clone, "{name}");
        }
    }
}
