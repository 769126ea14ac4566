//! The one declaration of each setting. To add a setting, add it here: the file, the environment, `--set`, the schema
//! and `docs/settings.md` follow.

use super::format::{
    FilePath, Format, Label, Minutes, Names, OptionalCount, OptionalNumber, OptionalPath, OptionalSecret, OptionalText,
    Span, SshTunnel, Switch, Text, Tunnel, WholeMinutes,
};
use super::table::{self, Group, Key, Legacy, declare};
use crate::config::Secret;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

/// Every key, in the order of the declaration.
pub(super) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(Settings::keys);

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

declare! {
    /// The resolved settings.
    ///
    /// Source: original-suite.md section 5, for the keys that the original has.
    Settings {
        /// Sources to run on, names of the providers file.
        source_providers: Vec<String> as Names, "source_provider" = Vec::new(),
        /// Storage class of the migrated disks.
        storage_class: Option<String> as OptionalText, "storage_class" = None,
        /// The providers file.
        providers: PathBuf as FilePath, "providers" = PathBuf::from(".providers.json");
            legacy Legacy::Same("PROVIDERS_JSON_PATH"),
        /// Kubeconfig of the cluster; a list of files as in the variable KUBECONFIG.
        kubeconfig: Option<PathBuf> as OptionalPath, "kubeconfig" = None; legacy Legacy::Same("KUBECONFIG"),
        /// Context of the kubeconfig; its current one if absent.
        context: Option<String> as OptionalText, "context" = None,
        /// URL of the cluster's API, for a login by user and password instead of a kubeconfig.
        cluster_host: Option<String> as OptionalText, "cluster_host" = None; legacy Legacy::Same("CLUSTER_HOST"),
        /// User for that login.
        cluster_username: Option<String> as OptionalText, "cluster_username" = None;
            legacy Legacy::Same("CLUSTER_USERNAME"),
        /// Password for that login. Not taken from `--set`, which other users of the machine can see.
        cluster_password: Option<Secret> as OptionalSecret, "cluster_password" = None;
            legacy Legacy::Same("CLUSTER_PASSWORD"),
        /// Whether the certificate of the cluster's API is not verified (the original did not verify by default).
        insecure_verify_skip: bool as Switch, "insecure_verify_skip" = false;
            legacy Legacy::Inverse("CLUSTER_VERIFY_SSL"),
        /// Whether the certificates of the sources are not verified, neither here nor by MTV.
        source_provider_insecure_skip_verify: bool as Switch, "source_provider_insecure_skip_verify" = false,
        /// Prefix of target namespaces; its leading `auto` is replaced by the session's id.
        target_namespace_prefix: String as Label, "target_namespace_prefix" = "auto".to_owned(),
        /// Namespace of MTV.
        mtv_namespace: String as Label, "mtv_namespace" = "openshift-mtv".to_owned(),
        /// Text in the API host of the cluster that serves as remote destination; scenarios that need one are skipped
        /// without it.
        remote_ocp_cluster: Option<String> as OptionalText, "remote_ocp_cluster" = None,
        /// OpenShift version that names of created objects carry; the cluster's own if absent.
        target_ocp_version: Option<String> as OptionalText, "target_ocp_version" = None,
        /// Time between the pre-copies of a warm migration, MTV's `controller_precopy_interval`.
        snapshots_interval: Duration as WholeMinutes, "snapshots_interval" = minutes(2),
        /// Time from the start of a warm migration to its cutover.
        mins_before_cutover: Duration as Minutes, "mins_before_cutover" = minutes(5),
        /// Longest time of a migration, under the original's name; `timeouts.migration` wins when both are given.
        plan_wait_timeout: Duration as Span, "plan_wait_timeout" = minutes(60),
        /// Most tests at once; if absent 4 on a cluster, many on the lab.
        parallel: Option<usize> as OptionalCount, "parallel" = None,
        /// Seed of every random choice, to repeat a run; drawn if absent.
        seed: Option<u64> as OptionalNumber, "seed" = None,
        /// Directory that holds the directories of the runs.
        data_collector_path: PathBuf as FilePath, "data_collector_path" = PathBuf::from(".data-collector"),
        /// Whether no diagnostics are collected for failures.
        skip_data_collector: bool as Switch, "skip_data_collector" = false,
        /// Whether everything is left in place at the end, for a look; `mtvtest clean` removes it.
        skip_teardown: bool as Switch, "skip_teardown" = false,
        /// Image that runs the playbooks of hooks; a digest pins it.
        hook_image: String as Text, "hook_image" = "quay.io/konveyor/hook-runner:latest".to_owned()
    }
    nested {
        /// How long is waited for what.
        timeouts: Timeouts,
        /// The way to the guests.
        ssh: Ssh,
    }
    hidden { origins: BTreeMap<&'static str, String> }
}

declare! {
    /// How long is waited for what. Scenarios may override some.
    Timeouts {
        /// A Provider becomes Ready.
        provider_ready: Duration as Span, "timeouts.provider_ready" = minutes(10),
        /// A Plan becomes Ready.
        plan_ready: Duration as Span, "timeouts.plan_ready" = minutes(6),
        /// A migration ends.
        migration: Duration as Span, "timeouts.migration" = minutes(60),
        /// The guest agent of a migrated VM reports in.
        guest_agent: Duration as Span, "timeouts.guest_agent" = Duration::from_secs(301),
        /// The guest of a started source VM reports its network.
        guest_info: Duration as Span, "timeouts.guest_info" = minutes(2),
        /// The inventory knows a VM.
        inventory: Duration as Span, "timeouts.inventory" = minutes(5),
        /// A guest answers on SSH.
        ssh: Duration as Span, "timeouts.ssh" = minutes(2),
        /// The static addresses of the source are there inside a migrated guest.
        static_ip: Duration as Span, "timeouts.static_ip" = minutes(11),
        /// A source VM is cloned.
        clone: Duration as Span, "timeouts.clone" = minutes(20),
        /// A namespace becomes Active.
        namespace_active: Duration as Span, "timeouts.namespace_active" = minutes(2),
        /// A deleted object is gone.
        deletion: Duration as Span, "timeouts.deletion" = minutes(5),
        /// The whole teardown, after which what is left is reported.
        teardown: Duration as Span, "timeouts.teardown" = minutes(15)
    }
    nested {}
    hidden {}
}

declare! {
    /// The way to the guests.
    #[derive(Copy)]
    Ssh {
        /// How guests' SSH is reached: in this process through KubeVirt's port-forward, or by the virtctl program.
        tunnel: SshTunnel as Tunnel, "ssh.tunnel" = SshTunnel::Native
    }
    nested {}
    hidden {}
}
