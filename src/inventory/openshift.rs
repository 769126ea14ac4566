//! The rules of OpenShift: VMs of the cluster, read live.
//!
//! Storage comes from the claims of the VM's volumes, which the inventory lists too. Beyond the original, volumes that
//! name a claim count as those that name a DataVolume do: a VM that was migrated once has no other.
//!
//! Source: inventory-api.md sections 5 and 9.

use super::adapter::{MapKind, Source};
use super::map_source::without_repeats;
use super::wire::{OpenshiftClaim, OpenshiftVm, VmNetwork};
use super::{InventoryError, InventoryVm, MapSource, VmDetail};
use crate::wait::Seen;
use std::collections::BTreeMap;

/// The word of Forklift for the pod network.
const POD: &str = "pod";

pub(super) async fn vm(source: &Source, id: &str) -> Result<InventoryVm, InventoryError> {
    let vm: OpenshiftVm = source.rest.get(&format!("{}/vms/{id}", source.root)).await?;
    let (id, name, path) = (vm.id.clone(), vm.name.clone(), format!("{}/{}", vm.namespace, vm.name));
    Ok(InventoryVm { id, name, path, detail: VmDetail::Openshift(Box::new(vm)) })
}

pub(super) async fn map(
    source: &Source,
    kind: MapKind,
    vms: &[InventoryVm],
) -> Result<Seen<Vec<MapSource>>, InventoryError> {
    let mut sources = Vec::new();
    for vm in vms {
        let VmDetail::Openshift(detail) = &vm.detail else { continue };
        if kind != MapKind::Storage {
            sources.extend(networks(detail));
            continue;
        }
        let known = classes(source, &detail.namespace).await?;
        for claim in claims(detail) {
            match known.get(claim) {
                Some(class) if !class.is_empty() => sources.push(named(class)),
                Some(_) => {
                    return Ok(Seen::Pending(format!("claim {claim} of VM {} has no storage class yet", vm.name)));
                }
                None => return Ok(Seen::Pending(format!("claim {claim} of VM {} is not listed", vm.name))),
            }
        }
    }
    Ok(Seen::Met(if kind == MapKind::PerNic { sources } else { without_repeats(sources) }))
}

/// The claims of a VM's disks, in the order of its volumes.
pub(super) fn claims(vm: &OpenshiftVm) -> impl Iterator<Item = &str> {
    vm.object.spec.template.spec.volumes.iter().filter_map(|volume| {
        let imported = volume.data_volume.as_ref().map(|one| one.name.as_str());
        imported.or_else(|| volume.persistent_volume_claim.as_ref().map(|one| one.claim_name.as_str()))
    })
}

pub(super) fn macs(vm: &OpenshiftVm) -> Vec<String> {
    vm.object.spec.template.spec.domain.devices.interfaces.iter().map(|nic| nic.mac_address.to_lowercase()).collect()
}

/// The networks of the NICs, in their order. Without a namespace a name is ambiguous, so it is always told with one.
fn networks(vm: &OpenshiftVm) -> Vec<MapSource> {
    let spec = &vm.object.spec.template.spec;
    let of_nic = |name: &String| spec.networks.iter().find(|network| network.name == *name);
    spec.domain.devices.interfaces.iter().filter_map(|nic| of_nic(&nic.name)).map(|one| network(one, vm)).collect()
}

fn network(network: &VmNetwork, vm: &OpenshiftVm) -> MapSource {
    match &network.multus {
        Some(multus) if multus.network_name.contains('/') => named(&multus.network_name),
        Some(multus) => named(&format!("{}/{}", vm.namespace, multus.network_name)),
        None => MapSource { id: None, name: None, kind: Some(POD.to_owned()) },
    }
}

fn named(name: &str) -> MapSource {
    MapSource { id: None, name: Some(name.to_owned()), kind: None }
}

/// Storage classes by the names of a namespace's claims.
async fn classes(source: &Source, namespace: &str) -> Result<BTreeMap<String, String>, InventoryError> {
    let path = format!("{}/persistentvolumeclaims?detail=1&namespace={namespace}", source.root);
    let listed: Option<Vec<OpenshiftClaim>> = source.rest.get(&path).await?;
    let own = listed.unwrap_or_default().into_iter().filter(|claim| claim.namespace == namespace);
    Ok(own.map(|claim| (claim.name, claim.object.spec.storage_class_name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vm() -> OpenshiftVm {
        serde_json::from_str(
            r#"{"uid":"9d1a","id":"9d1a","namespace":"src","name":"cnv-vm","object":{"spec":{"template":{"spec":{
                "domain":{"devices":{"interfaces":[{"name":"net1","macAddress":"02:00:00:AA:BB:CC"},{"name":"default"},{"name":"own"}]}},
                "networks":[{"name":"default","pod":{}},{"name":"net1","multus":{"networkName":"src/br1"}},
                    {"name":"own","multus":{"networkName":"br2"}}],
                "volumes":[{"name":"rootdisk","dataVolume":{"name":"cnv-vm"}},{"name":"cloudinit","cloudInitNoCloud":{}},
                    {"name":"data","persistentVolumeClaim":{"claimName":"data-1"}}]}}}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn networks_come_in_the_order_of_the_nics_with_their_namespace() {
        let found = networks(&vm());
        let words: Vec<_> = found.iter().map(|one| (one.name.as_deref(), one.kind.as_deref())).collect();
        assert_eq!(words, [(Some("src/br1"), None), (None, Some("pod")), (Some("src/br2"), None)]);
    }

    #[test]
    fn disks_are_volumes_with_a_claim_and_macs_may_be_open() {
        assert_eq!(claims(&vm()).collect::<Vec<_>>(), ["cnv-vm", "data-1"]);
        assert_eq!(macs(&vm()), ["02:00:00:aa:bb:cc", "", ""]);
    }
}
