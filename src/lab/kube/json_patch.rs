//! JSON patches (RFC 6902) with the one liberty that the real server takes.

use super::failure::Failure;
use json_patch::PatchOperation;
use serde_json::Value;

/// Applies a patch. Malformed: 400; a test or path that fails: 422.
///
/// A test for null passes on an absent path: clients add the first finalizer that way, and the Go library allows it.
/// Source: cluster-api.md section 4.5.
pub(super) fn apply(document: &mut Value, patch: &Value) -> Result<(), Failure> {
    let operations: Vec<PatchOperation> = serde_json::from_value(patch.clone())
        .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
    for operation in &operations {
        if let PatchOperation::Test(test) = operation
            && test.value.is_null()
            && document.pointer(test.path.as_str()).is_none()
        {
            continue;
        }
        json_patch::patch(document, std::slice::from_ref(operation)).map_err(|error| {
            let message = format!("the server rejected our request due to an error in our request: {error}");
            Failure::new(422, "Invalid", message)
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::apply;
    use serde_json::json;

    #[test]
    fn a_null_test_passes_on_an_absent_path_only() {
        let mut document = json!({"metadata": {}});
        let patch = json!([
            {"op": "test", "path": "/metadata/finalizers", "value": null},
            {"op": "add", "path": "/metadata/finalizers", "value": ["f"]},
        ]);
        apply(&mut document, &patch).unwrap();
        assert_eq!(document, json!({"metadata": {"finalizers": ["f"]}}));
        assert_eq!(apply(&mut document, &patch).unwrap_err().code, 422);
        assert_eq!(apply(&mut document, &json!([{"op": "remove", "path": "/none"}])).unwrap_err().code, 422);
        assert_eq!(apply(&mut document, &json!({"op": "add"})).unwrap_err().code, 400);
    }
}
