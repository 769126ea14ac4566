//! The rules of oVirt.
//!
//! Source: inventory-api.md section 7.

use super::adapter::{MapKind, Source};
use super::map_source::{Named, without_repeats};
use super::wire::{Base, OvirtDisk, OvirtNetwork, OvirtNicProfile, OvirtVm};
use super::{InventoryError, InventoryVm, MapSource, VmDetail};
use crate::wait::Seen;

pub(super) async fn vm(source: &Source, id: &str) -> Result<InventoryVm, InventoryError> {
    let vm: OvirtVm = source.rest.get(&format!("{}/vms/{id}", source.root)).await?;
    let (id, name, path) = (vm.id.clone(), vm.name.clone(), vm.path.clone());
    Ok(InventoryVm { id, name, path, detail: VmDetail::Ovirt(Box::new(vm)) })
}

/// The engine is asked from time to time, and what VMs refer to comes one list after another.
pub(super) async fn readiness(source: &Source, storages: &[String]) -> Result<Seen<()>, InventoryError> {
    let domains = storage_domains(source).await?;
    if let Some(missing) = storages.iter().find(|id| !domains.has(id)) {
        return Ok(Seen::Pending(format!("storage domain {missing} is not listed")));
    }
    let networks: Option<Vec<Base>> = source.rest.get(&format!("{}/networks", source.root)).await?;
    let lacking = [(domains.is_empty(), "storage domains"), (networks.is_none_or(|all| all.is_empty()), "networks")];
    let lacking: Vec<&str> = lacking.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what).collect();
    if lacking.is_empty() {
        return Ok(Seen::Met(()));
    }
    Ok(Seen::Pending(format!("no {} are listed yet", lacking.join(" and no "))))
}

pub(super) async fn map(
    source: &Source,
    kind: MapKind,
    vms: &[InventoryVm],
) -> Result<Seen<Vec<MapSource>>, InventoryError> {
    let known = if kind == MapKind::Storage { storage_domains(source).await? } else { networks(source).await? };
    let mut sources = Vec::new();
    for vm in vms {
        let VmDetail::Ovirt(detail) = &vm.detail else { continue };
        let ids =
            if kind == MapKind::Storage { domain_ids(source, detail).await } else { network_ids(source, detail).await };
        let ids = match ids {
            Ok(ids) => ids,
            // What the VM has may be listed later than the VM.
            Err(error @ InventoryError::NotFound { .. }) => {
                return Ok(Seen::Pending(format!("of VM {}: {error}", vm.name)));
            }
            Err(error) => return Err(error),
        };
        for id in ids {
            match known.source(&id) {
                Some(source) => sources.push(source),
                None => return Ok(Seen::Pending(format!("{id} of VM {} is not listed", vm.name))),
            }
        }
    }
    Ok(Seen::Met(if kind == MapKind::PerNic { sources } else { without_repeats(sources) }))
}

/// The storage domain of each disk; a LUN has none.
async fn domain_ids(source: &Source, vm: &OvirtVm) -> Result<Vec<String>, InventoryError> {
    let mut ids = Vec::new();
    for attachment in &vm.disk_attachments {
        let disk: OvirtDisk = source.rest.get(&format!("{}/disks/{}", source.root, attachment.id)).await?;
        ids.push(disk.storage_domain);
    }
    ids.retain(|id| !id.is_empty());
    Ok(ids)
}

/// The network of each NIC, through its vNIC profile; a NIC without one is on none.
async fn network_ids(source: &Source, vm: &OvirtVm) -> Result<Vec<String>, InventoryError> {
    let mut ids = Vec::new();
    for nic in vm.nics.iter().filter(|nic| !nic.profile.is_empty()) {
        let profile: OvirtNicProfile = source.rest.get(&format!("{}/nicprofiles/{}", source.root, nic.profile)).await?;
        ids.push(profile.network);
    }
    Ok(ids)
}

async fn storage_domains(source: &Source) -> Result<Named, InventoryError> {
    let listed: Option<Vec<Base>> = source.rest.get(&format!("{}/storagedomains", source.root)).await?;
    let mut named = Named::default();
    for domain in listed.unwrap_or_default() {
        named.add(&domain.id, &domain.name, "");
    }
    Ok(named)
}

/// By their paths: a name may be there in several data centers.
async fn networks(source: &Source) -> Result<Named, InventoryError> {
    let listed: Option<Vec<OvirtNetwork>> = source.rest.get(&format!("{}/networks", source.root)).await?;
    let mut named = Named::default();
    for network in listed.unwrap_or_default() {
        named.add(&network.id, &network.path, "");
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::http::testing::answered_by;
    use crate::http::{HttpError, RequestCounter};
    use crate::inventory::adapter::Adapter;
    use crate::inventory::rest::Rest;
    use bytes::Bytes;
    use http::{Request, Response};
    use std::collections::BTreeMap;

    const VM: &str = r#"{"id":"vm1","name":"a","path":"Cluster1/a","nics":[{"id":"n1","profile":"p2","mac":"56:6F:1A:00:00:01"},
        {"id":"n2","profile":"","mac":"56:6f:1a:00:00:02"},{"id":"n3","profile":"p1"},{"id":"n4","profile":"p2"}],
        "diskAttachments":[{"id":"d1","disk":"d1"},{"id":"d2","disk":"d2"},{"id":"lun","disk":"lun"},{"id":"d3","disk":"d3"}],
        "snapshots":null,"memory":2147483648}"#;

    /// A source whose paths have these bodies; all others are not there.
    fn source(changed: &[(&'static str, &'static str)]) -> Source {
        let mut bodies = BTreeMap::from([
            ("/vms/vm1", VM),
            ("/nicprofiles/p1", r#"{"id":"p1","network":"net1"}"#),
            ("/nicprofiles/p2", r#"{"id":"p2","network":"net2"}"#),
            ("/networks", r#"[{"id":"net1","name":"x","path":"DC1/x"},{"id":"net2","name":"x","path":"DC2/x"}]"#),
            ("/disks/d1", r#"{"id":"d1","storageDomain":"sd2"}"#),
            ("/disks/d2", r#"{"id":"d2","storageDomain":"sd1"}"#),
            ("/disks/d3", r#"{"id":"d3","storageDomain":"sd2"}"#),
            ("/disks/lun", r#"{"id":"lun","storageDomain":"","storageType":"lun"}"#),
            ("/storagedomains", r#"[{"id":"sd1","name":"nfs"},{"id":"sd2","name":"iscsi"}]"#),
        ]);
        bodies.extend(changed.iter().copied());
        let answer = move |request: Request<Bytes>| -> Result<Response<Bytes>, HttpError> {
            let path = request.uri().path().trim_start_matches("/providers/ovirt/u1").to_owned();
            let found = bodies.get(path.as_str()).filter(|body| !body.is_empty());
            let status = if found.is_some() { 200 } else { 404 };
            let body = Bytes::from_static(found.copied().unwrap_or_default().as_bytes());
            Ok(Response::builder().status(status).body(body).unwrap())
        };
        let http = answered_by(answer, RequestCounter::default());
        let rest = Rest::new("https://inventory.test", Secret::new("t0ken"), http);
        Source { rest, root: "providers/ovirt/u1".to_owned(), adapter: Adapter::Ovirt }
    }

    async fn mapped(source: &Source, kind: MapKind) -> Seen<Vec<MapSource>> {
        let vm = vm(source, "vm1").await.unwrap();
        assert_eq!((vm.disk_count(), vm.macs()[0].as_str()), (4, "56:6f:1a:00:00:01"));
        map(source, kind, &[vm]).await.unwrap()
    }

    fn named(names: &[&str]) -> Seen<Vec<MapSource>> {
        let one = |name: &&str| MapSource { name: Some((*name).to_owned()), ..MapSource::default() };
        Seen::Met(names.iter().map(one).collect())
    }

    #[tokio::test]
    async fn networks_are_named_by_path_and_storages_by_name_in_order() {
        let source = source(&[]);
        assert_eq!(mapped(&source, MapKind::Network).await, named(&["DC2/x", "DC1/x"]));
        assert_eq!(mapped(&source, MapKind::PerNic).await, named(&["DC2/x", "DC1/x", "DC2/x"]));
        assert_eq!(mapped(&source, MapKind::Storage).await, named(&["iscsi", "nfs"]));
    }

    #[tokio::test]
    async fn what_is_not_listed_yet_is_named() {
        let pending = async |path, body, kind| match mapped(&source(&[(path, body)]), kind).await {
            Seen::Pending(state) => state,
            other => panic!("{other:?}"),
        };
        assert!(pending("/disks/d2", "", MapKind::Storage).await.starts_with("of VM a: read "));
        assert!(pending("/nicprofiles/p1", "", MapKind::Network).await.contains("nicprofiles/p1"));
        assert_eq!(pending("/networks", "null", MapKind::Network).await, "net2 of VM a is not listed");
        let ready = async |changed: &[(&'static str, &'static str)], storages: &[String]| {
            readiness(&source(changed), storages).await.unwrap()
        };
        assert_eq!(ready(&[], &["sd1".to_owned()]).await, Seen::Met(()));
        let missing = Seen::Pending("storage domain sd9 is not listed".to_owned());
        assert_eq!(ready(&[], &["sd9".to_owned()]).await, missing);
        let none = [("/networks", "null"), ("/storagedomains", "null")];
        let empty = Seen::Pending("no storage domains and no networks are listed yet".to_owned());
        assert_eq!(ready(&none, &[]).await, empty);
    }
}
