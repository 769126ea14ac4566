//! Gathering the facts that the checks judge, once, and storing them with the run.

use super::expected::expected_objects;
use super::migrated::vm_evidence;
use super::prepare::{facts_after, strays};
use super::steps::StepError;
use super::walk::Walk;
use crate::check::{Asked, AskedClaimNames, Evidence, MappedNetwork, MappedStorage};
use crate::cluster::{Kind, ObjectRef};
use crate::facts::Power;
use crate::inventory::MapSource;
use crate::migration::{NetworkRow, StorageRow};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::path::Path;

/// Facts of source and destination, as the migration left them.
pub(super) async fn gather(walk: &Walk<'_>) -> Result<Evidence, StepError> {
    let parts = walk.session.parts();
    let after = facts_after(walk, &walk.vms).await;
    let vms = walk.vms.iter().zip(after).map(|(vm, after)| vm_evidence(walk, vm, after));
    let vms = futures::future::join_all(vms).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Evidence {
        provider_type: walk.source.entry.type_name().to_owned(),
        mtv_version: parts.environment.mtv.clone(),
        openshift_version: parts.environment.openshift.clone(),
        network_map: walk.networks.iter().map(network).collect(),
        storage_map: walk.storage.iter().map(storage).collect(),
        insecure_asked: parts.settings.source_provider_insecure_skip_verify,
        insecure_found: insecure_found(walk).await?,
        asked: asked(walk),
        strays: strays(walk).await,
        expected: expected_objects(walk, &vms).await?,
        skipped: walk.scenario.checks.skip.clone(),
        vms,
    })
}

fn network(row: &NetworkRow) -> MappedNetwork {
    MappedNetwork { source: source_name(&row.source), destination: row.destination.clone() }
}

fn storage(row: &StorageRow) -> MappedStorage {
    MappedStorage {
        source: source_name(&row.source),
        storage_class: row.storage_class.clone(),
        access_mode: row.access_mode.clone(),
        volume_mode: row.volume_mode.clone(),
        vendor: row.offload.as_ref().map(|plugin| plugin.vendor.clone()),
        on_array: row.on_array,
    }
}

/// What the plan asks for, as far as a check judges it.
fn asked(walk: &Walk<'_>) -> Asked {
    let plan = walk.plan;
    Asked {
        plan_name: walk.made_plan().unwrap_or_default(),
        power: plan.target_power_state.map(Power::from),
        warm: plan.warm_migration,
        after_precopies: plan.cutover.as_ref().map(|cutover| cutover.after_precopies),
        labels: walk.choices.labels.clone(),
        node: walk.node.clone(),
        affinity: plan.target_affinity.clone(),
        claim_names: walk.choices.claim_template.as_ref().map(|template| AskedClaimNames {
            template: template.clone(),
            // What every product version does that knows templates (forklift-api.md section 5).
            generate_name: plan.pvc_name_template_use_generate_name.unwrap_or(true),
        }),
        offload: plan.copyoffload,
        static_ips: plan.preserve_static_ips,
    }
}

/// Stores the evidence beside the run's other files.
pub(super) fn store(path: &Path, evidence: &Evidence) -> Result<(), StepError> {
    let fail = |error: std::io::Error| StepError::Broken(format!("store the evidence {}: {error}", path.display()));
    let text = serde_json::to_vec_pretty(evidence).map_err(|error| fail(error.into()))?;
    // A test's name has folders, as its scenario's file has.
    path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text)).map_err(fail)
}

async fn insecure_found(walk: &Walk<'_>) -> Result<Option<String>, StepError> {
    let secret = ObjectRef::namespaced(Kind::SECRET, &walk.session.shared.namespace, &walk.source.secret);
    let object = walk.session.parts().cluster.get(&secret).await?;
    let encoded = object.as_ref().and_then(|found| found.data["data"]["insecureSkipVerify"].as_str());
    Ok(encoded.and_then(|text| BASE64_STANDARD.decode(text).ok()).and_then(|bytes| String::from_utf8(bytes).ok()))
}

fn source_name(source: &MapSource) -> String {
    source.name.clone().or_else(|| source.id.clone()).or_else(|| source.kind.clone()).unwrap_or_default()
}
