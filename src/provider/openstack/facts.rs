//! The facts of a server.
//!
//! Source: source-providers.md section 4.2; inventory-api.md section 8.

use super::cloud::Cloud;
use super::keystone::Service;
use super::wire::{Attachment, FixedIp, Flavor, Image, Named, Port, Server, Subnet, Volume};
use super::{power, servers, snapshots};
use crate::facts::{Cpu, Firmware, GuestAddress, SourceDisk, SourceNic, SourceVm};
use crate::provider::{ProviderError, VmRef};
use futures::future::try_join_all;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the inventory calls the storage of a server's root disk that is no volume.
const IMAGE_STORAGE: &str = "glance";

/// Everything that is read of a server.
pub(super) async fn read(cloud: &Cloud, vm: &VmRef) -> Result<SourceVm, ProviderError> {
    let server = servers::read(cloud, vm).await?;
    let image = async {
        match server.image_id() {
            Some(id) => image_of(cloud, id, vm).await,
            None => Ok(None),
        }
    };
    let (volumes, nics, image) = futures::future::try_join3(volumes(cloud, vm), nics(cloud, vm), image).await?;
    let marks = boot_volume(&volumes).map(|volume| &volume.marks);
    let marks = image.as_ref().map(|image| &image.properties).or(marks);
    let tells = |key: &str| marks.and_then(|marks| marks.get(key)).map(words);
    let snapshots = match volumes.first() {
        Some(first) => snapshots::of_volume(cloud, first).await?,
        None => Vec::new(),
    };
    Ok(SourceVm {
        id: server.id.clone(),
        name: server.name.clone(),
        uuid: None,
        power: power::of(&server.status),
        cpu: topology(&server.flavor, marks),
        memory_bytes: server.flavor.ram << 20,
        firmware: tells("hw_firmware_type").map(|kind| if kind == "uefi" { Firmware::Efi } else { Firmware::Bios }),
        secure_boot: tells("os_secure_boot").map(|word| word == "required"),
        tpm: tells("hw_tpm_model").map(|_| true),
        tracks_changes: None,
        nics,
        disks: disks(&server, &volumes),
        snapshots,
        guest_agent: false,
        windows: tells("os_type").is_some_and(|kind| kind.to_lowercase().contains("windows")),
        template: false,
        power_offs: None,
    })
}

/// The volumes in device order.
pub(super) async fn volumes(cloud: &Cloud, vm: &VmRef) -> Result<Vec<Volume>, ProviderError> {
    let path = format!("/servers/{}/os-volume_attachments", vm.id);
    let mut attached: Vec<Attachment> = cloud.get(Service::Compute, (&path, "volumeAttachments"), vm).await?;
    attached.sort_by(|left, right| left.place().cmp(&right.place()));
    let read = attached.iter().map(async |at| {
        cloud
            .get(
                Service::Volume,
                (&format!("/volumes/{}", at.volume_id), "volume"),
                &format!("{} of {vm}", at.volume_id),
            )
            .await
    });
    try_join_all(read).await
}

/// The volume that the server boots from: the first bootable one.
pub(super) fn boot_volume(volumes: &[Volume]) -> Option<&Volume> {
    volumes.iter().find(|volume| volume.is_bootable())
}

/// The ports, in the order of the server's interfaces.
pub(super) async fn ports(cloud: &Cloud, vm: &VmRef) -> Result<Vec<Port>, ProviderError> {
    cloud.list(Service::Network, &format!("/ports?device_id={}", vm.id), "ports").await
}

/// An image may be deleted while servers that booted from it live on.
async fn image_of(cloud: &Cloud, id: &str, vm: &VmRef) -> Result<Option<Image>, ProviderError> {
    match cloud.get(Service::Image, (&format!("/images/{id}"), ""), &format!("{id} of {vm}")).await {
        Ok(image) => Ok(Some(image)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The flavor's own word goes before the image's, as in Nova. Without any each CPU is a socket.
fn topology(flavor: &Flavor, marks: Option<&BTreeMap<String, Value>>) -> Cpu {
    let told = |part: &str| {
        let own = flavor.extra_specs.get(&format!("hw:cpu_{part}"));
        let told = own.or_else(|| marks.and_then(|marks| marks.get(&format!("hw_cpu_{part}"))));
        told.and_then(|value| words(value).parse::<u32>().ok()).filter(|count| *count > 0)
    };
    let (cores, threads) = (told("cores").unwrap_or(1), told("threads").unwrap_or(1));
    let sockets = told("sockets").unwrap_or_else(|| (flavor.vcpus / cores.saturating_mul(threads)).max(1));
    Cpu { sockets, cores, threads }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn disks(server: &Server, volumes: &[Volume]) -> Vec<SourceDisk> {
    let disk = |id: &str, name: &str, gib: u64, storage: &str, shared: bool| SourceDisk {
        id: id.to_owned(),
        name: if name.is_empty() { format!("volume {id}") } else { name.to_owned() },
        size_bytes: gib << 30,
        storage: storage.to_owned(),
        storage_id: None,
        controller: None,
        unit: None,
        bus: None,
        file: None,
        mode: None,
        rdm: false,
        shared,
    };
    let root = server.image_id().map(|id| disk(id, "root disk", server.flavor.disk, IMAGE_STORAGE, false));
    let attached = volumes.iter().map(|volume| {
        let storage = volume.kind.as_deref().unwrap_or_default();
        disk(&volume.id, &volume.name, volume.size, storage, volume.multiattach)
    });
    root.into_iter().chain(attached).collect()
}

async fn nics(cloud: &Cloud, vm: &VmRef) -> Result<Vec<SourceNic>, ProviderError> {
    let ports = ports(cloud, vm).await?;
    try_join_all(ports.iter().enumerate().map(|(order, port)| nic(cloud, vm, (order, port)))).await
}

async fn nic(cloud: &Cloud, vm: &VmRef, (order, port): (usize, &Port)) -> Result<SourceNic, ProviderError> {
    let about = format!("{} of {vm}", port.network_id);
    let path = format!("/networks/{}", port.network_id);
    let network: Named = cloud.get(Service::Network, (&path, "network"), &about).await?;
    let addresses = try_join_all(port.fixed_ips.iter().map(|fixed| address(cloud, vm, fixed))).await?;
    Ok(SourceNic {
        name: if port.name.is_empty() { format!("nic{}", order + 1) } else { port.name.clone() },
        mac: port.mac_address.to_lowercase(),
        network: network.name,
        connected: None,
        addresses: addresses.into_iter().flatten().collect(),
    })
}

/// What the cloud gives a port. Whether the guest asks for it or was told it, only the guest knows.
async fn address(cloud: &Cloud, vm: &VmRef, fixed: &FixedIp) -> Result<Option<GuestAddress>, ProviderError> {
    if fixed.ip_address.contains(':') {
        return Ok(None);
    }
    let (path, about) = (format!("/subnets/{}", fixed.subnet_id), format!("{} of {vm}", fixed.subnet_id));
    let subnet: Subnet = cloud.get(Service::Network, (&path, "subnet"), &about).await?;
    let prefix_length = subnet.cidr.split_once('/').and_then(|(_, length)| length.parse().ok()).unwrap_or(32);
    Ok(Some(GuestAddress { ip: fixed.ip_address.clone(), prefix_length, gateway: subnet.gateway_ip, is_static: None }))
}
