//! What only OpenStack sources have: images, snapshots, volumes that no server has, flavors, quota.
//!
//! The volumes of a server are its VM's disks, so that whatever changes the VM changes them; `Disk::uuid` is the volume's
//! id, `Disk::file` its name, `Disk::datastore` the id of its type.

use super::build::named_by_id;
use super::source_spec::required;
use super::{Disk, Inventory, Source, SourceKind, Vm, VmSpec};
use crate::facts::{Seed, now, parse_quantity_bytes, rfc3339};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What stands for a volume type where a server's root disk is no volume.
pub(crate) const IMAGE_STORAGE: &str = "glance";

/// An OpenStack cloud in the world file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenstackSpec {
    /// Name in providers.json.
    pub name: String,
    /// Version (`17.1`).
    pub version: String,
    /// Host name of the cloud.
    pub host: String,
    /// User.
    pub username: String,
    /// Password; a lab's passwords are no secrets.
    pub password: String,
    /// Region.
    pub region: String,
    /// Keystone domain of the user and of the project.
    pub domain: String,
    /// Project.
    pub project: String,
    /// Volume types.
    pub volume_types: Vec<String>,
    /// Networks.
    pub networks: Vec<String>,
    /// How much the project may have.
    #[serde(default)]
    pub quota: Quota,
    /// VMs that were booted from an image: their first disk is no volume.
    #[serde(default)]
    pub image_booted: Vec<String>,
    /// VMs.
    #[serde(default)]
    pub vms: Vec<VmSpec>,
}

/// How much a project may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    /// Servers.
    pub instances: usize,
    /// Volumes.
    pub volumes: usize,
    /// Volume snapshots.
    pub snapshots: usize,
    /// GiB of volumes in all.
    pub gigabytes: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { instances: 200, volumes: 500, snapshots: 500, gigabytes: 20_000 }
    }
}

/// A flavor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flavor {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub ram_mib: u64,
    /// Root disk in GiB; 0 for servers that boot from volumes.
    pub disk_gib: u64,
}

/// A volume that no server has.
#[derive(Debug, Clone)]
pub struct Volume {
    /// What it will be at a server.
    pub disk: Disk,
    /// `creating`, `available`, `error`...
    pub status: String,
    /// Whether a server can boot from it.
    pub bootable: bool,
    /// The VM whose disk it was copied from, as it was then.
    pub origin: Option<Arc<Vm>>,
    /// The snapshot that it was made of.
    pub snapshot: Option<String>,
    /// When it was made, RFC 3339.
    pub created: String,
}

/// A snapshot of a volume.
#[derive(Debug, Clone)]
pub struct VolumeSnapshot {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `creating`, `available`, `error`...
    pub status: String,
    /// The disk behind the volume, as it was then.
    pub disk: Disk,
    /// Whether the volume was bootable.
    pub bootable: bool,
    /// The VM that had the volume, as it was then.
    pub origin: Option<Arc<Vm>>,
    /// When it was taken, RFC 3339.
    pub created: String,
}

/// An image.
#[derive(Debug, Clone)]
pub struct Image {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `queued`, `active`...
    pub status: String,
    /// Whether it only names snapshots: Nova's image of a server that boots from a volume.
    pub of_volumes: bool,
    /// The VM that it was made of, as it was then.
    pub origin: Option<Arc<Vm>>,
    /// When it was made, RFC 3339.
    pub created: String,
}

/// What a server has beside its VM.
#[derive(Debug, Clone, Default)]
pub struct Instance {
    /// Its status while that is not told by the VM's power (`BUILD`, `ERROR`).
    pub status: Option<String>,
    /// What is being done with it (`powering-off`).
    pub task: Option<String>,
    /// Why it is in error.
    pub fault: Option<String>,
    /// The image that it was booted from; its first disk is then no volume.
    pub image: Option<String>,
    /// Flavor, where it was chosen.
    pub flavor: Option<String>,
}

/// A message to the project's users about a volume.
#[derive(Debug, Clone)]
pub struct Message {
    /// Id.
    pub id: String,
    /// The volume or snapshot.
    pub resource: String,
    /// The words.
    pub words: String,
    /// When, RFC 3339.
    pub created: String,
}

/// What changes in a living cloud beside its inventory.
#[derive(Debug, Default)]
pub struct Cloud {
    /// Volumes that no server has.
    pub volumes: Vec<Volume>,
    /// Volume snapshots.
    pub snapshots: Vec<VolumeSnapshot>,
    /// Images.
    pub images: Vec<Image>,
    /// Servers of which there is more to say, by id.
    pub instances: BTreeMap<String, Instance>,
    /// Volumes that go with their server, by id.
    pub ephemeral: BTreeSet<String>,
    /// Messages about volumes.
    pub messages: Vec<Message>,
    /// Tokens that are valid.
    pub tokens: BTreeSet<String>,
    made: u64,
}

impl Cloud {
    /// A number that no other thing has.
    pub fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Volumes that no server has, snapshots and images, by kind and name, in order.
    pub fn parts(&self) -> Vec<String> {
        let volumes = self.volumes.iter().map(|volume| format!("volume {}", volume.disk.file));
        let snapshots = self.snapshots.iter().map(|snapshot| format!("snapshot {}", snapshot.name));
        let images = self.images.iter().map(|image| format!("image {}", image.name));
        let mut all: Vec<String> = volumes.chain(snapshots).chain(images).collect();
        all.sort();
        all
    }

    /// Whether the server's first disk is no volume.
    pub fn is_image_booted(&self, server: &str) -> bool {
        self.instances.get(server).is_some_and(|instance| instance.image.is_some())
    }

    /// The disks of a VM that are volumes.
    pub fn volumes_of<'a>(&self, vm: &'a Vm) -> &'a [Disk] {
        let first = usize::from(self.is_image_booted(&vm.moref)).min(vm.disks.len());
        &vm.disks[first..]
    }
}

/// What a living cloud has beside its inventory.
#[derive(Debug)]
pub struct State {
    /// Region.
    pub region: String,
    /// Keystone domain of the user and of the project; its id is the name in lower case.
    pub domain: String,
    /// Name of the project.
    pub project: String,
    /// Id of the project.
    pub project_id: String,
    /// How much the project may have.
    pub quota: Quota,
    /// Flavors.
    pub flavors: Vec<Flavor>,
    cloud: Mutex<Cloud>,
}

impl State {
    /// What changes. Lock the inventory before, never after; do not hold the guard across an await.
    pub fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every token at once.
    pub fn expire_tokens(&self) {
        self.cloud().tokens.clear();
    }
}

impl OpenstackSpec {
    pub(super) fn problems(&self) -> Vec<String> {
        let no_types = required(&self.name, "volume_types", self.volume_types.is_empty());
        let unknown = self.image_booted.iter().filter(|name| !self.vms.iter().any(|vm| vm.name == **name));
        let unknown = unknown.map(|name| format!("source {}: image_booted: there is no VM {name}", self.name));
        no_types.into_iter().chain(unknown).collect()
    }

    fn flavors(&self, id: &impl Fn(&str) -> String) -> Vec<Flavor> {
        let sizes: BTreeSet<(u32, u64, u64)> = self.vms.iter().map(|vm| self.size_of(vm)).collect();
        let flavor = |(vcpus, ram_mib, disk_gib): (u32, u64, u64)| {
            let name = format!("lab.{vcpus}c.{ram_mib}m.{disk_gib}g");
            Flavor { id: id(&format!("flavor/{name}")), name, vcpus, ram_mib, disk_gib }
        };
        sizes.into_iter().map(flavor).collect()
    }

    fn size_of(&self, vm: &VmSpec) -> (u32, u64, u64) {
        let bytes = |text: &str| parse_quantity_bytes(text).unwrap_or_default();
        let root = vm.disks.first().filter(|_| self.image_booted.contains(&vm.name));
        (vm.cpus, bytes(&vm.memory) >> 20, root.map_or(0, |disk| bytes(&disk.size) >> 30))
    }
}

/// The source without its VMs.
pub(super) fn build(spec: &OpenstackSpec, seed: Seed) -> Source {
    let id = |purpose: &str| Source::id_of(seed, &spec.name, purpose);
    let inventory = Inventory {
        datastores: spec.volume_types.iter().map(|name| named_by_id(&id, "volume type", name)).collect(),
        networks: spec.networks.iter().map(|name| named_by_id(&id, "network", name)).collect(),
        ..Inventory::default()
    };
    let mut cloud = Cloud::default();
    for name in &spec.image_booted {
        let image = id(&format!("image/{name}"));
        let created = rfc3339(now());
        cloud
            .instances
            .insert(id(&format!("{name}/id")), Instance { image: Some(image.clone()), ..Instance::default() });
        let status = "active".to_owned();
        let (of_volumes, origin) = (false, None);
        cloud.images.push(Image { id: image, name: format!("{name}-image"), status, of_volumes, origin, created });
    }
    let state = State {
        region: spec.region.clone(),
        domain: spec.domain.clone(),
        project: spec.project.clone(),
        // As Keystone writes ids.
        project_id: id("project").replace('-', ""),
        quota: spec.quota,
        flavors: spec.flavors(&id),
        cloud: Mutex::new(cloud),
    };
    Source::new(
        (&spec.name, &spec.version, &spec.host),
        (&spec.username, &spec.password),
        SourceKind::Openstack(state),
        inventory,
        seed,
    )
}

/// The root disk of a VM that was booted from an image is no volume: it is of no type.
pub(super) fn finish(spec: &OpenstackSpec, source: &Source) {
    source.change(|inventory| {
        for vm in inventory.vms.iter_mut().filter(|vm| spec.image_booted.contains(&vm.name)) {
            if let Some(root) = vm.disks.first_mut() {
                IMAGE_STORAGE.clone_into(&mut root.datastore);
            }
        }
    });
}
