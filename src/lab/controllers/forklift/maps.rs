//! StorageMaps and NetworkMaps: sources by id or name on the source, destinations on the cluster.
//!
//! Source: forklift-api.md section 3.

use super::super::conditions::{Category, Condition, Conditions};
use super::super::hub::{Fail, Hub, Outcome};
use super::super::kinds::{ATTACHMENT, Kind, PROVIDER, STORAGE_CLASS, STORAGE_MAP};
use super::super::object::{generation, has_condition, is_deleting, items, reference, text};
use super::cluster_source::{self, is_cluster};
use super::offload;
use super::places::{networks, storages};
use super::provider::source_of;
use crate::lab::world::NamedRef;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) async fn reconcile(hub: &Hub, kind: Kind, map: &Value) -> Result<Outcome, Fail> {
    if is_deleting(map) {
        return Ok(Outcome::Done);
    }
    let mut conditions = Conditions::begin(map);
    let mut references = Vec::new();
    let source = check_provider(hub, map, "Source", "/spec/provider/source", &mut conditions).await?;
    check_provider(hub, map, "Destination", "/spec/provider/destination", &mut conditions).await?;
    if !conditions.blocked() {
        let known = match source.as_deref() {
            Some(provider) if is_cluster(provider) && kind == STORAGE_MAP => Some(cluster_source::storages(hub)),
            Some(provider) if is_cluster(provider) => Some(cluster_source::networks(hub)),
            source => source.and_then(|provider| source_of(&hub.world, provider)).map(|source| {
                let inventory = source.read();
                if kind == STORAGE_MAP { storages(source, &inventory) } else { networks(source, &inventory) }
            }),
        };
        let what = if kind == STORAGE_MAP { "SourceStorageNotValid" } else { "SourceNetworkNotValid" };
        let (found, faults) = resolve_sources(map, known.as_deref().unwrap_or_default(), what, hub.since(12));
        references = found;
        conditions.set_all(faults);
        conditions.set_all(match &source {
            Some(provider) if kind == STORAGE_MAP && text(provider, "/spec/type") == "vsphere" => {
                offload::check_map(hub, map, provider).await?
            }
            _ => Vec::new(),
        });
        conditions.set_all(if kind == STORAGE_MAP {
            check_classes(hub, map).await?
        } else {
            check_attachments(hub, map).await?
        });
        if !conditions.blocked() {
            conditions.set(Condition::required("Ready", "", "the map is ready"));
        }
    }
    let mut status = json!({"conditions": conditions.finish(), "observedGeneration": generation(map)});
    if !references.is_empty() {
        status["references"] = json!(references);
    }
    hub.put_status(kind, map, status).await?;
    Ok(Outcome::Done)
}

/// Checks a provider reference; the provider if it is usable.
pub(crate) async fn check_provider(
    hub: &Hub,
    object: &Value,
    side: &str,
    pointer: &str,
    conditions: &mut Conditions,
) -> Result<Option<std::sync::Arc<Value>>, Fail> {
    let (space, name) = reference(object, pointer);
    let invalid = format!("{side}ProviderNotValid");
    if space.is_empty() || name.is_empty() {
        conditions.set(Condition::critical(&invalid, "NotSet", "the provider is not set"));
        return Ok(None);
    }
    let Some(provider) = hub.find_ready(PROVIDER, space, name).await? else {
        let words = format!("the provider {space}/{name} does not exist");
        conditions.set(Condition::critical(&invalid, "NotFound", words));
        return Ok(None);
    };
    if side == "Destination" && text(&provider, "/spec/type") != "openshift" {
        conditions.set(Condition::critical(&invalid, "TypeNotValid", "only openshift can be a destination"));
        return Ok(None);
    }
    if !has_condition(&provider, "Ready") {
        let words = format!("the provider {space}/{name} is not ready");
        conditions.set(Condition::critical(&format!("{side}ProviderNotReady"), "", words));
        return Ok(None);
    }
    Ok(Some(provider))
}

/// The resolved references of `spec.map[]` and what is wrong with the others.
///
/// An id wins over a name. Not found is Critical before 2.12 and a warning since.
fn resolve_sources(map: &Value, known: &[NamedRef], condition: &str, lenient: bool) -> (Vec<Value>, Vec<Condition>) {
    let (mut references, mut unset, mut missing, mut ambiguous) = (Vec::new(), 0, Vec::new(), Vec::new());
    for entry in items(map, "/spec/map") {
        let (id, name) = (text(entry, "/source/id"), text(entry, "/source/name"));
        let mut hits: Vec<&NamedRef> =
            known.iter().filter(|one| if id.is_empty() { one.name == name } else { one.moref == id }).collect();
        // One that has several names is one.
        let mut seen = BTreeSet::new();
        hits.retain(|one| seen.insert(&one.moref));
        let described = format!(" id:{id} name:'{name}' ");
        match hits.as_slice() {
            _ if id.is_empty() && name.is_empty() => {
                if text(entry, "/source/type").is_empty() {
                    unset += 1;
                }
            }
            [] => missing.push(described),
            [one] => {
                let reference = json!({"id": one.moref, "name": one.name});
                if !references.contains(&reference) {
                    references.push(reference);
                }
            }
            _ => ambiguous.push(described),
        }
    }
    let mut faults = Vec::new();
    // One condition type: the gravest reason is the one that shows.
    if unset > 0 {
        faults.push(Condition::critical(condition, "NotSet", "a source has neither id nor name"));
    } else if !ambiguous.is_empty() {
        faults.push(Condition::critical(condition, "Ambiguous", "a source is not unique").about(ambiguous));
    } else if !missing.is_empty() {
        let category = if lenient { Category::Warn } else { Category::Critical };
        faults.push(Condition::new(condition, category, "NotFound", "a source does not exist").about(missing));
    }
    (references, faults)
}

async fn check_classes(hub: &Hub, map: &Value) -> Result<Vec<Condition>, Fail> {
    let wanted: BTreeSet<&str> =
        items(map, "/spec/map").map(|entry| text(entry, "/destination/storageClass")).collect();
    let mut missing = Vec::new();
    for class in wanted {
        if hub.find(STORAGE_CLASS, "", class).await?.is_none() {
            missing.push(class.to_owned());
        }
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let words = "a storage class does not exist";
    Ok(vec![Condition::critical("DestinationStorageNotValid", "NotFound", words).about(missing)])
}

async fn check_attachments(hub: &Hub, map: &Value) -> Result<Vec<Condition>, Fail> {
    let (mut missing, mut ambiguous) = (Vec::new(), Vec::new());
    for entry in items(map, "/spec/map").filter(|entry| text(entry, "/destination/type") == "multus") {
        let (space, name) = reference(entry, "/destination");
        if space.is_empty() {
            ambiguous.push(name.to_owned());
        } else if hub.find(ATTACHMENT, space, name).await?.is_none() {
            missing.push(format!("{space}/{name}"));
        }
    }
    let condition = "DestinationNetworkNotValid";
    if !missing.is_empty() {
        let words = "a NetworkAttachmentDefinition does not exist";
        return Ok(vec![Condition::critical(condition, "NotFound", words).about(missing)]);
    }
    if !ambiguous.is_empty() {
        let words = "a destination of type multus has no namespace";
        return Ok(vec![Condition::critical(condition, "Ambiguous", words).about(ambiguous)]);
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<NamedRef> {
        [("network-7", "VM Network"), ("dvportgroup-8", "twin"), ("dvportgroup-9", "twin")]
            .map(|(moref, name)| NamedRef { moref: moref.into(), name: name.into() })
            .to_vec()
    }

    fn resolve(sources: &Value, lenient: bool) -> (usize, Vec<(String, Category, &'static str)>) {
        let entries: Vec<Value> = sources.as_array().unwrap().iter().map(|source| json!({"source": source})).collect();
        let map = json!({"spec": {"map": entries}});
        let (references, faults) = resolve_sources(&map, &known(), "SourceNetworkNotValid", lenient);
        (references.len(), faults.into_iter().map(|one| (one.kind, one.category, one.reason)).collect())
    }

    #[test]
    fn sources_are_found_by_id_or_name() {
        let kind = "SourceNetworkNotValid".to_owned();
        assert_eq!(resolve(&json!([{"id": "network-7"}, {"name": "VM Network"}]), false), (1, vec![]));
        let one = |category, reason| vec![(kind.clone(), category, reason)];
        assert_eq!(resolve(&json!([{"name": "twin"}]), false), (0, one(Category::Critical, "Ambiguous")));
        assert_eq!(resolve(&json!([{"name": "x"}]), false), (0, one(Category::Critical, "NotFound")));
        assert_eq!(resolve(&json!([{"name": "x"}]), true), (0, one(Category::Warn, "NotFound")));
        assert_eq!(resolve(&json!([{}]), true), (0, one(Category::Critical, "NotSet")));
        assert_eq!(resolve(&json!([{"type": "pod"}]), true), (0, vec![]));
    }
}
