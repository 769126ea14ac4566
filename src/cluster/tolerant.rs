//! Reading objects into typed structs that take what they know and ignore the rest.
//!
//! Go servers write `null` for empty lists and maps; serde's defaults only cover absence. Nulls are dropped first.

use super::ClusterError;
use kube::core::DynamicObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Everything but `metadata` of `object` as a `T`.
pub(super) fn read<T: DeserializeOwned>(operation: &str, object: &DynamicObject) -> Result<T, ClusterError> {
    let mut value = object.data.clone();
    drop_nulls(&mut value);
    serde_json::from_value(value).map_err(|cause| ClusterError::Malformed { operation: operation.to_owned(), cause })
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
