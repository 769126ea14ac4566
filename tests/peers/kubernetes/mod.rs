//! The program and the lab's controllers against a real control plane.

mod manifests;
mod plans;
mod recorder;
mod rights;
mod runs;
mod stage;
mod trouble;

use crate::bench::Bench;
use crate::control_plane::{ControlPlane, NEEDS};
use crate::part::Part;
use crate::trial::trial;
use http::Request;
use libtest_mimic::Trial;
use serde_json::Value;

/// What a run makes of networks is judged by their own definition, too.
const WITH_NETWORKS: &[Part] = &[Part::Kubernetes, Part::Etcd, Part::Definitions, Part::Networks];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("kubernetes::the_definitions_of_forklift_are_installed", NEEDS, definitions_are_installed),
        trial("kubernetes::a_cold_migration_passes_and_leaves_nothing", NEEDS, runs::cold),
        trial("kubernetes::a_warm_migration_with_every_name_and_label_passes", WITH_NETWORKS, plans::warm),
        trial("kubernetes::a_cutover_after_precopies_passes", NEEDS, plans::precopies),
        trial("kubernetes::hooks_run_before_and_after", NEEDS, plans::hooks),
        trial("kubernetes::a_failing_hook_is_expected", NEEDS, plans::failing_hook),
        trial("kubernetes::a_vm_lands_on_the_node_that_the_run_labels", WITH_NETWORKS, plans::placed),
        trial("kubernetes::a_remote_destination_takes_the_accounts_token", NEEDS, plans::remote),
        trial("kubernetes::a_copy_offload_is_seen_as_far_as_it_can_be_without_nodes", NEEDS, plans::offload),
        trial("kubernetes::sessions_share_settings_of_the_product", NEEDS, plans::sessions_share_settings),
        trial("kubernetes::the_shipped_role_is_enough_and_not_more", NEEDS, rights::enough_and_not_more),
        trial("kubernetes::a_missing_right_is_named_before_the_run", NEEDS, rights::a_missing_right_is_named),
        trial("kubernetes::what_a_run_writes_arrives_whole", WITH_NETWORKS, manifests::of_a_run_arrive_whole),
        trial(
            "kubernetes::what_the_labs_controllers_write_arrives_whole",
            NEEDS,
            manifests::of_the_labs_controllers_arrive_whole,
        ),
        trial("kubernetes::manifests_of_all_variants_are_admitted", NEEDS, manifests::of_all_variants_are_admitted),
        trial("kubernetes::finalizers_hold_a_deletion_and_are_named", NEEDS, trouble::finalizers),
        trial("kubernetes::a_namespace_with_a_running_vm_ends", NEEDS, trouble::namespace),
        trial("kubernetes::a_stale_version_is_a_conflict_and_others_are_no_harm", NEEDS, trouble::conflicts),
        trial("kubernetes::an_object_whose_answer_was_lost_is_adopted", NEEDS, trouble::lost_answers),
        trial("kubernetes::a_wait_survives_an_expired_watch", NEEDS, trouble::expired_watch),
        trial("kubernetes::a_wait_survives_compaction_and_a_restart", NEEDS, trouble::restart),
        trial("kubernetes::a_revoked_token_ends_a_wait", NEEDS, trouble::revoked),
    ]
}

async fn definitions_are_installed(bench: Bench) {
    let plane = ControlPlane::shared(&bench);
    let request = Request::get("/apis/forklift.konveyor.io/v1beta1").body(Vec::new()).unwrap();
    let kinds: Value = plane.admin().await.request(request).await.unwrap();
    let plans = kinds["resources"].as_array().unwrap().iter().find(|kind| kind["name"] == "plans");
    assert_eq!(plans.unwrap()["kind"], "Plan");
}
