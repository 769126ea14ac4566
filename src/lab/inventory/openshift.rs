//! The collections of an OpenShift provider, read live from the cluster.
//!
//! Source: inventory-api.md section 9.

use super::query::ListQuery;
use kube::Client;
use serde_json::{Value, json};

/// Collection and the path of its API; `vms` come first in the sheet's order.
const COLLECTIONS: [(&str, &str); 9] = [
    ("vms", "/apis/kubevirt.io/v1/virtualmachines"),
    ("namespaces", "/api/v1/namespaces"),
    ("storageclasses", "/apis/storage.k8s.io/v1/storageclasses"),
    ("networkattachmentdefinitions", "/apis/k8s.cni.cncf.io/v1/network-attachment-definitions"),
    ("instancetypes", "/apis/instancetype.kubevirt.io/v1beta1/virtualmachineinstancetypes"),
    ("clusterinstancetypes", "/apis/instancetype.kubevirt.io/v1beta1/virtualmachineclusterinstancetypes"),
    ("persistentvolumeclaims", "/api/v1/persistentvolumeclaims"),
    ("datavolumes", "/apis/cdi.kubevirt.io/v1beta1/datavolumes"),
    ("kubevirts", "/apis/kubevirt.io/v1/kubevirts"),
];

/// Everything that the cluster lists at a path; nothing if the kind is not installed.
pub(super) async fn list(client: &Client, path: &str) -> Result<Vec<Value>, kube::Error> {
    let Ok(request) = http::Request::get(path).body(Vec::new()) else { return Ok(Vec::new()) };
    let mut answer: Value = match client.request(request).await {
        Ok(answer) => answer,
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(answer["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

/// Reads a collection; `None` if there is none of this name.
pub(super) async fn collection(
    client: &Client,
    link: &str,
    name: &str,
    query: &ListQuery,
) -> Result<Option<Vec<Value>>, kube::Error> {
    let Some((_, path)) = COLLECTIONS.iter().find(|(known, _)| *known == name) else { return Ok(None) };
    let items = list(client, path).await?;
    let wanted =
        |item: &&Value| query.namespace.as_deref().is_none_or(|namespace| item["metadata"]["namespace"] == namespace);
    Ok(Some(items.iter().filter(wanted).map(|item| resource(&format!("{link}/{name}"), item, query.detail)).collect()))
}

/// A VM with its instance, which there is only while it runs.
pub(super) async fn with_instance(client: &Client, mut vm: Value) -> Result<Value, kube::Error> {
    let word = |field: &str| vm[field].as_str().unwrap_or_default().to_owned();
    let path =
        format!("/apis/kubevirt.io/v1/namespaces/{}/virtualmachineinstances/{}", word("namespace"), word("name"));
    let Ok(request) = http::Request::get(path).body(Vec::new()) else { return Ok(vm) };
    match client.request::<Value>(request).await {
        Ok(instance) => vm["instance"] = instance,
        Err(kube::Error::Api(status)) if status.code == 404 => {}
        Err(error) => return Err(error),
    }
    Ok(vm)
}

/// A resource: the base, and from detail 1 the object itself.
fn resource(link: &str, item: &Value, detail: u32) -> Value {
    let meta = &item["metadata"];
    let uid = meta["uid"].as_str().unwrap_or_default();
    let mut value = json!({
        "uid": uid,
        "id": uid,
        "version": meta["resourceVersion"],
        "namespace": meta["namespace"].as_str().unwrap_or_default(),
        "name": meta["name"],
        "selfLink": format!("{link}/{uid}"),
    });
    if detail > 0 {
        value["object"] = item.clone();
    }
    value
}
