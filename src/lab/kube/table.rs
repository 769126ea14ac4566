//! `meta.k8s.io/v1` Tables, which kubectl prints.
//!
//! Source: cluster-api.md section 6.7.

use super::columns::Column;
use super::jsonpath;
use super::object::{Object, is_deleting, name, text};
use super::present::metadata_of;
use super::request::Call;
use crate::facts::now;
use serde_json::{Value, json};
use std::sync::Arc;

/// A Table of objects in the version of the call. Without `titles` the columns are left out: a watch sends them once.
pub(super) fn table(call: &Call, items: &[Arc<Object>], metadata: &Value, titles: bool) -> Value {
    let columns = call.kind.version(&call.version).map(|version| version.columns.as_slice()).unwrap_or_default();
    let include = call.params.text("includeObject");
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let object = match include {
                "None" => Value::Null,
                "Object" => item.value.clone(),
                _ => metadata_of(&item.value),
            };
            json!({"cells": cells(columns, &item.value), "object": object})
        })
        .collect();
    let definitions = if titles { definitions(columns, call.kind.custom).into() } else { Value::Null };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

fn definitions(columns: &[Column], custom: bool) -> Vec<Value> {
    let title =
        json!({"name": "Name", "type": "string", "format": "name", "description": "Name of the object", "priority": 0});
    let rest = columns.iter().map(|column| {
        // Ages are sent as texts such as 5m; only of custom kinds the title does not say so.
        let kind = if column.kind == "date" && !custom { "string" } else { &column.kind };
        json!({
            "name": column.name, "type": kind, "format": column.format,
            "description": column.description, "priority": column.priority,
        })
    });
    std::iter::once(title).chain(rest).collect()
}

fn cells(columns: &[Column], object: &Value) -> Vec<Value> {
    std::iter::once(Value::from(title(object))).chain(columns.iter().map(|column| cell(column, object))).collect()
}

/// What the Name column shows: a default storage class is marked.
fn title(object: &Value) -> String {
    let marked = &object["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"];
    let default = object["kind"] == "StorageClass" && marked == "true";
    format!("{}{}", name(object), if default { " (default)" } else { "" })
}

fn cell(column: &Column, object: &Value) -> Value {
    if let Some(word) = column.path.strip_prefix('#') {
        return computed(word, object);
    }
    let found = jsonpath::first(object, &column.path);
    match (column.kind.as_str(), found) {
        ("date", Some(Value::String(at))) => age(at).into(),
        ("date", _) => "<unknown>".into(),
        (_, None) => Value::Null,
        ("string", Some(value)) => jsonpath::plain(value).into(),
        (_, Some(value)) => value.clone(),
    }
}

/// The time since an RFC 3339 text, as kubectl writes it: `5s`, `3m20s`, `2h`, `4d`.
fn age(at: &str) -> String {
    let Ok(at) = at.parse::<jiff::Timestamp>() else { return "<unknown>".to_owned() };
    brief(now().as_second().saturating_sub(at.as_second()).max(0))
}

fn brief(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let pair = |big: i64, unit: char, small: i64, other: char| {
        if small == 0 { format!("{big}{unit}") } else { format!("{big}{unit}{small}{other}") }
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, 'm', seconds % 60, 's'),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => pair(hours, 'h', minutes % 60, 'm'),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(days, 'd', hours % 24, 'h'),
        _ => format!("{days}d"),
    }
}

fn computed(word: &str, object: &Value) -> Value {
    let list = |pointer: &str| object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    match word {
        "pod-ready" => {
            let ready = list("/status/containerStatuses").iter().filter(|status| status["ready"] == true).count();
            format!("{ready}/{}", list("/spec/containers").len()).into()
        }
        "pod-status" => pod_status(object).into(),
        "pod-restarts" => {
            let statuses = list("/status/containerStatuses").iter();
            statuses.filter_map(|status| status["restartCount"].as_u64()).sum::<u64>().to_string().into()
        }
        "node-status" => {
            let ready =
                list("/status/conditions").iter().any(|seen| seen["type"] == "Ready" && seen["status"] == "True");
            if ready { "Ready".into() } else { "NotReady".into() }
        }
        "node-roles" => node_roles(object).into(),
        "claim-status" if is_deleting(object) => "Terminating".into(),
        "claim-status" => text(object, "/status/phase").into(),
        "access-modes" => access_modes(list("/spec/accessModes")).into(),
        "volume-claim" => {
            let claim = &object["spec"]["claimRef"];
            if claim.is_object() {
                format!("{}/{}", text(claim, "/namespace"), text(claim, "/name")).into()
            } else {
                Value::Null
            }
        }
        "expansion" => (object["allowVolumeExpansion"] == true).to_string().into(),
        "data-count" => {
            let count = |field: &str| object[field].as_object().map_or(0, serde_json::Map::len);
            (count("data") + count("binaryData")).into()
        }
        "replicas-ready" => format!("{}/{}", number("/status/readyReplicas"), number("/spec/replicas")).into(),
        "job-status" => {
            let done = list("/status/conditions").iter().find(|seen| seen["status"] == "True");
            done.map_or("Running", |seen| text(seen, "/type")).into()
        }
        "job-completions" => format!("{}/{}", number("/status/succeeded"), number("/spec/completions")).into(),
        "event-object" => {
            let about = &object["involvedObject"];
            let about = if about.is_object() { about } else { &object["regarding"] };
            format!("{}/{}", text(about, "/kind").to_lowercase(), text(about, "/name")).into()
        }
        "created" => text(object, "/metadata/creationTimestamp").into(),
        _ => Value::Null,
    }
}

fn pod_status(pod: &Value) -> String {
    if is_deleting(pod) {
        return "Terminating".to_owned();
    }
    let statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    let waiting = statuses.map(|status| text(status, "/state/waiting/reason")).find(|reason| !reason.is_empty());
    let phase = text(pod, "/status/phase");
    let reason = text(pod, "/status/reason");
    match (waiting, reason, phase) {
        (Some(waiting), _, _) => waiting.to_owned(),
        (None, "", "Succeeded") => "Completed".to_owned(),
        (None, "", "Failed") => "Error".to_owned(),
        (None, "", phase) => phase.to_owned(),
        (None, reason, _) => reason.to_owned(),
    }
}

fn node_roles(node: &Value) -> String {
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let roles: Vec<&str> = labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") }
}

fn access_modes(modes: &[Value]) -> String {
    let short = modes.iter().filter_map(Value::as_str).map(|mode| match mode {
        "ReadWriteOnce" => "RWO",
        "ReadWriteMany" => "RWX",
        "ReadOnlyMany" => "ROX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    });
    short.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{brief, title};
    use serde_json::json;

    #[test]
    fn the_default_storage_class_is_marked() {
        let class = |default: &str| {
            let annotations = json!({"storageclass.kubernetes.io/is-default-class": default});
            json!({"kind": "StorageClass", "metadata": {"name": "nfs", "annotations": annotations}})
        };
        assert_eq!(title(&class("true")), "nfs (default)");
        assert_eq!(title(&class("false")), "nfs");
        assert_eq!(title(&json!({"kind": "Pod", "metadata": {"name": "p"}})), "p");
    }

    #[test]
    fn ages_are_written_as_kubectl_writes_them() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (200, "3m20s"),
            (3600, "60m"),
            (10_860, "3h1m"),
            (90_000, "25h"),
            (176_400, "2d1h"),
            (864_000, "10d"),
        ] {
            assert_eq!(brief(seconds), text);
        }
    }
}
