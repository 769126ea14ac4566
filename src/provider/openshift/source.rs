//! The source: the trait's operations, each bounded in time.

use super::cloud_init::user_data;
use super::machine::machine;
use super::{facts, golden, power};
use crate::cluster::{Cluster, ClusterError, Guard, Kind, ObjectRef, is_true, target_vm};
use crate::config::{GuestLogin, ProviderEntry};
use crate::facts::{NAME_MAX_CHARS, Power, SOURCE_LABEL, SourceVm, nearest};
use crate::provider::{About, CloneRequest, ProviderError, Removal, SourceProvider, VmRef};
use crate::wait::{Deadline, Seen, WaitError};
use async_trait::async_trait;
use http::Uri;
use kube::core::DynamicObject;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const POWER_LIMIT: Duration = Duration::from_secs(300);
const DELETE_LIMIT: Duration = Duration::from_secs(300);
/// How many near names an error lists.
const NEAR: usize = 5;

/// A cluster as a source.
pub struct Openshift {
    cluster: Cluster,
    login: Option<GuestLogin>,
    /// Namespace and name of VMs by their UID, which is all that a reference tells.
    places: Mutex<BTreeMap<String, ObjectRef>>,
}

impl Openshift {
    /// The source of `entry` on `cluster`, which the run is logged in to. No request is sent.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] when the entry names another cluster.
    pub fn at(cluster: Cluster, entry: &ProviderEntry) -> Result<Self, ProviderError> {
        if !entry.api_url.is_empty() && !same_server(&entry.api_url, cluster.url()) {
            return Err(ProviderError::Invalid {
                operation: format!("connect to source {:?}", entry.name),
                problem: format!("its api_url is {}, but the run is logged in to {}", entry.api_url, cluster.url()),
                remedy: "a source of type openshift is the cluster of the run: leave api_url empty, or log in to that cluster",
            });
        }
        let login = entry.guest.linux.clone();
        Ok(Self { cluster, login, places: Mutex::default() })
    }

    /// Where a VM is, by its UID; one that was not seen yet is looked for.
    async fn place(&self, vm: &VmRef) -> Result<ObjectRef, ProviderError> {
        if let Some(known) = self.known(&vm.id) {
            return Ok(known);
        }
        let found = self.list("").await?;
        self.known(&vm.id).ok_or_else(|| not_found(&vm.name, &found))
    }

    fn known(&self, uid: &str) -> Option<ObjectRef> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).get(uid).cloned()
    }

    /// Every VM that carries these labels, remembered.
    async fn list(&self, selector: &str) -> Result<Vec<DynamicObject>, ProviderError> {
        let found = self.cluster.list(Kind::VM, None, selector).await.map_err(failed)?;
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        for vm in &found {
            if let Some((uid, target)) = vm.metadata.uid.clone().zip(target_of(vm)) {
                places.insert(uid, target);
            }
        }
        Ok(found)
    }

    async fn delete(&self, vm: &DynamicObject, target: &ObjectRef) -> Result<(), ProviderError> {
        let deadline = Deadline::after(DELETE_LIMIT, &CancellationToken::new());
        let guard = Guard::Uid(vm.metadata.uid.clone().unwrap_or_default());
        self.cluster.delete(target, &guard, &deadline).await.map_err(failed)?;
        // The root disk goes with the VM, by its owner; a VM whose disk is still there is not gone.
        let claim = ObjectRef { kind: Kind::PVC, ..target.clone() };
        self.cluster.wait_gone(&claim, None, &deadline).await.map_err(failed)
    }
}

#[async_trait]
impl SourceProvider for Openshift {
    async fn test(&self) -> Result<About, ProviderError> {
        golden::require(&self.cluster).await?;
        let version = crate::cluster::kubevirt_version(&self.cluster).await.map_err(failed)?;
        let version = version.map(|version| version.to_string()).unwrap_or_default();
        Ok(About { product: format!("KubeVirt {version}").trim_end().to_owned(), version })
    }

    /// Every VM is made from the one golden image, whatever the scenario calls it (original-suite.md section 1.2).
    async fn find_vm(&self, name: &str) -> Result<VmRef, ProviderError> {
        Ok(golden::reference(name))
    }

    async fn find_itself(&self, name: &str) -> Result<VmRef, ProviderError> {
        let all = self.list("").await?;
        let named: Vec<&DynamicObject> = all.iter().filter(|vm| vm.metadata.name.as_deref() == Some(name)).collect();
        match named.as_slice() {
            [] => Err(not_found(name, &all)),
            [only] => Ok(reference(only)),
            several => {
                let spaces: Vec<&str> = several.iter().filter_map(|vm| vm.metadata.namespace.as_deref()).collect();
                Err(ProviderError::Unhealthy {
                    vm: format!("VM {name}"),
                    problem: format!("several namespaces have one of this name: {}", spaces.join(", ")),
                    remedy: "give the VM that is meant a name of its own, or let it be cloned",
                })
            }
        }
    }

    async fn vm_facts(&self, vm: &VmRef) -> Result<SourceVm, ProviderError> {
        if golden::is_reference(vm) {
            return Ok(facts::of_golden(vm));
        }
        let target = self.place(vm).await?;
        let gone = || ProviderError::NotFound { name: vm.name.clone(), near: Vec::new() };
        let object = self.cluster.get(&target).await.map_err(failed)?;
        let object = object.filter(|found| found.metadata.uid.as_deref() == Some(&vm.id)).ok_or_else(gone)?;
        let namespace = target.namespace.as_deref().unwrap_or_default();
        let known = target_vm(&self.cluster, namespace, &target.name).await.map_err(failed)?.ok_or_else(gone)?;
        facts::source_vm(&object, known)
    }

    async fn clone_vm(&self, request: &CloneRequest, cancel: &CancellationToken) -> Result<VmRef, ProviderError> {
        refuse_what_cannot_be(request)?;
        let Some(place) = &request.place else {
            return Err(invalid(
                request,
                "nobody has said in which namespace",
                "this is a defect of mtvtest: report it",
            ));
        };
        let deadline = Deadline::after(request.limit, cancel);
        if cancel.is_cancelled() {
            return Err(WaitError::Cancelled { what: format!("make VM {}", request.name), last: String::new() }.into());
        }
        let target = ObjectRef::namespaced(Kind::VM, &place.namespace, &request.name);
        let body = machine(&request.name, place, &user_data(self.login.as_ref()));
        let made = self.cluster.create_recorded(&target, body, &place.session).await.map_err(failed)?;
        let vm = reference(&made);
        self.places.lock().unwrap_or_else(PoisonError::into_inner).insert(vm.id.clone(), target.clone());
        power::switch(&self.cluster, &target, Power::On, &deadline).await?;
        Ok(vm)
    }

    async fn set_power(&self, vm: &VmRef, power: Power) -> Result<(), ProviderError> {
        let deadline = Deadline::after(POWER_LIMIT, &CancellationToken::new());
        power::switch(&self.cluster, &self.place(vm).await?, power, &deadline).await
    }

    async fn create_snapshot(&self, vm: &VmRef, name: &str) -> Result<String, ProviderError> {
        Err(ProviderError::not_here(format!("take snapshot {name:?} of {vm}")))
    }

    /// The agent of the guest, as KubeVirt tells.
    async fn wait_guest_info(&self, vm: &VmRef, deadline: &Deadline) -> Result<bool, ProviderError> {
        let target = ObjectRef { kind: Kind::VMI, ..self.place(vm).await? };
        let judge = |object: Option<&DynamicObject>| match object {
            Some(instance) if is_true(instance, "AgentConnected") => Seen::Met(()),
            Some(instance) => Seen::Pending(instance.data["status"]["phase"].as_str().unwrap_or("no phase").to_owned()),
            None => Seen::Pending("no instance".to_owned()),
        };
        match self.cluster.wait(&format!("wait for the guest agent of {vm}"), &target, deadline, judge).await {
            Ok(()) => Ok(true),
            Err(ClusterError::Wait(WaitError::TimedOut { .. })) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Only what was made as a source is ever deleted: a migrated VM may have the same name.
    async fn delete_vm(&self, name: &str, id: Option<&str>) -> Result<Removal, ProviderError> {
        let found = self.list(SOURCE_LABEL).await?;
        let named: Vec<&DynamicObject> = found.iter().filter(|vm| vm.metadata.name.as_deref() == Some(name)).collect();
        let known = named.iter().filter(|vm| id.is_some() && vm.metadata.uid.as_deref() == id);
        let known: Vec<&DynamicObject> = known.copied().collect();
        let doomed = if known.is_empty() { named } else { known };
        for vm in &doomed {
            if let Some(target) = target_of(vm) {
                self.delete(vm, &target).await?;
            }
        }
        Ok(if doomed.is_empty() { Removal::AlreadyGone } else { Removal::Removed })
    }

    async fn vms_with_prefix(&self, prefix: &str) -> Result<Vec<VmRef>, ProviderError> {
        let mut found: Vec<VmRef> = self.list(SOURCE_LABEL).await?.iter().map(reference).collect();
        found.retain(|vm| vm.name.starts_with(prefix));
        found.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(found)
    }

    async fn disconnect(&self) {}

    /// None of its own: they are the cluster's, and counted there.
    fn requests(&self) -> u64 {
        0
    }
}

/// The cluster's error as a source's.
pub(super) fn failed(error: ClusterError) -> ProviderError {
    match error {
        ClusterError::Wait(wait) => ProviderError::Wait(wait),
        other => ProviderError::Cluster(Box::new(other)),
    }
}

fn reference(vm: &DynamicObject) -> VmRef {
    let meta = &vm.metadata;
    VmRef { id: meta.uid.clone().unwrap_or_default(), name: meta.name.clone().unwrap_or_default() }
}

fn target_of(vm: &DynamicObject) -> Option<ObjectRef> {
    Some(ObjectRef::namespaced(Kind::VM, vm.metadata.namespace.clone()?, vm.metadata.name.clone()?))
}

fn not_found(name: &str, all: &[DynamicObject]) -> ProviderError {
    let names = all.iter().filter_map(|vm| vm.metadata.name.as_deref());
    ProviderError::NotFound {
        name: name.to_owned(),
        near: nearest(name, names, NEAR).into_iter().map(str::to_owned).collect(),
    }
}

fn invalid(request: &CloneRequest, problem: impl Into<String>, remedy: &'static str) -> ProviderError {
    ProviderError::Invalid { operation: format!("make VM {:?}", request.name), problem: problem.into(), remedy }
}

/// What a VM of the cluster cannot be given or called.
fn refuse_what_cannot_be(request: &CloneRequest) -> Result<(), ProviderError> {
    request.refuse_vsphere_keys("openshift")?;
    let fits = request.name.len() <= NAME_MAX_CHARS
        && request.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && request.name.starts_with(|first: char| first != '-')
        && request.name.ends_with(|last: char| last != '-');
    if !fits {
        let problem = "no object of the cluster may have this name";
        return Err(invalid(
            request,
            problem,
            "leave preserve_name_format out of the scenario, or choose a shorter clone_name",
        ));
    }
    Ok(())
}

/// Whether two URLs lead to the same host and port.
fn same_server(left: &str, right: &str) -> bool {
    let authority = |text: &str| {
        let uri: Uri = text.parse().ok()?;
        uri.scheme()?;
        Some((uri.host()?.to_lowercase(), uri.port_u16().unwrap_or(443)))
    };
    authority(left).is_some_and(|left| Some(left) == authority(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::DiskType;

    #[test]
    fn keys_and_names_that_fit_no_object_are_refused() {
        let words = |change: fn(&mut CloneRequest)| {
            let mut request = CloneRequest::new(golden::reference("x"), "auto-ab12-x-1234");
            change(&mut request);
            refuse_what_cannot_be(&request).map_err(|error| error.to_string())
        };
        assert_eq!(words(|_| ()), Ok(()));
        let disks = words(|one| one.disk_type = Some(DiskType::Thin)).unwrap_err();
        assert!(disks.contains("know no disk_type") && disks.contains("leave that out"), "{disks}");
        let name = words(|one| one.name = "auto-ab12-XCopy_VM-1234".into()).unwrap_err();
        assert!(name.contains("auto-ab12-XCopy_VM-1234") && name.contains("preserve_name_format"), "{name}");
        assert!(words(|one| one.name = "-x".into()).is_err());
    }

    #[test]
    fn urls_are_compared_by_host_and_port() {
        assert!(same_server("https://api.QE:6443/", "https://api.qe:6443"));
        assert!(same_server("https://api.qe", "https://api.qe:443"));
        assert!(!same_server("https://api.qe:6443", "https://api.other:6443"));
        assert!(!same_server("nonsense", "nonsense"));
    }
}
