//! The rules of OpenStack, whose inventory learns of a server first, of its volumes then, and of networks last.
//!
//! Source: inventory-api.md section 8.

use super::adapter::{MapKind, Source};
use super::map_source::without_repeats;
use super::wire::{Base, OpenstackVm, OpenstackVolume};
use super::{InventoryError, InventoryVm, MapSource, VmDetail};
use crate::wait::Seen;

/// What the map calls the storage of a server's root disk that is no volume.
const IMAGE_STORAGE: &str = "glance";

/// A server counts as there when its volumes and the networks of its addresses are, too: a plan needs them all.
pub(super) async fn vm(source: &Source, id: &str) -> Result<InventoryVm, InventoryError> {
    let url = format!("{}/vms/{id}", source.root);
    let vm: OpenstackVm = source.rest.get(&url).await?;
    if let Some(missing) = missing(source, &vm).await? {
        return Err(InventoryError::NotReady { url, seen: format!("VM {}: {missing}", vm.name) });
    }
    let (id, name, path) = (vm.id.clone(), vm.name.clone(), vm.path.clone());
    Ok(InventoryVm { id, name, path, detail: VmDetail::Openstack(Box::new(vm)) })
}

/// What the inventory does not know of the server yet.
async fn missing(source: &Source, vm: &OpenstackVm) -> Result<Option<String>, InventoryError> {
    if vm.attached_volumes.is_empty() && vm.image_id.is_empty() {
        return Ok(Some("it has neither a volume nor an image yet".to_owned()));
    }
    for volume in &vm.attached_volumes {
        if volume.id.is_empty() {
            return Ok(Some("a volume of it has no id yet".to_owned()));
        }
        if look_for_volume(source, &volume.id).await?.is_none() {
            return Ok(Some(format!("its volume {} is not listed yet", volume.id)));
        }
    }
    let networks = networks(source).await?;
    let unknown = vm.addresses.keys().find(|name| !networks.iter().any(|network| network.name == **name));
    Ok(unknown.map(|name| format!("its network {name} is not listed yet")))
}

async fn look_for_volume(source: &Source, id: &str) -> Result<Option<OpenstackVolume>, InventoryError> {
    match source.rest.get(&format!("{}/volumes/{id}", source.root)).await {
        Ok(volume) => Ok(Some(volume)),
        Err(InventoryError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn networks(source: &Source) -> Result<Vec<Base>, InventoryError> {
    Ok(source.rest.get::<Option<Vec<Base>>>(&format!("{}/networks", source.root)).await?.unwrap_or_default())
}

/// A fresh provider is Ready before its volume types and networks are listed. `storages` are ids of volume types.
pub(super) async fn readiness(source: &Source, storages: &[String]) -> Result<Seen<()>, InventoryError> {
    let types: Option<Vec<Base>> = source.rest.get(&format!("{}/volumetypes", source.root)).await?;
    let types = types.unwrap_or_default();
    if let Some(unknown) = storages.iter().find(|id| !types.iter().any(|kind| kind.id == **id)) {
        return Ok(Seen::Pending(format!("volume type {unknown} is not listed")));
    }
    Ok(if networks(source).await?.is_empty() {
        Seen::Pending("no networks are listed yet".to_owned())
    } else {
        Seen::Met(())
    })
}

pub(super) async fn map(
    source: &Source,
    kind: MapKind,
    vms: &[InventoryVm],
) -> Result<Seen<Vec<MapSource>>, InventoryError> {
    let mut sources = Vec::new();
    for vm in vms {
        let VmDetail::Openstack(detail) = &vm.detail else { continue };
        let found = match kind {
            MapKind::Storage => storages_of(source, vm, detail).await?,
            MapKind::Network | MapKind::PerNic => networks_of(source, vm, detail, kind).await?,
        };
        match found {
            Seen::Met(found) => sources.extend(found),
            other => return Ok(other),
        }
    }
    Ok(Seen::Met(if kind == MapKind::PerNic { sources } else { without_repeats(sources) }))
}

/// Names of the volumes' types; a root disk that is no volume has a name of its own, without which a plan is refused.
async fn storages_of(
    source: &Source,
    vm: &InventoryVm,
    detail: &OpenstackVm,
) -> Result<Seen<Vec<MapSource>>, InventoryError> {
    let named = |name: &str| MapSource { id: None, name: Some(name.to_owned()), kind: None };
    let mut found = Vec::new();
    if !detail.image_id.is_empty() {
        found.push(named(IMAGE_STORAGE));
    }
    for volume in &detail.attached_volumes {
        match look_for_volume(source, &volume.id).await? {
            Some(volume) => found.push(named(&volume.volume_type)),
            None => return Ok(Seen::Pending(format!("volume {} of VM {} is not listed", volume.id, vm.name))),
        }
    }
    Ok(Seen::Met(found))
}

/// Id and name of each network, in the order of the server's addresses; per NIC once for each MAC address.
async fn networks_of(
    source: &Source,
    vm: &InventoryVm,
    detail: &OpenstackVm,
    kind: MapKind,
) -> Result<Seen<Vec<MapSource>>, InventoryError> {
    let listed = networks(source).await?;
    let mut found = Vec::new();
    for (name, addresses) in &detail.addresses {
        let mut namesakes = listed.iter().filter(|network| network.name == *name);
        let Some(network) = namesakes.next() else {
            return Ok(Seen::Pending(format!("network {name} of VM {} is not listed", vm.name)));
        };
        if namesakes.next().is_some() {
            return Err(InventoryError::Unclear {
                vm: vm.name.clone(),
                problem: format!("several networks are named {name:?}, and its addresses name theirs by name only"),
                remedy: "rename all but one of these networks on the source",
            });
        }
        let mut macs: Vec<&str> = addresses.iter().map(|address| address.mac.as_str()).collect();
        macs.sort_unstable();
        macs.dedup();
        let times = if kind == MapKind::PerNic { macs.len() } else { 1 };
        let own = MapSource { id: Some(network.id.clone()), name: Some(network.name.clone()), kind: None };
        found.extend(std::iter::repeat_n(own, times));
    }
    Ok(Seen::Met(found))
}

#[cfg(test)]
mod tests {
    use crate::config::Secret;
    use crate::http::RequestCounter;
    use crate::http::testing::answered_by;
    use crate::inventory::{Inventory, InventoryError, MapSource, VmKey};
    use crate::wait::Deadline;
    use bytes::Bytes;
    use http::Response;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    const VM: &str = r#"{"id":"s1","name":"a","path":"p/a","imageID":"i1","attachedVolumes":[{"ID":"v1"},{"ID":"v2"}],"concerns":null,
        "addresses":{"blue":[{"addr":"10.0.0.1","OS-EXT-IPS-MAC:mac_addr":"fa:16:3e:00:00:01"},
                             {"addr":"10.0.0.2","OS-EXT-IPS-MAC:mac_addr":"fa:16:3e:00:00:01"}],
                     "green":[{"addr":"10.1.0.1","OS-EXT-IPS-MAC:mac_addr":"FA:16:3E:00:00:02"}]}}"#;

    /// An inventory that knows of `known(nth look at the VM)` of volume v2 and network green.
    fn inventory(known: impl Fn(usize) -> (bool, bool) + Send + Sync + 'static, networks: &'static str) -> Inventory {
        let looks = AtomicUsize::new(0);
        let http = answered_by(
            move |request| {
                let (volume, network) = known(looks.load(Ordering::Relaxed));
                let path = request.uri().path().trim_start_matches("/providers/openstack/u1");
                let body = match path {
                    "/vms/s1" => {
                        looks.fetch_add(1, Ordering::Relaxed);
                        VM
                    }
                    "/volumes/v1" => r#"{"id":"v1","size":10,"volumeType":"slow"}"#,
                    "/volumes/v2" if volume => r#"{"id":"v2","size":10,"volumeType":"fast"}"#,
                    "/networks" if network => networks,
                    "/networks" => r#"[{"id":"n1","name":"blue"}]"#,
                    "/volumetypes" => r#"[{"id":"t1","name":"slow"}]"#,
                    _ => return Ok(Response::builder().status(404).body(Bytes::new()).unwrap()),
                };
                Ok(Response::new(Bytes::from(body)))
            },
            RequestCounter::default(),
        );
        Inventory::new("https://inventory.test", Secret::new("t"), http, "openstack", "u1")
    }

    const BOTH: &str = r#"[{"id":"n2","name":"green"},{"id":"n1","name":"blue"}]"#;

    fn deadline() -> Deadline {
        Deadline::after(Duration::from_secs(300), &CancellationToken::new())
    }

    fn row(id: Option<&str>, name: &str) -> MapSource {
        MapSource { id: id.map(str::to_owned), name: Some(name.to_owned()), kind: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_is_there_when_its_volumes_and_networks_are() {
        let inventory = inventory(|look| (look > 2, look > 4), BOTH);
        let vm = inventory.wait_vm(&VmKey::with_id("a", "s1"), &deadline()).await.unwrap();
        assert_eq!((vm.name.as_str(), vm.disk_count()), ("a", 3));
        assert_eq!(vm.macs(), ["fa:16:3e:00:00:01", "fa:16:3e:00:00:02"]);
        let vms = [vm];
        let storages = inventory.storages(&vms).await.unwrap();
        assert_eq!(storages, [row(None, "glance"), row(None, "slow"), row(None, "fast")]);
        let networks = [row(Some("n1"), "blue"), row(Some("n2"), "green")];
        assert_eq!(inventory.networks(&vms).await.unwrap(), networks);
        assert_eq!(inventory.nic_networks(&vms).await.unwrap(), networks, "two addresses of one NIC are one");
        inventory.wait_ready(&["t1".to_owned()], &deadline()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_is_named_at_the_deadline() {
        for (known, missing) in [
            ((false, true), "VM a: its volume v2 is not listed yet"),
            ((true, false), "VM a: its network green is not listed yet"),
        ] {
            let error =
                inventory(move |_| known, BOTH).wait_vm(&VmKey::with_id("a", "s1"), &deadline()).await.unwrap_err();
            let words = error.to_string();
            assert!(
                words.starts_with("wait for VM a in the inventory: not within 5m; last seen: ")
                    && words.contains(missing),
                "{words}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_name_that_repeats_is_no_map_source() {
        let twice = r#"[{"id":"n1","name":"blue"},{"id":"n2","name":"green"},{"id":"n3","name":"green"}]"#;
        let inventory = inventory(|_| (true, true), twice);
        let vm = inventory.wait_vm(&VmKey::with_id("a", "s1"), &deadline()).await.unwrap();
        let error = inventory.networks(&[vm]).await.unwrap_err();
        assert!(matches!(&error, InventoryError::Unclear { .. }), "{error}");
        assert!(error.to_string().contains("several networks are named \"green\""), "{error}");
    }
}
