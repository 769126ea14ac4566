//! JSON patches (RFC 6902) with the liberties that the real server takes.

use super::failure::Failure;
use json_patch::PatchOperation;
use serde_json::Value;

/// Applies a patch. Malformed: 400; a test or path that fails: 422.
///
/// A test for null passes on an absent path: clients add the first finalizer that way, and the Go library allows it.
/// Source: cluster-api.md section 4.5.
pub(super) fn apply(document: &mut Value, patch: &Value) -> Result<(), Failure> {
    let Some(operations) = patch.as_array() else {
        let why = "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp";
        return Err(Failure::bad_request(why));
    };
    for operation in operations {
        step(document, operation).ok_or_else(|| Failure::unserved(422))?;
    }
    Ok(())
}

/// Does one operation; none if it fails.
fn step(document: &mut Value, operation: &Value) -> Option<()> {
    let operation: PatchOperation = serde_json::from_value(operation.clone()).ok()?;
    if let PatchOperation::Test(test) = &operation
        && test.value.is_null()
        && document.pointer(test.path.as_str()).is_none()
    {
        return Some(());
    }
    // The Go library lets a member be replaced that is not there.
    if let PatchOperation::Replace(replace) = &operation
        && document.pointer(replace.path.as_str()).is_none()
    {
        let (parent, member) = replace.path.as_str().rsplit_once('/')?;
        let member = member.replace("~1", "/").replace("~0", "~");
        document.pointer_mut(parent)?.as_object_mut()?.insert(member, replace.value.clone());
        return Some(());
    }
    json_patch::patch(document, std::slice::from_ref(&operation)).ok()
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
