//! What can be read, by its path.

use super::entities::{View, event};
use super::fault::Refusal;
use super::item::Item;
use super::reply::Reply;
use super::search::Search;
use crate::lab::world::Vm;
use std::collections::BTreeMap;

/// A path below the API's root, in parts.
pub(super) type Path<'a> = &'a [&'a str];

/// Words of a collection in XML, for all and for one.
type Words = (&'static str, &'static str);

/// Reads what is at a path.
pub(super) fn read(view: View<'_>, path: Path<'_>, query: &BTreeMap<String, String>) -> Result<Reply, Refusal> {
    let (words, mut items, id) = match path {
        [] => return Ok(Reply::item("api", view.root())),
        [owners @ ("vms" | "templates"), id, rest @ ..] if !rest.is_empty() => {
            let vm = machine(view, owners, id)?;
            let (words, items) = below(view, owners, vm, rest[0])?;
            (words, items, rest.get(1))
        }
        [collection, rest @ ..] => {
            let search = query.get("search").map(|text| Search::parse(text)).transpose()?.unwrap_or_default();
            let (words, items) = top(view, collection, &search)?;
            (words, items, rest.first())
        }
    };
    if let Some(id) = id {
        let found = items.into_iter().find(|item| item.id() == *id).ok_or_else(|| Refusal::not_found(id))?;
        return Ok(Reply::item(words.1, found));
    }
    if let Some(most) = query.get("max").and_then(|text| text.parse().ok()) {
        items.truncate(most);
    }
    Ok(Reply::List(words, items))
}

/// A VM or template by its id.
pub(super) fn machine<'a>(view: View<'a>, collection: &str, id: &str) -> Result<&'a Vm, Refusal> {
    let found = view.inventory.vm(id).filter(|vm| vm.template == (collection == "templates"));
    found.ok_or_else(|| Refusal::not_found(id))
}

fn top(view: View<'_>, collection: &str, search: &Search) -> Result<(Words, Vec<Item>), Refusal> {
    let inventory = view.inventory;
    let machines = |templates: bool| {
        inventory
            .vms
            .iter()
            .filter(move |vm| vm.template == templates && search.finds(&vm.name, &inventory.cluster.name))
    };
    let disks = || inventory.vms.iter().flat_map(|vm| vm.disks.iter().map(move |disk| view.disk(vm, disk)));
    Ok(match collection {
        "vms" => (("vms", "vm"), machines(false).map(|vm| view.vm(vm)).collect()),
        "templates" => {
            let own = machines(true).map(|vm| view.template(vm));
            let blank = Some(View::blank()).filter(|_| search.finds("Blank", ""));
            (("templates", "template"), own.chain(blank).collect())
        }
        "datacenters" => (("data_centers", "data_center"), vec![view.data_center()]),
        "clusters" => (("clusters", "cluster"), vec![view.cluster()]),
        "networks" => (("networks", "network"), inventory.networks.iter().map(|one| view.network(one)).collect()),
        "vnicprofiles" => {
            (("vnic_profiles", "vnic_profile"), inventory.networks.iter().map(|one| view.vnic_profile(one)).collect())
        }
        "storagedomains" => (
            ("storage_domains", "storage_domain"),
            inventory.datastores.iter().map(|one| view.storage_domain(one)).collect(),
        ),
        "disks" => (("disks", "disk"), disks().collect()),
        "hosts" => (("hosts", "host"), Vec::new()),
        "events" => (("events", "event"), events(view, search)),
        other => return Err(Refusal::not_found(other)),
    })
}

/// The newest first.
fn events(view: View<'_>, search: &Search) -> Vec<Item> {
    let Some(state) = view.source.ovirt() else { return Vec::new() };
    let live = state.live();
    let found = live.events.iter().rev().filter(|event| search.vm.as_ref().is_none_or(|id| *id == event.vm));
    found.map(event).collect()
}

fn below(view: View<'_>, owners: &str, vm: &Vm, collection: &str) -> Result<(Words, Vec<Item>), Refusal> {
    Ok(match (owners, collection) {
        (_, "nics") => (("nics", "nic"), vm.nics.iter().map(|nic| view.nic(owners, vm, nic)).collect()),
        (_, "diskattachments") => (
            ("disk_attachments", "disk_attachment"),
            vm.disks.iter().map(|disk| View::attachment(owners, vm, disk)).collect(),
        ),
        ("vms", "snapshots") => {
            let regular = vm.snapshots.iter().map(|one| view.snapshot(vm, one));
            (("snapshots", "snapshot"), std::iter::once(view.active(vm)).chain(regular).collect())
        }
        ("vms", "reporteddevices") => {
            let tells = vm.tools && view.status(vm) == "up";
            let nics = vm.nics.iter().filter(|_| tells).map(|nic| view.reported(vm, nic));
            (("reported_devices", "reported_device"), nics.collect())
        }
        (_, other) => return Err(Refusal::not_found(other)),
    })
}
