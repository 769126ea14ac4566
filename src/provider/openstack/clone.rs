//! Cloning: a snapshot image, the volume snapshots that come with it, volumes of those, a server of the volumes.
//!
//! Boot order, volume types and networks stay those of the source. Image and snapshots are a means: they are deleted
//! when the clone is there, and everything is when it fails.
//!
//! Source: source-providers.md section 4.3.

use super::cloud::Cloud;
use super::keystone::Service;
use super::parts::{self, Part, PartNames};
use super::wire::{Named, Port, Server, Volume, VolumeSnapshot};
use super::{facts, power, remove, servers, snapshots};
use crate::facts::{Power, chain, nearest};
use crate::provider::rest::Answer;
use crate::provider::{CloneRequest, ProviderError, VmRef};
use crate::wait::{Deadline, Seen, poll};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const IMAGE_LIMIT: Duration = Duration::from_secs(600);
const SNAPSHOTS_LIMIT: Duration = Duration::from_secs(300);
const VOLUME_LIMIT: Duration = Duration::from_secs(600);
const SERVER_LIMIT: Duration = Duration::from_secs(300);
const STOP_LIMIT: Duration = Duration::from_secs(120);
const UNDO_LIMIT: Duration = Duration::from_secs(180);
const EVERY: Duration = Duration::from_secs(2);

/// Clones. What is left of a clone that fails is removed before the error is told.
pub(super) async fn run(
    cloud: &Cloud,
    request: &CloneRequest,
    cancel: &CancellationToken,
) -> Result<VmRef, ProviderError> {
    request.refuse_vsphere_keys("openstack")?;
    if !servers::named(cloud, &request.name).await?.is_empty() {
        return Err(ProviderError::NameTaken { clone: request.name.clone(), source_vm: request.source.to_string() });
    }
    let deadline = Deadline::after(request.limit, cancel);
    let made = Cloning { cloud, request, deadline: &deadline }.make().await;
    if made.is_err() {
        // An interrupted run still has time to clean.
        let deadline = Deadline::after(UNDO_LIMIT, &CancellationToken::new());
        if let Err(error) = remove::everything(cloud, &request.name, &deadline).await {
            tracing::warn!(clone = request.name, error = chain(&error), "parts of a failed clone may be left");
        }
    }
    made
}

struct Cloning<'a> {
    cloud: &'a Cloud,
    request: &'a CloneRequest,
    deadline: &'a Deadline,
}

/// What the clone is made of.
struct Original {
    server: Server,
    flavor: String,
    /// The boot volume first, unless the server was booted from an image; the others in device order.
    volumes: Vec<Volume>,
    ports: Vec<Port>,
}

impl Cloning<'_> {
    async fn make(&self) -> Result<VmRef, ProviderError> {
        let original = self.original().await?;
        let image = self.image().await?;
        let snapshots = self.snapshots(&original).await?;
        let volumes = self.volumes(&original, &image, &snapshots).await?;
        let vm = self.server(&original, &volumes).await?;
        power::set(self.cloud, &vm, Power::Off, &self.deadline.at_most(STOP_LIMIT)).await?;
        self.clear_means(&image, &snapshots).await;
        Ok(vm)
    }

    fn names(&self) -> PartNames<'_> {
        PartNames(&self.request.name)
    }

    async fn original(&self) -> Result<Original, ProviderError> {
        let (cloud, source) = (self.cloud, &self.request.source);
        let server = servers::read(cloud, source).await?;
        let mut volumes = facts::volumes(cloud, source).await?;
        if server.image_id().is_none() {
            let Some(boot) = volumes.iter().position(super::wire::Volume::is_bootable) else {
                return Err(ProviderError::Unhealthy {
                    vm: source.to_string(),
                    problem: "none of its volumes is bootable, and it has no image".to_owned(),
                    remedy: "mark its boot volume bootable (openstack volume set --bootable), or take another source VM",
                });
            };
            volumes[..=boot].rotate_right(1);
        }
        let flavor = self.flavor(&server.flavor.original_name).await?;
        Ok(Original { flavor, ports: facts::ports(cloud, source).await?, server, volumes })
    }

    /// The pinned microversion gives a server's flavor by name; servers are made by its id.
    async fn flavor(&self, name: &str) -> Result<String, ProviderError> {
        let all: Vec<Named> = self.cloud.list(Service::Compute, "/flavors", "flavors").await?;
        let found = all.iter().find(|flavor| flavor.name == name);
        found.map(|flavor| flavor.id.clone()).ok_or_else(|| ProviderError::Missing {
            kind: "flavor",
            name: name.to_owned(),
            near: nearest(name, all.iter().map(|flavor| flavor.name.as_str()), 3)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            remedy: "give the project a flavor of this name, or take another source VM",
        })
    }

    /// Has Nova make an image of the source, which takes a snapshot of each volume.
    async fn image(&self) -> Result<String, ProviderError> {
        let source = &self.request.source;
        let body = json!({"createImage": {"name": self.names().image()}});
        let path = format!("/servers/{}/action", source.id);
        let answer = self.cloud.post(Service::Compute, (&path, body), "createImage", source).await?;
        let id = image_id(&answer).ok_or_else(|| ProviderError::Malformed {
            operation: "createImage".to_owned(),
            object: source.to_string(),
            problem: "the answer names no image".to_owned(),
            remedy: "see which versions the compute service offers; it must know microversion 2.47",
        })?;
        let part = Part::image(&id, &self.names().image());
        parts::wait_available(self.cloud, &part, &self.deadline.at_most(IMAGE_LIMIT)).await?;
        Ok(id)
    }

    /// A snapshot of each volume, by the volume's id. Of an image-booted server Nova's image has the root disk alone:
    /// its volumes get theirs here.
    async fn snapshots(&self, original: &Original) -> Result<BTreeMap<String, String>, ProviderError> {
        let name = self.names().snapshots();
        let deadline = self.deadline.at_most(SNAPSHOTS_LIMIT);
        if original.server.image_id().is_some() {
            for volume in &original.volumes {
                snapshots::take(self.cloud, volume, &name).await?;
            }
        }
        let what = format!("wait for a snapshot of each volume of {}", self.request.source);
        let found = poll(&what, &deadline, EVERY, || self.look_for_snapshots(&name, &original.volumes)).await??;
        for id in found.values() {
            parts::wait_available(self.cloud, &Part::snapshot(id, &name), &deadline).await?;
        }
        Ok(found)
    }

    async fn look_for_snapshots(
        &self,
        name: &str,
        volumes: &[Volume],
    ) -> Seen<Result<BTreeMap<String, String>, ProviderError>> {
        let all: Vec<VolumeSnapshot> = match self.cloud.list(Service::Volume, "/snapshots", "snapshots").await {
            Ok(all) => all,
            Err(error) => return Seen::Met(Err(error)),
        };
        let own = all.into_iter().filter(|snapshot| snapshot.name == name);
        let found: BTreeMap<String, String> = own.map(|snapshot| (snapshot.volume_id, snapshot.id)).collect();
        match volumes.iter().find(|volume| !found.contains_key(&volume.id)) {
            None => Seen::Met(Ok(found)),
            Some(missing) => {
                Seen::Pending(format!("{} of {}, none of volume {}", found.len(), volumes.len(), missing.id))
            }
        }
    }

    /// The clone's volumes, the boot volume first.
    async fn volumes(
        &self,
        original: &Original,
        image: &str,
        snapshots: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, ProviderError> {
        let mut bodies = Vec::new();
        if original.server.image_id().is_some() {
            bodies.push(json!({"imageRef": image, "size": original.server.flavor.disk}));
        }
        for volume in &original.volumes {
            let mut body = json!({"snapshot_id": snapshots.get(&volume.id), "size": volume.size});
            if let Some(kind) = &volume.kind {
                body["volume_type"] = json!(kind);
            }
            bodies.push(body);
        }
        let mut made = Vec::new();
        for (place, mut volume) in bodies.into_iter().enumerate() {
            let name = self.names().volume(place);
            volume["name"] = json!(name);
            let body = json!({"volume": volume});
            let volume: Volume = self.cloud.make(Service::Volume, ("/volumes", "volume", body), &name).await?;
            made.push(Part::volume(&volume.id, &name));
        }
        for part in &made {
            parts::wait_available(self.cloud, part, &self.deadline.at_most(VOLUME_LIMIT)).await?;
        }
        Ok(made.into_iter().map(|part| part.id).collect())
    }

    async fn server(&self, original: &Original, volumes: &[String]) -> Result<VmRef, ProviderError> {
        let name = &self.request.name;
        let mapping: Vec<Value> = volumes
            .iter()
            .enumerate()
            .map(|(place, id)| {
                json!({"uuid": id, "source_type": "volume", "destination_type": "volume", "boot_index": place,
                    "delete_on_termination": true})
            })
            .collect();
        let networks: Vec<Value> = original.ports.iter().map(|port| json!({"uuid": port.network_id})).collect();
        let body = json!({"server": {
            "name": name,
            "flavorRef": original.flavor,
            "imageRef": "",
            "networks": if networks.is_empty() { json!("none") } else { json!(networks) },
            "block_device_mapping_v2": mapping,
        }});
        let made: Named = self.cloud.make(Service::Compute, ("/servers", "server", body), name).await?;
        let vm = VmRef { id: made.id, name: name.clone() };
        power::wait_for(self.cloud, &vm, "ACTIVE", &self.deadline.at_most(SERVER_LIMIT)).await?;
        Ok(vm)
    }

    /// Some back ends keep a snapshot while there is a volume that was made of it: then it goes with the clone.
    async fn clear_means(&self, image: &str, snapshots: &BTreeMap<String, String>) {
        let name = self.names().snapshots();
        let snapshots = snapshots.values().map(|id| Part::snapshot(id, &name));
        let means: Vec<Part> = snapshots.chain([Part::image(image, &self.names().image())]).collect();
        let deadline = self.deadline.at_most(UNDO_LIMIT);
        let cleared = means.iter().map(async |part| match part.delete(self.cloud).await {
            Ok(true) => parts::wait_gone(self.cloud, part, &deadline).await,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        });
        for error in join_all(cleared).await.into_iter().filter_map(Result::err) {
            tracing::debug!(clone = self.request.name, error = chain(&error), "kept until the clone is deleted");
        }
    }
}

/// In the body since microversion 2.45, in the header `Location` before.
fn image_id(answer: &Answer) -> Option<String> {
    let of_header = || answer.header("location").and_then(|url| url.trim_end_matches('/').rsplit('/').next());
    let id = answer.body["image_id"].as_str().or_else(of_header)?;
    (!id.is_empty()).then(|| id.to_owned())
}
