//! Making the first objects through a client: in a cluster that the lab does not own.

use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::discovery::{ApiCapabilities, Scope, pinned_kind};
use kube::{Api, Client};
use serde_json::Value;
use std::collections::BTreeMap;

type Known = BTreeMap<(String, String), (ApiResource, ApiCapabilities)>;

/// An object of the start that cannot be made in the cluster.
#[derive(Debug, thiserror::Error)]
#[error("make {object} in the cluster; its administrator's rights are needed")]
pub struct PlantError {
    /// Kind and name.
    pub object: String,
    /// What the API server said.
    #[source]
    pub source: Box<kube::Error>,
}

/// Makes `objects` in their order, with their status. Definitions of kinds and objects that are there are left as they
/// are.
///
/// # Errors
/// An object cannot be made, or its kind is not served.
pub async fn plant(client: &Client, objects: Vec<Value>) -> Result<(), PlantError> {
    let mut known = Known::new();
    for object in objects.into_iter().filter(|object| object["kind"] != "CustomResourceDefinition") {
        let name = format!("{} {}", object["kind"], object["metadata"]["name"]);
        let planted = plant_one(client, object, &mut known).await;
        planted.map_err(|source| PlantError { object: name, source: Box::new(source) })?;
    }
    Ok(())
}

async fn plant_one(client: &Client, object: Value, known: &mut Known) -> kube::Result<()> {
    let object: DynamicObject = serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
    let types = object.types.clone().unwrap_or_default();
    let key = (types.api_version, types.kind);
    if !known.contains_key(&key) {
        let (group, version) = key.0.split_once('/').unwrap_or(("", &key.0));
        let found = pinned_kind(client, &GroupVersionKind::gvk(group, version, &key.1)).await?;
        known.insert(key.clone(), found);
    }
    let Some((resource, capabilities)) = known.get(&key) else { return Ok(()) };
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let api: Api<DynamicObject> = match capabilities.scope {
        Scope::Namespaced => Api::namespaced_with(client.clone(), &namespace, resource),
        Scope::Cluster => Api::all_with(client.clone(), resource),
    };
    let mut made = match api.create(&kube::api::PostParams::default(), &object).await {
        Ok(made) => made,
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => return Ok(()),
        Err(error) => return Err(error),
    };
    let has_status = capabilities.subresources.iter().any(|(sub, _)| sub.plural.ends_with("status"));
    let status = object.data.get("status").filter(|_| has_status);
    if let Some(status) = status {
        made.data["status"] = status.clone();
        let name = made.metadata.name.clone().unwrap_or_default();
        api.replace_status(&name, &kube::api::PostParams::default(), &made).await?;
    }
    Ok(())
}
