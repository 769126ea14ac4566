//! The differences that stay, each with its reason.

use Why::{
    AppliedDoubles, Columns, Defaults, Doubles, Follows, History, Kubelet, Ownership, Protection, Streaming, Typed,
    Unasked, Words,
};

/// Why a difference stays.
#[derive(Debug)]
pub(crate) enum Why {
    /// Built-in kinds are filled in as far as the program and the lab's controllers look at them, no further.
    Defaults,
    /// The lab has no schemas of built-in kinds: it checks what its users run into, and lets the rest through.
    Typed,
    /// The text quotes the server's program (its parser, its types, a check made twice); clients go by code and reason.
    Words,
    /// Tables of built-in kinds have the columns that people read, without the sentences that describe them.
    Columns,
    /// Nobody runs pods on the lab's nodes, so there is nothing to wait for when one is deleted.
    Kubelet,
    /// Finalizers that protect volumes in use belong to controllers; the lab's look at the volumes themselves.
    Protection,
    /// Who owns a field is kept from the first apply on, and without the bookkeeping that only equal values need.
    Ownership,
    /// An item that an applied list names twice is taken once.
    AppliedDoubles,
    /// A member that JSON text names twice counts once, the last time.
    Doubles,
    /// 1.33 has streaming lists switched off; newer servers have them, and newer clients ask for them.
    Streaming,
    /// The lab's history reaches back to its beginning, where the real server has forgotten.
    History,
    /// No client that the lab serves asks this way.
    Unasked,
    /// An earlier step of the sequence differs, and this one for it.
    Follows,
}

/// The step and the place in its answer (`*` stands for any text in both), and why.
#[derive(Debug)]
pub(crate) struct Listed(pub(crate) &'static str, pub(crate) &'static str, pub(crate) Why);

/// What is listed of a sequence.
pub(crate) fn of(sequence: &str) -> &'static [Listed] {
    DIFFERENCES.iter().find(|(name, _)| *name == sequence).map_or(&[], |(_, listed)| listed)
}

/// All of them, by sequence. One that no longer occurs fails its sequence.
#[rustfmt::skip]
pub(crate) const DIFFERENCES: &[(&str, &[Listed])] = &[
    ("a_watch_begins_where_it_is_told", &[
        Listed("initial events", "answer", Streaming),
        Listed("initial events at a revision", "answer", Streaming),
        Listed("initial events without bookmarks", "answer", Streaming),
        Listed("no initial events", "answer", Streaming),
    ]),
    ("a_watch_tells_what_happened_since", &[
        Listed("old form", "answer", Unasked),
    ]),
    ("apply_conflicts_unless_forced", &[
        Listed("same value", "body.metadata.managedFields*", Ownership),
        Listed("revision", "body.metadata.managedFields*", Ownership),
        Listed("uid", "body.details.causes*", Words),
    ]),
    ("apply_creates_owns_and_removes", &[
        Listed("merge by a third", "body.metadata.managedFields*", Ownership),
        Listed("as the third has it", "body.metadata.managedFields*", Ownership),
    ]),
    ("apply_is_refused_in_the_same_words", &[
        Listed("unknown field of a map", "answer", Typed),
        Listed("uid of nothing", "body.details.causes*", Words),
        Listed("yaml", "body.metadata.resourceVersion", Follows),
        Listed("yaml", "body.metadata.uid", Follows),
        Listed("broken", "body.message", Words),
    ]),
    ("apply_merges_lists_by_their_declared_type", &[
        Listed("item twice", "answer", AppliedDoubles),
        Listed("all left out", "body.metadata.generation", AppliedDoubles),
        Listed("all left out", "body.metadata.managedFields*", Ownership),
        Listed("all left out", "body.metadata.resourceVersion", AppliedDoubles),
        Listed("all left out", "body.spec.parts*", AppliedDoubles),
        Listed("all left out", "body.spec.extra", AppliedDoubles),
        Listed("all left out", "body.spec.tags", AppliedDoubles),
    ]),
    ("bodies_and_types_that_are_not_understood", &[
        Listed("broken", "body.message", Words),
        Listed("widget broken", "body.message", Words),
        Listed("empty", "body.message", Words),
        Listed("widget empty", "body.message", Words),
        Listed("text", "body.message", Words),
        Listed("number", "body.message", Words),
        Listed("two objects", "body.message", Words),
        Listed("yaml as json", "body.message", Words),
        Listed("put broken", "body.message", Words),
        Listed("null", "answer", Unasked),
        Listed("accept nothing", "answer", Unasked),
        Listed("widget accept nothing", "answer", Unasked),
        Listed("accept yaml", "answer", Unasked),
    ]),
    ("claims_are_completed_and_fixed", &[
        Listed("*", "body.metadata.finalizers", Protection),
        Listed("no size", "answer", Typed),
        Listed("bad size", "answer", Typed),
        Listed("bad mode", "answer", Typed),
        Listed("other class", "body.details.causes*", Words),
        Listed("other modes", "body.details.causes*", Words),
        Listed("other class", "body.message", Words),
        Listed("other modes", "body.message", Words),
        Listed("table", "body.columnDefinitions*", Columns),
        Listed("table", "body.rows*", Columns),
        Listed("gone", "body.metadata.deletionGracePeriodSeconds", Protection),
        Listed("gone", "body.metadata.deletionTimestamp", Protection),
        Listed("held", "answer", Protection),
    ]),
    ("cluster_objects_and_roles_are_completed", &[
        Listed("other provisioner", "answer", Typed),
        Listed("class gone", "body.metadata.resourceVersion", Defaults),
        Listed("class gone", "body.provisioner", Defaults),
        Listed("volume", "body.metadata.finalizers", Protection),
        Listed("volume", "body.spec.hostPath.type", Defaults),
        Listed("volume", "body.status.lastPhaseTransitionTime", Defaults),
        Listed("other role", "body.details.causes*", Words),
        Listed("other role", "body.message", Words),
        Listed("quota", "body.status", Defaults),
        Listed("policy", "body.spec.policyTypes", Defaults),
    ]),
    ("config_maps_hold_texts", &[
        Listed("key twice", "answer", Typed),
        Listed("bad key", "answer", Typed),
    ]),
    ("creation_is_refused_in_the_same_words", &[
        Listed("other kind", "body.message", Words),
        Listed("other version", "body.message", Words),
        Listed("other group", "body.message", Words),
        Listed("list", "body.message", Words),
        Listed("bad finalizer", "headers.warning", Unasked),
        Listed("two controllers", "answer", Typed),
    ]),
    ("definitions_are_refused_in_the_same_words", &[
        Listed("*", "body.details.causes*", Words),
        Listed("no versions", "body.message", Words),
        Listed("no storage", "body.message", Words),
        Listed("no kind", "body.message", Words),
        Listed("no type", "answer", Typed),
    ]),
    ("deletion_answers_with_a_status_or_the_object", &[
        Listed("role", "body.rules", Defaults),
        Listed("lease", "body.spec", Defaults),
        Listed("broken options", "answer", Unasked),
        Listed("options of another kind", "answer", Unasked),
    ]),
    ("discovery_tells_of_the_same_kinds", &[
        Listed("core versions", "body.serverAddressByClientCIDRs[*].serverAddress", Unasked),
        Listed("core kinds", "body.apiVersion", Unasked),
        Listed("aggregated core", "body[*].name", Unasked),
        Listed("version", "body[*][*]", Unasked),
    ]),
    ("events_are_one_store_with_two_faces", &[
        Listed("core", "body.eventTime", Defaults),
        Listed("core as new", "body.eventTime", Defaults),
        Listed("core", "body.reportingComponent", Defaults),
        Listed("core", "body.reportingInstance", Defaults),
        Listed("new", "body.deprecatedFirstTimestamp", Defaults),
        Listed("series", "body.deprecatedFirstTimestamp", Defaults),
        Listed("new", "body.deprecatedLastTimestamp", Defaults),
        Listed("series", "body.deprecatedLastTimestamp", Defaults),
        Listed("new", "body.deprecatedSource", Defaults),
        Listed("series", "body.deprecatedSource", Defaults),
        Listed("new as core", "body.firstTimestamp", Defaults),
        Listed("new as core", "body.lastTimestamp", Defaults),
        Listed("new as core", "body.source", Defaults),
        Listed("incomplete", "answer", Typed),
        Listed("about elsewhere", "answer", Typed),
        Listed("by regarding", "body[*]", Defaults),
    ]),
    ("finalizers_hold_an_object_until_the_last_is_gone", &[
        Listed("add", "body.details.causes*", Words),
        Listed("exchange", "body.details.causes*", Words),
    ]),
    ("forklifts_own_definitions_mean_the_same", &[
        Listed("plans", "body.columnDefinitions*", Columns),
    ]),
    ("label_selectors_select_the_same", &[
        Listed("comma", "answer", Unasked),
    ]),
    ("merge_patches_merge", &[
        Listed("other uid", "body.details.causes*", Words),
    ]),
    ("metadata_alone_shows_the_same", &[
        Listed("list as one", "answer", Unasked),
    ]),
    ("methods_that_are_not_allowed", &[
        Listed("post to an object", "answer", Unasked),
        Listed("post to the version", "answer", Unasked),
        Listed("delete of a group", "answer", Unasked),
    ]),
    ("objects_that_were_never_applied_have_owners_too", &[
        Listed("*", "body.metadata.managedFields*", Ownership),
        Listed("conflict", "body.details.causes*", Ownership),
        Listed("conflict", "body.message", Ownership),
    ]),
    ("openapi_names_the_operations", &[
        Listed("index", "headers.content-type[*]", Unasked),
        Listed("unknown", "headers.content-type", Unasked),
        Listed("unknown", "body", Unasked),
    ]),
    ("pages_of_a_list_are_pinned_to_the_first", &[
        Listed("bad token", "body.message", Words),
    ]),
    ("patches_are_refused_in_the_same_words", &[
        Listed("data of a wrong type", "answer", Typed),
        Listed("other version", "headers.warning", Unasked),
        Listed("bad label", "body.details.causes*", Words),
    ]),
    ("pods_are_completed_and_deleted_at_leave", &[
        Listed("made", "body.spec.containers*", Defaults),
        Listed("made", "body.spec.enableServiceLinks", Defaults),
        Listed("made", "body.spec.preemptionPolicy", Defaults),
        Listed("made", "body.spec.priority", Defaults),
        Listed("made", "body.spec.tolerations", Defaults),
        Listed("*", "body.status.qosClass", Defaults),
        Listed("no image", "answer", Typed),
        Listed("node", "answer", Typed),
        Listed("*", "body.status.podIPs", Defaults),
        Listed("image", "body.metadata.generation", Defaults),
        Listed("image", "body.metadata.resourceVersion", Defaults),
        Listed("deleted", "body.metadata.resourceVersion", Kubelet),
        Listed("deleted", "body.metadata.deletionGracePeriodSeconds", Kubelet),
        Listed("deleted on a node", "body.metadata.deletionGracePeriodSeconds", Kubelet),
        Listed("deleted", "body.metadata.deletionTimestamp", Kubelet),
        Listed("deleted on a node", "body.metadata.deletionTimestamp", Kubelet),
        Listed("deleted on a node", "body.metadata.generation", Kubelet),
        Listed("lives on its node", "answer", Kubelet),
        Listed("deleted at once", "answer", Kubelet),
    ]),
    ("replacement_is_refused_in_the_same_words", &[
        Listed("other kind", "body.message", Words),
        Listed("other version", "body.message", Words),
    ]),
    ("replacement_of_a_built_in_object", &[
        Listed("server fields are kept", "answer", Typed),
    ]),
    ("requests_in_the_place_of_others", &[
        Listed("group alone", "answer", Unasked),
    ]),
    ("reviews_answer_the_same", &[
        Listed("who am I", "headers.warning", Unasked),
        Listed("may nobody", "answer", Unasked),
        Listed("other kind", "answer", Unasked),
        Listed("get", "answer", Unasked),
    ]),
    ("schemas_refuse_in_the_same_words", &[
        Listed("neither", "body.details.causes*", Words),
        Listed("neither", "body.message", Words),
    ]),
    ("secrets_take_texts_and_keep_their_type", &[
        Listed("no base64", "answer", Typed),
        Listed("bad key", "answer", Typed),
        Listed("login without data", "answer", Typed),
        Listed("account token", "answer", Typed),
        Listed("no base64 at first", "body.message", Words),
    ]),
    ("services_get_an_address", &[
        Listed("made", "body.spec.clusterIP", Defaults),
        Listed("gone", "body.spec.clusterIP", Defaults),
        Listed("made", "body.spec.ports*", Defaults),
        Listed("gone", "body.spec.ports*", Defaults),
        Listed("*", "body.spec.clusterIPs", Defaults),
        Listed("*", "body.spec.internalTrafficPolicy", Defaults),
        Listed("*", "body.spec.ipFamilies", Defaults),
        Listed("*", "body.spec.ipFamilyPolicy", Defaults),
        Listed("bad name", "answer", Typed),
        Listed("gone", "body.spec.externalTrafficPolicy", Defaults),
    ]),
    ("strategic_patches_merge_lists_by_key", &[
        Listed("no object", "body.message", Words),
        Listed("*", "body.containers*", Defaults),
        Listed("unknown field", "headers.warning", Typed),
        Listed("unknown field", "body.meta.generation", Defaults),
    ]),
    ("tables_show_the_same", &[
        Listed("*", "body.columnDefinitions*", Columns),
    ]),
    ("tokens_that_are_none_are_refused", &[
        Listed("bad token, version", "answer", Unasked),
    ]),
    ("unknown_fields_are_refused_warned_of_or_ignored", &[
        Listed("patch strict", "body.details.causes*", Words),
        Listed("json patch strict", "body.details.causes*", Words),
        Listed("patch strict", "body.message", Words),
        Listed("json patch strict", "body.message", Words),
        Listed("apply strict", "body.message", Words),
        Listed("field twice, strict", "answer", Doubles),
        Listed("field twice", "answer", Doubles),
        Listed("built-in with a field twice", "answer", Doubles),
        Listed("built-in strict", "answer", Typed),
        Listed("built-in", "answer", Typed),
    ]),
    ("watches_answer_in_the_form_asked_for", &[
        Listed("tables", "body[*].object.columnDefinitions*", Columns),
    ]),
    ("watches_are_refused_in_the_same_words", &[
        Listed("too old", "body[*]*", History),
        Listed("initial events without rule", "body.details.causes*", Streaming),
        Listed("initial events with exact rule", "body.details.causes*", Streaming),
        Listed("initial events without rule", "body.message", Streaming),
        Listed("initial events with exact rule", "body.message", Streaming),
    ]),
    ("workloads_are_completed", &[
        Listed("*", "body.spec.template*", Defaults),
        Listed("deployment", "body.spec.progressDeadlineSeconds", Defaults),
        Listed("replicas", "body.spec.progressDeadlineSeconds", Defaults),
        Listed("deployment", "body.spec.revisionHistoryLimit", Defaults),
        Listed("replicas", "body.spec.revisionHistoryLimit", Defaults),
        Listed("deployment", "body.spec.strategy*", Defaults),
        Listed("replicas", "body.spec.strategy*", Defaults),
        Listed("*", "body.status", Defaults),
        Listed("selector", "answer", Typed),
        Listed("status", "body[*].generation", Defaults),
        Listed("status", "body[*].resourceVersion", Defaults),
        Listed("table", "body.columnDefinitions*", Columns),
        Listed("job table", "body.columnDefinitions*", Columns),
        Listed("table", "body.rows*", Columns),
        Listed("job table", "body.rows*", Columns),
        Listed("job", "body.metadata.labels", Defaults),
        Listed("job", "body.spec.completionMode", Defaults),
        Listed("job", "body.spec.manualSelector", Defaults),
        Listed("job", "body.spec.podReplacementPolicy", Defaults),
        Listed("job", "body.spec.selector", Defaults),
        Listed("job", "body.spec.suspend", Defaults),
    ]),
];
