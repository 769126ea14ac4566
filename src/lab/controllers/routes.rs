//! Which tasks a change of an object asks for.

use super::hub::Hub;
use super::kinds::{self, Kind};
use super::object::{has_condition, items, label, name, namespace, reference, text, uid};
use super::queue::{Controller, Task};
use serde_json::Value;

fn ask(hub: &Hub, controller: Controller, namespace: &str, name: &str) {
    hub.queue.add(Task { controller, namespace: namespace.to_owned(), name: name.to_owned() });
}

/// Asks for the object itself and for all that depends on it.
pub(crate) fn route(hub: &Hub, kind: Kind, object: &Value) {
    let (space, own) = (namespace(object), name(object));
    if let Some(controller) = controller_of(kind) {
        ask(hub, controller, space, own);
    }
    match kind {
        kinds::PROVIDER => {
            let refers = |one: &Value, at: &str| reference(one, at) == (space, own);
            for (map, controller) in
                [(kinds::STORAGE_MAP, Controller::StorageMap), (kinds::NETWORK_MAP, Controller::NetworkMap)]
            {
                ask_all(hub, map, controller, |one| {
                    refers(one, "/spec/provider/source") || refers(one, "/spec/provider/destination")
                });
            }
            ask_plans(hub, |plan| refers(plan, "/spec/provider/source") || refers(plan, "/spec/provider/destination"));
        }
        kinds::SECRET => {
            ask_all(hub, kinds::PROVIDER, Controller::Provider, |one| reference(one, "/spec/secret") == (space, own));
            ask_all(hub, kinds::STORAGE_MAP, Controller::StorageMap, unready);
        }
        kinds::POPULATOR | kinds::OVIRT_POPULATOR | kinds::OPENSTACK_POPULATOR => {
            ask_plans(hub, |plan| uid(plan) == label(object, "plan"));
        }
        kinds::POD if own.starts_with("populate-") => ask_plans(hub, |plan| has_condition(plan, "Executing")),
        kinds::STORAGE_MAP => ask_plans(hub, |plan| reference(plan, "/spec/map/storage") == (space, own)),
        kinds::NETWORK_MAP => ask_plans(hub, |plan| reference(plan, "/spec/map/network") == (space, own)),
        kinds::HOOK => ask_plans(hub, |plan| {
            items(plan, "/spec/vms").any(|vm| items(vm, "/hooks").any(|hook| reference(hook, "/hook") == (space, own)))
        }),
        kinds::STORAGE_CLASS => ask_all(hub, kinds::STORAGE_MAP, Controller::StorageMap, unready),
        kinds::ATTACHMENT => ask_all(hub, kinds::NETWORK_MAP, Controller::NetworkMap, unready),
        kinds::PLAN => {
            ask_all(hub, kinds::MIGRATION, Controller::Migration, |one| reference(one, "/spec/plan") == (space, own));
        }
        kinds::MIGRATION => {
            let (plan_space, plan) = reference(object, "/spec/plan");
            ask(hub, Controller::Plan, plan_space, plan);
        }
        kinds::DATA_VOLUME => {
            ask_plans(hub, |plan| uid(plan) == label(object, "plan"));
            for owner in items(object, "/metadata/ownerReferences") {
                if text(owner, "/kind") == kinds::VIRTUAL_MACHINE.title {
                    ask(hub, Controller::VirtualMachine, space, text(owner, "/name"));
                }
            }
        }
        kinds::CLAIM => {
            ask(hub, Controller::DataVolume, space, own);
            ask(hub, Controller::Volume, "", text(object, "/spec/volumeName"));
            ask_all(hub, kinds::VIRTUAL_MACHINE, Controller::VirtualMachine, |vm| {
                text(vm, "/status/printableStatus") == "ErrorPvcNotFound" && namespace(vm) == space
            });
        }
        kinds::VIRTUAL_MACHINE => {
            ask(hub, Controller::Instance, space, own);
            ask_plans(hub, |plan| {
                has_condition(plan, "VMAlreadyExists")
                    || has_condition(plan, "MacConflicts")
                    || has_condition(plan, "Executing")
                        && (uid(plan) == label(object, "plan") || migrates(plan, uid(object)))
            });
        }
        kinds::NODE => ask_all(hub, kinds::INSTANCE, Controller::Instance, |one| {
            text(one, "/status/phase") == "Scheduling" && items(one, "/status/conditions").next().is_some()
        }),
        kinds::INSTANCE => ask(hub, Controller::VirtualMachine, space, own),
        _ => {}
    }
}

/// Whether a plan's source is the cluster itself, and this VM one of its own.
fn migrates(plan: &Value, vm: &str) -> bool {
    items(plan, "/spec/vms").any(|entry| text(entry, "/id") == vm)
}

/// Asks for what could not be resolved on a source that has changed.
pub(crate) fn route_source(hub: &Hub) {
    ask_all(hub, kinds::STORAGE_MAP, Controller::StorageMap, unready);
    ask_all(hub, kinds::NETWORK_MAP, Controller::NetworkMap, unready);
    ask_all(hub, kinds::PROVIDER, Controller::Provider, |one| text(one, "/spec/settings/esxiCloneMethod") == "ssh");
    ask_plans(hub, |plan| unready(plan) || has_condition(plan, "Executing"));
}

fn unready(object: &Value) -> bool {
    !has_condition(object, "Ready")
}

fn ask_plans(hub: &Hub, keep: impl Fn(&Value) -> bool) {
    ask_all(hub, kinds::PLAN, Controller::Plan, keep);
}

fn ask_all(hub: &Hub, kind: Kind, controller: Controller, keep: impl Fn(&Value) -> bool) {
    for object in hub.cache.list(kind, keep) {
        ask(hub, controller, namespace(&object), name(&object));
    }
}

fn controller_of(kind: Kind) -> Option<Controller> {
    Some(match kind {
        kinds::PROVIDER => Controller::Provider,
        kinds::STORAGE_MAP => Controller::StorageMap,
        kinds::NETWORK_MAP => Controller::NetworkMap,
        kinds::HOOK => Controller::Hook,
        kinds::PLAN => Controller::Plan,
        kinds::MIGRATION => Controller::Migration,
        kinds::POPULATOR => Controller::Populator,
        kinds::OVIRT_POPULATOR => Controller::OvirtPopulator,
        kinds::OPENSTACK_POPULATOR => Controller::OpenstackPopulator,
        kinds::FORKLIFT_CONTROLLER => Controller::Operator,
        kinds::DATA_VOLUME => Controller::DataVolume,
        kinds::VOLUME => Controller::Volume,
        kinds::STORAGE_CLASS => Controller::Profile,
        kinds::VIRTUAL_MACHINE => Controller::VirtualMachine,
        kinds::INSTANCE => Controller::Instance,
        kinds::POD => Controller::Kubelet,
        _ => return None,
    })
}
