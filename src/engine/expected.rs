//! The objects that a scenario's `expect` names, as they are after the migration.

use super::steps::StepError;
use super::walk::Walk;
use crate::check::{ExpectedObject, VmEvidence};
use crate::cluster::{Kind, ObjectRef};
use crate::event::StepName;
use serde_json::Value;

/// Every object of the plan that `expect` names by its kind. An object that is not there is evidence too.
pub(super) async fn expected_objects(walk: &Walk<'_>, vms: &[VmEvidence]) -> Result<Vec<ExpectedObject>, StepError> {
    let cluster = &walk.session.parts().cluster;
    let mut objects = Vec::new();
    for (kind, asked) in &walk.scenario.expect {
        for target in targets(walk, vms, kind)? {
            let found = cluster.get(&target).await?;
            let found = found.map(serde_json::to_value).transpose();
            let found: Option<Value> =
                found.map_err(|error| StepError::Broken(format!("read {target} as JSON: {error}")))?;
            objects.push(ExpectedObject { kind: kind.clone(), name: target.name, asked: asked.clone(), found });
        }
    }
    Ok(objects)
}

/// The objects of a kind that belong to the plan. The kinds are those that the scenario's validation admits.
fn targets(walk: &Walk<'_>, vms: &[VmEvidence], kind: &str) -> Result<Vec<ObjectRef>, StepError> {
    let here = |kind, name: String| vec![ObjectRef::namespaced(kind, walk.namespace(), name)];
    let made = |step| walk.made_in(step).map(|(name, _)| name);
    let there = |kind| -> Vec<ObjectRef> {
        let name = |vm: &VmEvidence| vm.target.as_ref().map_or_else(|| vm.target_name.clone(), |vm| vm.name.clone());
        vms.iter().map(|vm| ObjectRef::namespaced(kind, &walk.target_namespace.0, name(vm))).collect()
    };
    Ok(match kind {
        "VirtualMachine" => there(Kind::VM),
        "VirtualMachineInstance" => there(Kind::VMI),
        "PersistentVolumeClaim" => {
            let disks = vms.iter().filter_map(|vm| vm.target.as_ref()).flat_map(|vm| &vm.disks);
            disks.map(|disk| ObjectRef::namespaced(Kind::PVC, &walk.target_namespace.0, &disk.claim)).collect()
        }
        "Plan" => here(Kind::PLAN, made(StepName::Plan)?),
        "Migration" => here(Kind::MIGRATION, made(StepName::Migrate)?),
        "StorageMap" => here(Kind::STORAGE_MAP, made(StepName::StorageMap)?),
        "NetworkMap" => here(Kind::NETWORK_MAP, made(StepName::NetworkMap)?),
        "Provider" => here(Kind::PROVIDER, walk.source.provider.clone()),
        other => return Err(StepError::Broken(format!("`expect` names the kind {other}, which no plan has"))),
    })
}
