//! Neutron: networks, subnets and ports, all of which follow from the servers' NICs.

use super::reply::{Answer, Reply};
use super::server::Call;
use crate::lab::world::{Inventory, NamedRef, Nic, Vm};
use http::Method;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Answer {
    if call.request.method != Method::GET {
        return Err(Reply::neutron(403, "PolicyNotAuthorized", "The lab's networks cannot be changed."));
    }
    match path {
        ["networks"] => list(call, "networks", networks(call)),
        ["networks", id] => show(("network", "Network", id), networks(call)),
        ["subnets"] => list(call, "subnets", subnets(call)),
        ["subnets", id] => show(("subnet", "Subnet", id), subnets(call)),
        ["ports"] => list(call, "ports", ports(call)),
        ["ports", id] => show(("port", "Port", id), ports(call)),
        ["extensions"] => Ok(Reply::ok(json!({"extensions": []}))),
        _ => Err(Reply::neutron(404, "HTTPNotFound", "The resource could not be found.")),
    }
}

/// Every query but paging is a filter by an equal member.
fn list(call: &Call<'_>, key: &str, items: Vec<Value>) -> Answer {
    let filters = call.request.query.iter().filter(|(name, _)| !matches!(name.as_str(), "limit" | "marker" | "fields"));
    let filters: Vec<_> = filters.collect();
    let fits = |item: &Value| {
        filters.iter().all(|(name, wanted)| match &item[name.as_str()] {
            Value::String(text) => text == *wanted,
            Value::Null => true,
            other => serde_json::from_str::<Value>(&wanted.to_lowercase()).is_ok_and(|wanted| wanted == *other),
        })
    };
    let found: Vec<Value> = items.into_iter().filter(fits).collect();
    Ok(Reply::ok(call.request.page(key, found)?))
}

fn show((key, kind, id): (&str, &str, &str), items: Vec<Value>) -> Answer {
    let found = items.into_iter().find(|item| item["id"] == id);
    let missing = || Reply::neutron(404, &format!("{kind}NotFound"), format!("{kind} {id} could not be found."));
    found.map(|item| Reply::ok(json!({key: item}))).ok_or_else(missing)
}

fn networks(call: &Call<'_>) -> Vec<Value> {
    let network = |network: &NamedRef| {
        json!({
            "id": network.moref, "name": network.name, "status": "ACTIVE", "admin_state_up": true, "shared": false,
            "project_id": call.state.project_id, "tenant_id": call.state.project_id, "mtu": 1500,
            "router:external": false, "subnets": [subnet_id(call, &network.moref)],
        })
    };
    call.read(|inventory, _| inventory.networks.iter().map(network).collect())
}

fn subnets(call: &Call<'_>) -> Vec<Value> {
    let subnet = |inventory: &Inventory, network: &NamedRef| {
        let (cidr, gateway) = cidr_of(inventory, &network.moref);
        json!({
            "id": subnet_id(call, &network.moref), "name": format!("{}-subnet", network.name),
            "network_id": network.moref, "cidr": cidr, "gateway_ip": gateway, "ip_version": 4, "enable_dhcp": true,
            "project_id": call.state.project_id, "tenant_id": call.state.project_id,
        })
    };
    call.read(|inventory, _| inventory.networks.iter().map(|network| subnet(inventory, network)).collect())
}

fn ports(call: &Call<'_>) -> Vec<Value> {
    let port = |vm: &Vm, nic: &Nic| {
        let subnet = port_subnet(call, &nic.network);
        let fixed: Vec<Value> =
            nic.guest.iter().map(|guest| json!({"subnet_id": subnet, "ip_address": guest.ip})).collect();
        json!({
            "id": port_id(call, nic), "name": "", "device_id": vm.moref, "device_owner": "compute:nova",
            "network_id": nic.network, "mac_address": nic.mac, "fixed_ips": fixed, "status": "ACTIVE",
            "admin_state_up": true, "project_id": call.state.project_id, "tenant_id": call.state.project_id,
        })
    };
    call.read(|inventory, _| {
        let all = inventory.vms.iter().flat_map(|vm| vm.nics.iter().map(move |nic| (vm, nic)));
        all.map(|(vm, nic)| port(vm, nic)).collect()
    })
}

/// The id of a NIC's port.
pub(super) fn port_id(call: &Call<'_>, nic: &Nic) -> String {
    call.source().uuid_for(&format!("port/{}", nic.mac))
}

/// The id of the subnet of a network.
pub(super) fn port_subnet(call: &Call<'_>, network: &str) -> String {
    subnet_id(call, network)
}

fn subnet_id(call: &Call<'_>, network: &str) -> String {
    call.source().uuid_for(&format!("subnet/{network}"))
}

/// The range and gateway that the first address on the network is of.
fn cidr_of(inventory: &Inventory, network: &str) -> (String, Option<String>) {
    let nics = inventory.vms.iter().flat_map(|vm| &vm.nics).filter(|nic| nic.network == network);
    let Some(guest) = nics.flat_map(|nic| &nic.guest).next() else { return ("192.168.0.0/24".to_owned(), None) };
    let bits = guest.ip.parse::<Ipv4Addr>().map_or(0, u32::from);
    let mask = u32::MAX.checked_shl(32 - u32::from(guest.prefix_length)).unwrap_or(0);
    (format!("{}/{}", Ipv4Addr::from(bits & mask), guest.prefix_length), guest.gateway.clone())
}
