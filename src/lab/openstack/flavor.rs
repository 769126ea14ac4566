//! Flavors.

use super::reply::Reply;
use super::server::Call;
use crate::lab::world::Vm;
use crate::lab::world::openstack::{Cloud, Flavor};
use serde_json::{Value, json};

/// The flavor of a VM: that which was chosen, unless the VM is of another size now.
pub(super) fn of(call: &Call<'_>, cloud: &Cloud, vm: &Vm) -> Flavor {
    let disk_gib = match (cloud.is_image_booted(&vm.moref), vm.disks.first()) {
        (true, Some(root)) => root.size_bytes >> 30,
        _ => 0,
    };
    let fits = |flavor: &&Flavor| flavor.vcpus == vm.cpus && flavor.ram_mib == vm.memory_mib;
    let chosen = cloud.instances.get(&vm.moref).and_then(|instance| instance.flavor.as_ref());
    let chosen = chosen.and_then(|id| call.state.flavors.iter().find(|flavor| flavor.id == *id));
    let alike = call.state.flavors.iter().find(|flavor| fits(flavor) && flavor.disk_gib == disk_gib);
    chosen.filter(fits).or(alike).cloned().unwrap_or_else(|| {
        let name = format!("lab.{}c.{}m.{disk_gib}g", vm.cpus, vm.memory_mib);
        let id = call.source().uuid_for(&format!("flavor/{name}"));
        Flavor { id, name, vcpus: vm.cpus, ram_mib: vm.memory_mib, disk_gib }
    })
}

/// As a server has it: inline since 2.47, a link before.
pub(super) fn inline(call: &Call<'_>, flavor: &Flavor, minor: u32) -> Value {
    if minor < 47 {
        let href = format!("{}/compute/flavors/{}", call.request.root, flavor.id);
        return json!({"id": flavor.id, "links": [{"rel": "bookmark", "href": href}]});
    }
    json!({
        "original_name": flavor.name, "vcpus": flavor.vcpus, "ram": flavor.ram_mib, "disk": flavor.disk_gib,
        "ephemeral": 0, "swap": 0, "extra_specs": {},
    })
}

fn whole(flavor: &Flavor) -> Value {
    json!({
        "id": flavor.id, "name": flavor.name, "vcpus": flavor.vcpus, "ram": flavor.ram_mib, "disk": flavor.disk_gib,
        "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false, "os-flavor-access:is_public": true,
        "rxtx_factor": 1.0, "swap": "", "links": [], "description": null, "extra_specs": {},
    })
}

/// The list.
pub(super) fn list(call: &Call<'_>, detailed: bool) -> Result<Reply, Reply> {
    let items = call.state.flavors.iter().map(|flavor| {
        if detailed { whole(flavor) } else { json!({"id": flavor.id, "name": flavor.name, "links": []}) }
    });
    Ok(Reply::ok(call.request.page("flavors", items.collect())?))
}

/// One.
pub(super) fn show(call: &Call<'_>, id: &str) -> Result<Reply, Reply> {
    let found = call.state.flavors.iter().find(|flavor| flavor.id == id);
    let found = found.ok_or_else(|| Reply::no_item(format!("Flavor {id} could not be found.")))?;
    Ok(Reply::ok(json!({"flavor": whole(found)})))
}
