//! StorageMap, NetworkMap and the NADs they need.
//!
//! Source: forklift-api.md section 3, original-suite.md sections 1.1, 1.2 and 1.4.

use super::Names;
use crate::facts::NicAttachment;
use crate::inventory::MapSource;
use serde_json::{Map, Value, json};

/// A row of a NetworkMap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRow {
    /// The source network.
    pub source: MapSource,
    /// Where its NICs go.
    pub destination: NicAttachment,
}

/// A row of a StorageMap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageRow {
    /// The source storage.
    pub source: MapSource,
    /// Storage class.
    pub storage_class: String,
    /// Access mode of the claims; `None`: the product's choice.
    pub access_mode: Option<String>,
    /// Volume mode of the claims; `None`: the product's choice.
    pub volume_mode: Option<String>,
    /// The plugin that lets the storage copy; `None`: the product copies.
    pub offload: Option<OffloadPlugin>,
    /// Whether the plugin's array can copy from there: with a plugin, but elsewhere, the host copies.
    pub on_array: bool,
}

/// What an entry of a StorageMap says to let the array copy. Source: forklift-api.md section 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffloadPlugin {
    /// Secret with the array's login, in the source Provider's namespace.
    pub secret: String,
    /// The array (`ontap`).
    pub vendor: String,
    /// MoRefs of the hosts that do the copying; none: the product's choice.
    pub dedicated_hosts: Vec<String>,
}

impl StorageRow {
    /// A row that the product copies in its own way.
    fn plain(source: MapSource, storage_class: &str) -> Self {
        Self {
            source,
            storage_class: storage_class.to_owned(),
            access_mode: None,
            volume_mode: None,
            offload: None,
            on_array: false,
        }
    }
}

/// The first source network goes to the pod network, each further one to a NAD of its own, in `nad_namespace`.
pub fn network_rows(sources: Vec<MapSource>, names: &Names, nad_namespace: &str) -> Vec<NetworkRow> {
    let destination = |index: usize| match index {
        0 => NicAttachment::Pod,
        number => NicAttachment::Multus(format!("{nad_namespace}/{}", names.nad(number))),
    };
    sources
        .into_iter()
        .enumerate()
        .map(|(index, source)| NetworkRow { source, destination: destination(index) })
        .collect()
}

/// Every source storage goes to the one storage class of the run; repeats are dropped in order.
pub fn storage_rows(sources: Vec<MapSource>, storage_class: &str) -> Vec<StorageRow> {
    let mut rows: Vec<StorageRow> = Vec::new();
    for source in sources {
        if rows.iter().all(|row| row.source != source) {
            rows.push(StorageRow::plain(source, storage_class));
        }
    }
    rows
}

/// A NAD. The first one is of type `cnv-bridge` on the bridge of that name, the others are plain bridges of their own.
pub fn nad_body(name: &str, number: usize) -> Value {
    let (kind, bridge) = if number == 1 { ("cnv-bridge", "cnv-bridge") } else { ("bridge", name) };
    // The product wants a string of JSON here; an object is refused.
    let config = json!({ "cniVersion": "0.3.1", "name": name, "type": kind, "bridge": bridge }).to_string();
    json!({ "spec": { "config": config } })
}

/// A NetworkMap between two Providers of `namespace`.
pub fn network_map_body(rows: &[NetworkRow], providers: (&str, &str), namespace: &str) -> Value {
    let map = rows
        .iter()
        .map(|row| json!({ "source": source(&row.source), "destination": destination(&row.destination) }))
        .collect();
    map_body(map, providers, namespace)
}

/// A StorageMap between two Providers of `namespace`.
pub fn storage_map_body(rows: &[StorageRow], providers: (&str, &str), namespace: &str) -> Value {
    map_body(rows.iter().map(storage_entry).collect(), providers, namespace)
}

fn storage_entry(row: &StorageRow) -> Value {
    let mut destination = Map::from_iter([("storageClass".to_owned(), json!(row.storage_class))]);
    for (key, mode) in [("accessMode", &row.access_mode), ("volumeMode", &row.volume_mode)] {
        if let Some(mode) = mode {
            destination.insert(key.to_owned(), json!(mode));
        }
    }
    let mut entry = json!({ "source": source(&row.source), "destination": destination });
    if let Some(plugin) = &row.offload {
        let mut config = json!({ "secretRef": plugin.secret, "storageVendorProduct": plugin.vendor });
        if !plugin.dedicated_hosts.is_empty() {
            config["dedicatedMigrationHosts"] = json!(plugin.dedicated_hosts);
        }
        entry["offloadPlugin"] = json!({ "vsphereXcopyConfig": config });
    }
    entry
}

fn map_body(map: Vec<Value>, (from, to): (&str, &str), namespace: &str) -> Value {
    json!({ "spec": {
        "map": map,
        "provider": {
            "source": { "name": from, "namespace": namespace },
            "destination": { "name": to, "namespace": namespace },
        },
    } })
}

fn source(source: &MapSource) -> Value {
    let mut body = Map::new();
    let fields = [("id", &source.id), ("name", &source.name), ("type", &source.kind)];
    for (key, value) in fields {
        if let Some(value) = value {
            body.insert(key.to_owned(), json!(value));
        }
    }
    Value::Object(body)
}

fn destination(attachment: &NicAttachment) -> Value {
    match attachment {
        NicAttachment::Pod => json!({ "type": "pod" }),
        NicAttachment::Multus(full) => {
            let (namespace, name) = full.split_once('/').unwrap_or(("default", full));
            json!({ "type": "multus", "namespace": namespace, "name": name })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Seed, SessionId};

    fn named(name: &str) -> MapSource {
        MapSource { id: None, name: Some(name.to_owned()), kind: None }
    }

    #[test]
    fn the_first_network_is_the_pod_network_and_the_others_get_nads() {
        let session = SessionId::try_from("auto-1".to_owned()).unwrap();
        let names = Names::new(&session, Seed(1), ("vsphere", "8"), "t");
        let rows = network_rows(vec![named("a"), named("b")], &names, "ns");
        let body = network_map_body(&rows, ("s", "d"), "ns");
        assert_eq!(body["spec"]["map"][0], json!({ "source": { "name": "a" }, "destination": { "type": "pod" } }));
        assert_eq!(
            body["spec"]["map"][1]["destination"],
            json!({ "type": "multus", "namespace": "ns", "name": names.nad(1) })
        );
        assert_eq!(body["spec"]["provider"]["source"], json!({ "name": "s", "namespace": "ns" }));
    }

    #[test]
    fn storages_are_mapped_once() {
        let rows = storage_rows(vec![named("a"), named("b"), named("a")], "sc");
        assert_eq!(rows.len(), 2);
        let body = storage_map_body(&rows, ("s", "d"), "ns");
        assert_eq!(
            body["spec"]["map"][1],
            json!({ "source": { "name": "b" }, "destination": { "storageClass": "sc" } })
        );
    }

    #[test]
    fn nads_hold_their_config_as_text() {
        let config = |number| -> Value {
            serde_json::from_str(nad_body("cb-1-2", number)["spec"]["config"].as_str().unwrap()).unwrap()
        };
        assert_eq!((&config(1)["type"], &config(1)["bridge"]), (&json!("cnv-bridge"), &json!("cnv-bridge")));
        assert_eq!((&config(2)["type"], &config(2)["bridge"]), (&json!("bridge"), &json!("cb-1-2")));
    }
}
