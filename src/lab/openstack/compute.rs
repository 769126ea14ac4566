//! Nova: servers and what is done with them.
//!
//! Source: source-providers.md sections 4.2 and 4.3.

use super::block::{add_snapshot, become_available, subjects};
use super::reply::{Answer, Reply, fresh_id};
use super::server::Call;
use super::servers::{attachments, interfaces, short, status, whole};
use super::versions::COMPUTE_MINOR_MAX;
use super::{create, flavor};
use crate::facts::{Power, now, rfc3339};
use crate::lab::world::openstack::{Cloud, Image, Volume};
use crate::lab::world::{Inventory, Vm};
use http::Method;
use regex::Regex;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const POWER_TAKES: Duration = Duration::from_secs(4);
const IMAGE_TAKES: Duration = Duration::from_secs(15);
const DELETION_TAKES: Duration = Duration::from_secs(4);

pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Answer {
    let minor = call.request.minor("compute", "x-openstack-nova-api-version", 1, COMPUTE_MINOR_MAX)?;
    let reply = match (&call.request.method, path) {
        (&Method::GET, ["servers"]) => list(call, |_, _, vm| short(call, vm)),
        (&Method::GET, ["servers", "detail"]) => {
            list(call, |inventory, cloud, vm| whole(call, (inventory, cloud), vm, minor))
        }
        (&Method::POST, ["servers"]) => create::server(call, &call.request.body["server"], minor),
        (&Method::GET, ["servers", id]) => {
            of_server(call, id, |inventory, cloud, vm| json!({"server": whole(call, (inventory, cloud), vm, minor)}))
        }
        (&Method::DELETE, ["servers", id]) => delete(call, id),
        (&Method::POST, ["servers", id, "action"]) => act(call, id, minor),
        (&Method::GET, ["servers", id, "os-volume_attachments"]) => {
            of_server(call, id, |_, cloud, vm| attachments(cloud, vm))
        }
        (&Method::GET, ["servers", id, "os-interface"]) => of_server(call, id, |_, _, vm| interfaces(call, vm)),
        (&Method::GET, ["flavors"]) => flavor::list(call, false),
        (&Method::GET, ["flavors", "detail"]) => flavor::list(call, true),
        (&Method::GET, ["flavors", _, "os-extra_specs"]) => Ok(Reply::ok(json!({"extra_specs": {}}))),
        (&Method::GET, ["flavors", id]) => flavor::show(call, id),
        _ => Err(Reply::no_item("The resource could not be found.")),
    };
    reply.map(|reply| reply.with("openstack-api-version", format!("compute 2.{minor}")))
}

fn list(call: &Call<'_>, show: impl Fn(&Inventory, &Cloud, &Vm) -> Value) -> Answer {
    let pattern = call.request.asks("name").map(Regex::new).transpose();
    let pattern = pattern.map_err(|_| Reply::bad("Invalid filters"))?;
    let items = call.read(|inventory, cloud| {
        let named = |vm: &&Vm| pattern.as_ref().is_none_or(|pattern| pattern.is_match(&vm.name));
        let wanted = call.request.asks("status").map(str::to_uppercase);
        let stands = |vm: &&Vm| wanted.as_ref().is_none_or(|wanted| status(cloud, vm) == *wanted);
        inventory.vms.iter().filter(named).filter(stands).map(|vm| show(inventory, cloud, vm)).collect()
    });
    Ok(Reply::ok(call.request.page("servers", items)?))
}

fn missing(id: &str) -> Reply {
    Reply::no_item(format!("Instance {id} could not be found."))
}

fn of_server(call: &Call<'_>, id: &str, show: impl Fn(&Inventory, &Cloud, &Vm) -> Value) -> Answer {
    call.read(|inventory, cloud| inventory.vm(id).map(|vm| Reply::ok(show(inventory, cloud, vm))))
        .ok_or_else(|| missing(id))
}

fn conflict(id: &str, action: &str, state: &str) -> Reply {
    let words = format!("Cannot '{action}' instance {id} while it is in vm_state {}", state.to_lowercase());
    Reply::fault(409, "conflictingRequest", words)
}

fn act(call: &Call<'_>, id: &str, minor: u32) -> Answer {
    let body = &call.request.body;
    if body.get("os-start").is_some() {
        return switch(call, id, ("start", "SHUTOFF", "powering-on"), Power::On);
    }
    if body.get("os-stop").is_some() {
        return switch(call, id, ("stop", "ACTIVE", "powering-off"), Power::Off);
    }
    match body["createImage"]["name"].as_str() {
        Some(name) => create_image(call, id, name, minor),
        None => Err(Reply::bad("There is no such action")),
    }
}

fn switch(call: &Call<'_>, id: &str, (action, from, task): (&str, &str, &str), power: Power) -> Answer {
    call.change(|inventory, cloud| {
        let vm = inventory.vm(id).ok_or_else(|| missing(id))?;
        let now = status(cloud, vm);
        if now != from {
            return Err(conflict(id, action, &now));
        }
        cloud.instances.entry(id.to_owned()).or_default().task = Some(task.to_owned());
        Ok(())
    })?;
    let id = id.to_owned();
    call.later(POWER_TAKES, move |_, inventory, cloud| {
        if let Some(vm) = inventory.vm_mut(&id) {
            vm.set_power(power);
            vm.revision += 1;
        }
        if let Some(instance) = cloud.instances.get_mut(&id) {
            instance.task = None;
        }
    });
    Ok(Reply::empty(202))
}

/// Of a server that boots from a volume the image only names snapshots of all its volumes, which are there at once.
fn create_image(call: &Call<'_>, id: &str, name: &str, minor: u32) -> Answer {
    let mut snapshots = Vec::new();
    let made = call.change(|inventory, cloud| {
        let vm = inventory.vm(id).ok_or_else(|| missing(id))?;
        let now_is = status(cloud, vm);
        if !matches!(now_is.as_str(), "ACTIVE" | "SHUTOFF" | "PAUSED") {
            return Err(conflict(id, "createImage", &now_is));
        }
        let of_volumes = !cloud.is_image_booted(id);
        if of_volumes {
            for subject in subjects(cloud, vm) {
                snapshots.push(add_snapshot(call, cloud, &format!("snapshot for {name}"), subject)?);
            }
        }
        let image = fresh_id(call.source(), cloud, "image");
        cloud.images.push(Image {
            id: image.clone(),
            name: name.to_owned(),
            status: if of_volumes { "active" } else { "queued" }.to_owned(),
            of_volumes,
            origin: Some(Arc::new(vm.clone())),
            created: rfc3339(now()),
        });
        Ok((image, of_volumes))
    });
    // Those that were taken before it failed stay.
    become_available(call, snapshots);
    let (image, of_volumes) = made?;
    if !of_volumes {
        let image = image.clone();
        call.later(IMAGE_TAKES, move |_, _, cloud| {
            if let Some(found) = cloud.images.iter_mut().find(|found| found.id == image) {
                "active".clone_into(&mut found.status);
            }
        });
    }
    if minor >= 45 {
        return Ok(Reply::of(202, json!({"image_id": image})));
    }
    Ok(Reply::empty(202).with("location", format!("{}/image/v2/images/{image}", call.request.root)))
}

fn delete(call: &Call<'_>, id: &str) -> Answer {
    call.change(|inventory, cloud| {
        inventory.vm(id).ok_or_else(|| missing(id))?;
        cloud.instances.entry(id.to_owned()).or_default().task = Some("deleting".to_owned());
        Ok(())
    })?;
    let id = id.to_owned();
    call.later(DELETION_TAKES, move |_, inventory, cloud| remove(inventory, cloud, &id));
    Ok(Reply::empty(204))
}

/// Volumes that do not go with the server are free again.
fn remove(inventory: &mut Inventory, cloud: &mut Cloud, id: &str) {
    let Some(at) = inventory.vms.iter().position(|vm| vm.moref == id) else { return };
    let vm = Arc::new(inventory.vms.remove(at));
    for subject in cloud.volumes_of(&vm).to_vec() {
        if cloud.ephemeral.remove(&subject.uuid) {
            continue;
        }
        let bootable = vm.disks.first().is_some_and(|first| first.uuid == subject.uuid);
        let (status, created) = ("available".to_owned(), rfc3339(now()));
        let origin = Some(Arc::clone(&vm));
        cloud.volumes.push(Volume { disk: subject, status, bootable, origin, snapshot: None, created });
    }
    cloud.instances.remove(id);
}
