//! Finding VMs and templates by name, always compared exactly: the engine's search knows wildcards and ignores case.
//!
//! Source: source-providers.md section 3.2.

use super::engine::Engine;
use super::json::{number, text};
use crate::facts::nearest;
use crate::provider::{ProviderError, VmRef};
use serde_json::Value;

/// Collection of VMs, with the word for one.
pub(super) const VMS: (&str, &str) = ("vms", "vm");
/// Collection of templates, with the word for one.
pub(super) const TEMPLATES: (&str, &str) = ("templates", "template");
/// How many near names an error lists.
const NEAR: usize = 5;

/// The VM of that name, else the template.
pub(super) async fn vm_or_template(engine: &Engine, name: &str) -> Result<VmRef, ProviderError> {
    if let Some(vm) = vms_named(engine, name).await?.into_iter().next() {
        return Ok(vm);
    }
    if let Some(template) = template_named(engine, name).await? {
        return Ok(template);
    }
    let (vms, templates) = futures::try_join!(engine.list(VMS, None), engine.list(TEMPLATES, None))?;
    let known = vms.iter().chain(&templates).filter_map(|object| text(object, "/name"));
    let near = nearest(name, known, NEAR).into_iter().map(str::to_owned).collect();
    Err(ProviderError::NotFound { name: name.to_owned(), near })
}

/// Every VM of exactly that name: data centers may each have one.
pub(super) async fn vms_named(engine: &Engine, name: &str) -> Result<Vec<VmRef>, ProviderError> {
    Ok(named(engine, VMS, name).await?.iter().filter_map(reference).collect())
}

/// The template of that name; of its versions the newest, since all have the name of the first.
pub(super) async fn template_named(engine: &Engine, name: &str) -> Result<Option<VmRef>, ProviderError> {
    let found = named(engine, TEMPLATES, name).await?;
    let newest = found.iter().rev().max_by_key(|template| number(template, "/version/version_number").unwrap_or(1));
    Ok(newest.and_then(reference))
}

/// VMs whose name begins with `prefix`, by name.
pub(super) async fn vms_with_prefix(engine: &Engine, prefix: &str) -> Result<Vec<VmRef>, ProviderError> {
    let search = searchable(prefix).then(|| format!("name={prefix}*"));
    let listed = engine.list(VMS, search.as_deref()).await?;
    let mut vms: Vec<VmRef> = listed.iter().filter_map(reference).filter(|vm| vm.name.starts_with(prefix)).collect();
    vms.sort_by(|left, right| left.name.cmp(&right.name).then_with(|| left.id.cmp(&right.id)));
    Ok(vms)
}

/// Id and name of a VM or template.
pub(super) fn reference(object: &Value) -> Option<VmRef> {
    Some(VmRef { id: text(object, "/id")?.to_owned(), name: text(object, "/name")?.to_owned() })
}

async fn named(engine: &Engine, kind: (&str, &str), name: &str) -> Result<Vec<Value>, ProviderError> {
    let search = searchable(name).then(|| format!("name={name}"));
    let mut found = engine.list(kind, search.as_deref()).await?;
    found.retain(|object| text(object, "/name") == Some(name));
    Ok(found)
}

/// Whether a name means itself in a search; any other is looked for in the whole list.
fn searchable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}
