//! What the server itself fills into, or refuses of, objects of built-in kinds.

use super::crd;
use super::failure::{Cause, Failure};
use super::kinds::Kind;
use super::object::{fields, member, meta, name, text};
use super::store::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Completes a new object.
pub(super) fn on_create(state: &mut State, kind: &Kind, value: &mut Value) -> Result<(), Failure> {
    if kind.custom {
        return Ok(());
    }
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "namespaces") => {
            let own_name = name(value).to_owned();
            member(meta_value(value), "labels").insert("kubernetes.io/metadata.name".into(), own_name.into());
            member(value, "spec").insert("finalizers".into(), json!(["kubernetes"]));
            member(value, "status").insert("phase".into(), "Active".into());
        }
        ("", "persistentvolumeclaims") => {
            default_class(state, value);
            fill(value, "spec", &[("volumeMode", json!("Filesystem"))]);
            fill(value, "status", &[("phase", json!("Pending"))]);
        }
        ("", "persistentvolumes") => {
            let spec = [("volumeMode", json!("Filesystem")), ("persistentVolumeReclaimPolicy", json!("Retain"))];
            fill(value, "spec", &spec);
            fill(value, "status", &[("phase", json!("Pending"))]);
        }
        ("", "services") => {
            let address = next_address(state);
            let spec = [("type", json!("ClusterIP")), ("sessionAffinity", json!("None")), ("clusterIP", address)];
            fill(value, "spec", &spec);
            fill(value, "status", &[("loadBalancer", json!({}))]);
        }
        ("storage.k8s.io", "storageclasses") => {
            let map = fields(value);
            map.entry("reclaimPolicy").or_insert_with(|| "Delete".into());
            map.entry("volumeBindingMode").or_insert_with(|| "Immediate".into());
        }
        ("apiextensions.k8s.io", _) => crd::establish(kind, value)?,
        _ => {}
    }
    on_write(kind, value)?;
    if kind.is_core("pods") {
        fill(value, "status", &[("phase", json!("Pending"))]);
    }
    Ok(())
}

/// Completes and checks a changed object.
pub(super) fn on_update(kind: &Kind, old: &Value, value: &mut Value) -> Result<(), Failure> {
    if kind.custom {
        return Ok(());
    }
    if kind.is_core("namespaces") {
        let own_name = name(value).to_owned();
        member(meta_value(value), "labels").insert("kubernetes.io/metadata.name".into(), own_name.into());
    }
    if kind.is_definition() && old["spec"] != value["spec"] {
        crd::check_change(kind, old, value)?;
        crd::establish(kind, value)?;
    }
    on_write(kind, value)?;
    let fixed = if kind.is_core("secrets") { "type" } else { "roleRef" };
    if (kind.is_core("secrets") || kind.plural.ends_with("rolebindings")) && old[fixed] != value[fixed] {
        let cause = Cause::invalid(fixed, &value[fixed], "field is immutable");
        return Err(Failure::invalid(kind, name(value), &[cause]));
    }
    if old["immutable"] == true && (kind.is_core("secrets") || kind.is_core("configmaps")) {
        let changed = ["immutable", "data", "binaryData"].into_iter().filter(|field| old[*field] != value[*field]);
        let causes: Vec<Cause> =
            changed.map(|field| Cause::forbidden(field, "field is immutable when `immutable` is set")).collect();
        if !causes.is_empty() {
            return Err(Failure::invalid(kind, name(value), &causes));
        }
    }
    if kind.is_core("persistentvolumeclaims") {
        check_claim_change(kind, old, value)?;
    }
    Ok(())
}

/// Of a claim only its size and, once, its volume change.
fn check_claim_change(kind: &Kind, old: &Value, new: &Value) -> Result<(), Failure> {
    let fixed = |claim: &Value| {
        let mut spec = claim["spec"].clone();
        let map = fields(&mut spec);
        map.remove("resources");
        map.remove("volumeAttributesClassName");
        if text(old, "/spec/volumeName").is_empty() {
            map.remove("volumeName");
        }
        spec
    };
    if fixed(old) == fixed(new) {
        return Ok(());
    }
    let why =
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    Err(Failure::invalid(kind, name(new), &[Cause::forbidden("spec", why)]))
}

fn on_write(kind: &Kind, value: &mut Value) -> Result<(), Failure> {
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "secrets") => secret(value)?,
        ("", "configmaps") => texts_only(value, "ConfigMap", "data")?,
        ("", "pods") => {
            let spec = [
                ("restartPolicy", json!("Always")),
                ("dnsPolicy", json!("ClusterFirst")),
                ("schedulerName", json!("default-scheduler")),
                ("terminationGracePeriodSeconds", json!(30)),
                ("securityContext", json!({})),
            ];
            fill(value, "spec", &spec);
            need_list(kind, value, "/spec/containers", "spec.containers")?;
        }
        ("apps", "deployments" | "replicasets" | "statefulsets") => {
            fill(value, "spec", &[("replicas", json!(1))]);
            need_list(kind, value, "/spec/template/spec/containers", "spec.template.spec.containers")?;
        }
        ("batch", "jobs") => {
            fill(value, "spec", &[("backoffLimit", json!(6)), ("completions", json!(1)), ("parallelism", json!(1))]);
            need_list(kind, value, "/spec/template/spec/containers", "spec.template.spec.containers")?;
        }
        ("", "persistentvolumeclaims")
            if value.pointer("/spec/accessModes").and_then(Value::as_array).is_none_or(Vec::is_empty) =>
        {
            let cause = Cause::required("spec.accessModes", "at least 1 access mode is required");
            return Err(Failure::invalid(kind, name(value), &[cause]));
        }
        _ => {}
    }
    Ok(())
}

fn meta_value(value: &mut Value) -> &mut Value {
    meta(value);
    &mut value["metadata"]
}

fn fill(value: &mut Value, part: &str, defaults: &[(&str, Value)]) {
    let map = member(value, part);
    for (key, default) in defaults {
        map.entry(*key).or_insert_with(|| default.clone());
    }
}

fn need_list(kind: &Kind, value: &Value, pointer: &str, path: &str) -> Result<(), Failure> {
    if value.pointer(pointer).and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
        return Ok(());
    }
    Err(Failure::invalid(kind, name(value), &[Cause::required(path, "")]))
}

/// Refuses what a typed server cannot read as a map of texts.
fn texts_only(value: &Value, kind: &str, field: &str) -> Result<(), Failure> {
    let wrong = value[field].as_object().into_iter().flatten().find_map(|(_, entry)| match entry {
        Value::String(_) | Value::Null => None,
        Value::Number(_) => Some("number"),
        Value::Bool(_) => Some("bool"),
        Value::Array(_) => Some("array"),
        Value::Object(_) => Some("object"),
    });
    let Some(wrong) = wrong else { return Ok(()) };
    Err(Failure::bad_request(format!(
        "{kind} in version \"v1\" cannot be handled as a {kind}: json: cannot unmarshal {wrong} into Go struct field \
         {kind}.{field} of type string"
    )))
}

/// Text in `stringData` goes into `data`; the data must be Base64.
fn secret(value: &mut Value) -> Result<(), Failure> {
    let map = fields(value);
    map.entry("type").or_insert_with(|| "Opaque".into());
    if let Some(Value::Object(texts)) = map.remove("stringData") {
        let data = map.entry("data").or_insert_with(|| Value::Object(Map::new()));
        for (key, text) in texts {
            fields(data).insert(key, STANDARD.encode(text.as_str().unwrap_or_default()).into());
        }
    }
    let data = map.get("data").and_then(Value::as_object);
    for (key, text) in data.into_iter().flatten() {
        if text.as_str().is_none_or(|text| STANDARD.decode(text).is_err()) {
            let message =
                format!("Secret in version \"v1\" cannot be handled as a Secret: data.{key}: illegal base64 data");
            return Err(Failure::bad_request(message));
        }
    }
    Ok(())
}

fn default_class(state: &State, value: &mut Value) {
    if value["spec"].get("storageClassName").is_some_and(|class| !class.is_null()) {
        return;
    }
    let mark = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";
    let classes = state.shelves.get("storageclasses.storage.k8s.io").into_iter().flat_map(|shelf| shelf.select(None));
    let default = classes.filter(|class| text(&class.value, mark) == "true").map(|class| name(&class.value)).next();
    if let Some(class) = default {
        member(value, "spec").insert("storageClassName".into(), class.into());
    }
}

fn next_address(state: &mut State) -> Value {
    state.addresses += 1;
    let number = state.addresses;
    format!("172.30.{}.{}", (number >> 8) & 0xff, number & 0xff).into()
}
