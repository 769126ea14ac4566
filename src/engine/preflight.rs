//! Looking at the environment before anything is created: every problem at once, each with its remedy.

use super::inside::{LooksInside, looks_inside, missing_login};
use super::rights::{common_rights, openshift_source_rights};
use super::source::{ConnectedSource, Reach};
use super::steps::StepError;
use crate::cluster::{self, Cluster, ClusterError, Right};
use crate::config::{ProviderEntry, ProviderKind, Settings};
use crate::facts::{Power, chain, nearest};
use crate::provider::ProviderError;
use crate::scenario::{NamedPlan, Test};
use semver::Version;
use std::collections::{BTreeMap, BTreeSet};

/// What the environment turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// URL of the API server.
    pub cluster: String,
    /// MTV version, if it could be told.
    pub mtv: Option<String>,
    /// OpenShift version; `None` on plain Kubernetes.
    pub openshift: Option<String>,
    /// The storage class of the run.
    pub storage_class: String,
}

/// Something that keeps the run from starting, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub String);

/// What a run needs of a source: its entry and the VMs that its tests name.
pub struct NeededSource<'a> {
    /// Entry of the providers file.
    pub entry: &'a ProviderEntry,
    /// Names of the VMs.
    pub vms: BTreeSet<&'a str>,
    /// Names of those into whose guests a test looks, each with the test.
    pub inside: BTreeMap<&'a str, (LooksInside, &'a str)>,
}

impl<'a> NeededSource<'a> {
    /// Nothing but the source itself.
    pub fn of(entry: &'a ProviderEntry) -> Self {
        Self { entry, vms: BTreeSet::new(), inside: BTreeMap::new() }
    }

    /// Adds what a test needs of it.
    pub fn add(&mut self, test: &'a Test) {
        for NamedPlan { plan, .. } in &test.scenario.plans {
            for vm in &plan.virtual_machines {
                self.vms.insert(&vm.name);
                if let Some(when) = looks_inside(&test.scenario, plan, vm) {
                    let looked = (when, test.name.as_str());
                    let known = self.inside.entry(&vm.name).or_insert(looked);
                    *known = looked.min(*known);
                }
            }
        }
    }
}

/// Logs in to the sources and looks for the VMs that the tests name. Reads only.
///
/// # Errors
/// Every problem that was found; connections that were made are closed.
pub async fn examine_sources(
    reach: &Reach<'_>,
    needed: &[NeededSource<'_>],
) -> Result<BTreeMap<String, ConnectedSource>, Vec<Problem>> {
    let answers = futures::future::join_all(needed.iter().map(|source| examine_source(reach, source))).await;
    let (mut sources, mut problems) = (BTreeMap::new(), Vec::new());
    for (source, answer) in needed.iter().zip(answers) {
        match answer {
            Ok(connected) => drop(sources.insert(source.entry.name.clone(), connected)),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        return Ok(sources);
    }
    disconnect(sources).await;
    Err(problems)
}

/// Closes connections.
pub async fn disconnect(sources: BTreeMap<String, ConnectedSource>) {
    for source in sources.into_values() {
        source.sdk.disconnect().await;
    }
}

/// Examines the cluster: the login, Forklift and its pods, the user's rights, the storage class. Reads only.
///
/// # Errors
/// Every problem that was found.
pub async fn examine_cluster(cluster: &Cluster, settings: &Settings, class: &str) -> Result<Environment, Vec<Problem>> {
    let broken = |error: ClusterError| vec![Problem(chain(&error))];
    // Without these two nothing else can be asked.
    cluster::whoami(cluster).await.map_err(broken)?;
    let namespace = &settings.mtv_namespace;
    if !cluster::forklift_installed(cluster).await.map_err(broken)? {
        let remedy = "install the MTV operator and create a ForkliftController";
        return Err(vec![Problem(format!("the cluster does not serve Forklift's kinds; {remedy}"))]);
    }
    let wanted = common_rights();
    let (pods, classes, missing, mtv, openshift) = futures::join!(
        cluster::forklift_pods(cluster, namespace),
        cluster::storage_classes(cluster),
        cluster::missing_rights(cluster, &wanted),
        cluster::mtv_version(cluster, namespace),
        cluster::openshift_version(cluster),
    );
    let mut problems: Vec<Problem> = remote_problem(settings, cluster.url()).into_iter().collect();
    match missing {
        Ok(missing) => problems.extend(rights_problem(&missing)),
        Err(error) => problems.push(Problem(chain(&error))),
    }
    match pods {
        Ok(pods) => problems.extend(pods_problem(&pods, namespace)),
        Err(error) => problems.push(Problem(chain(&error))),
    }
    match classes {
        Ok(classes) => problems.extend(class_problem(&classes, class)),
        Err(error) => problems.push(Problem(chain(&error))),
    }
    let told = |answer: Result<Option<Version>, ClusterError>, problems: &mut Vec<Problem>| match answer {
        Ok(version) => version.map(|version| version.to_string()),
        Err(error) => {
            problems.push(Problem(chain(&error)));
            None
        }
    };
    let (mtv, openshift) = (told(mtv, &mut problems), told(openshift, &mut problems));
    if problems.is_empty() {
        Ok(Environment { cluster: cluster.url().to_owned(), mtv, openshift, storage_class: class.to_owned() })
    } else {
        Err(problems)
    }
}

fn rights_problem(missing: &[Right<'_>]) -> Option<Problem> {
    let list: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let remedy = "grant them, or log in as a user who has them";
    (!list.is_empty()).then(|| Problem(format!("the user lacks rights: {}; {remedy}", list.join(", "))))
}

/// What the user may not do that VMs on the cluster as a source need.
async fn cluster_source_problem(reach: &Reach<'_>, entry: &ProviderEntry) -> Option<Problem> {
    if !matches!(entry.kind, ProviderKind::Openshift) {
        return None;
    }
    match cluster::missing_rights(reach.cluster, &openshift_source_rights()).await {
        Ok(missing) => rights_problem(&missing),
        Err(error) => Some(Problem(chain(&error))),
    }
}

/// Forklift's controller must be there, and every `forklift-*` pod must run (original-suite.md section 1.9,
/// `forklift_pods_state`).
fn pods_problem(pods: &[cluster::PodState], namespace: &str) -> Option<Problem> {
    let bad: Vec<String> =
        pods.iter().filter(|pod| !pod.ready).map(|pod| format!("{} ({})", pod.name, pod.reason)).collect();
    if !bad.is_empty() {
        let remedy = "see why with `oc describe pod` and wait until they run";
        return Some(Problem(format!("Forklift's pods in {namespace} are not running: {}; {remedy}", bad.join(", "))));
    }
    let controller = pods.iter().any(|pod| pod.name.starts_with("forklift-controller"));
    (!controller).then(|| {
        let remedy = "set mtv_namespace to MTV's namespace, or create a ForkliftController there";
        Problem(format!("no forklift-controller pod runs in {namespace}; {remedy}"))
    })
}

/// The setting names the cluster that may serve as remote destination, as a guard against running on another one.
/// Source: original-suite.md section 1.9, `ocp_admin_client`.
fn remote_problem(settings: &Settings, url: &str) -> Option<Problem> {
    let wanted = settings.remote_ocp_cluster.as_ref().filter(|text| !text.is_empty())?;
    (!url.contains(wanted.as_str())).then(|| {
        let remedy = "log in to that cluster, or change or unset remote_ocp_cluster";
        Problem(format!("the setting remote_ocp_cluster is {wanted:?}, but the run is logged in to {url}; {remedy}"))
    })
}

fn class_problem(classes: &[String], wanted: &str) -> Option<Problem> {
    if classes.iter().any(|class| class == wanted) {
        return None;
    }
    let near = nearest(wanted, classes.iter().map(String::as_str), 1);
    let hint = near.first().map_or(String::new(), |name| format!("did you mean {name}? "));
    Some(Problem(format!("the cluster has no storage class {wanted:?}; {hint}it has {}", classes.join(", "))))
}

async fn examine_source(reach: &Reach<'_>, source: &NeededSource<'_>) -> Result<ConnectedSource, Vec<Problem>> {
    let name = &source.entry.name;
    let words = |error: StepError| match error {
        StepError::Failed(reason) | StepError::Broken(reason) => Problem(format!("provider {name}: {reason}")),
        StepError::Cancelled => Problem(format!("provider {name}: interrupted")),
    };
    let connected = reach.connect(source.entry).await.map_err(|error| vec![words(error)])?;
    let mut problems: Vec<Problem> = cluster_source_problem(reach, source.entry).await.into_iter().collect();
    if let Err(error) = connected.sdk.test().await {
        problems.push(words(error.into()));
    } else if connected.sdk.reads_vms() {
        for vm in &source.vms {
            match examine_vm(source, &connected, vm).await {
                Ok(found) => problems.extend(found),
                Err(error) => problems.push(words(error.into())),
            }
        }
    }
    if problems.is_empty() {
        return Ok(connected);
    }
    connected.sdk.disconnect().await;
    Err(problems)
}

/// The VM must be there, and a guest that is looked into needs a login: found out an hour later it would cost that hour.
async fn examine_vm(
    source: &NeededSource<'_>,
    connected: &ConnectedSource,
    name: &str,
) -> Result<Option<Problem>, ProviderError> {
    let vm = connected.sdk.find_vm(name).await?;
    let Some((when, test)) = source.inside.get(name) else { return Ok(None) };
    let facts = connected.sdk.vm_facts(&vm).await?;
    if *when == LooksInside::IfOn && facts.power != Power::On {
        return Ok(None);
    }
    Ok(missing_login(source.entry, facts.guest_family(), name, test).map(Problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_cluster_must_be_the_one_of_the_login() {
        let settings = |name: &str| {
            let mut settings = Settings::default();
            settings.remote_ocp_cluster = Some(name.to_owned());
            settings
        };
        assert_eq!(remote_problem(&settings("qe-1"), "https://api.qe-1.test:6443"), None);
        assert_eq!(remote_problem(&settings(""), "https://api.qe-2.test:6443"), None);
        let problem = remote_problem(&settings("qe-1"), "https://api.qe-2.test:6443").unwrap();
        assert!(problem.0.contains("qe-1") && problem.0.contains("qe-2"), "{}", problem.0);
    }

    #[test]
    fn a_missing_class_names_the_nearest_and_all() {
        let classes = ["ceph-rbd".to_owned(), "nfs".to_owned()];
        assert_eq!(class_problem(&classes, "nfs"), None);
        let problem = class_problem(&classes, "ceph-rdb").unwrap();
        assert_eq!(
            problem.0,
            "the cluster has no storage class \"ceph-rdb\"; did you mean ceph-rbd? it has ceph-rbd, nfs"
        );
    }
}
