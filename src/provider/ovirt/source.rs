//! The oVirt source: the trait's operations, each bounded in time.

use super::engine::Engine;
use super::find;
use super::json::{list, text};
use super::sso::Sso;
use super::{clone, delete, power, snapshots, source_vm};
use crate::config::ProviderEntry;
use crate::facts::{Power, SourceVm, nearest};
use crate::http::{HttpClient, RequestCounter};
use crate::provider::{About, CloneRequest, ProviderError, Removal, SourceProvider, VmRef};
use crate::wait::Deadline;
use async_trait::async_trait;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The data center that the suite's VMs live in.
const DATA_CENTER: &str = "MTV-CNV";
/// Starting, shutting down, deleting, snapshots.
const LIMIT: Duration = Duration::from_secs(600);

/// An oVirt engine.
pub struct Ovirt {
    engine: Engine,
    counter: RequestCounter,
}

impl Ovirt {
    /// Logs in, and sees that the data center of the suite's VMs is up.
    ///
    /// # Errors
    /// [`ProviderError::Login`] when the user is refused; [`ProviderError::Missing`] without the data center,
    /// [`ProviderError::Unhealthy`] when it is not up.
    pub async fn connect(
        entry: &ProviderEntry,
        http: HttpClient,
        counter: RequestCounter,
    ) -> Result<Self, ProviderError> {
        let ovirt = Self { engine: Engine::open(http, Sso::of(entry)?).await?, counter };
        match ovirt.require_data_center().await {
            Ok(()) => Ok(ovirt),
            Err(error) => {
                ovirt.disconnect().await;
                Err(error)
            }
        }
    }

    /// Source: source-providers.md section 3.1, last paragraph.
    async fn require_data_center(&self) -> Result<(), ProviderError> {
        let answer = self.engine.read("/datacenters", self.engine.url()).await?;
        let centers = list(&answer, "data_center");
        let found = centers.iter().find(|center| text(center, "/name") == Some(DATA_CENTER));
        let Some(center) = found else {
            let known = centers.iter().filter_map(|center| text(center, "/name"));
            return Err(ProviderError::Missing {
                kind: "data center",
                name: DATA_CENTER.to_owned(),
                near: nearest(DATA_CENTER, known, 5).into_iter().map(str::to_owned).collect(),
                remedy: "make a data center of this name, or give the engine that has it",
            });
        };
        match text(center, "/status").unwrap_or("unknown") {
            "up" => Ok(()),
            status => Err(ProviderError::Unhealthy {
                vm: format!("data center {DATA_CENTER}"),
                problem: format!("its status is {status}, not up"),
                remedy: "see in the administration portal that its hosts and storage domains are active",
            }),
        }
    }
}

fn within(limit: Duration) -> Deadline {
    Deadline::after(limit, &CancellationToken::new())
}

#[async_trait]
impl SourceProvider for Ovirt {
    async fn test(&self) -> Result<About, ProviderError> {
        self.require_data_center().await?;
        let root = self.engine.read("", self.engine.url()).await?;
        let of = |pointer| text(&root, pointer).unwrap_or_default().to_owned();
        let version = of("/product_info/version/full_version");
        let product = format!("{} {version}", of("/product_info/name"));
        Ok(About { product: product.trim().to_owned(), version })
    }

    async fn find_vm(&self, name: &str) -> Result<VmRef, ProviderError> {
        find::vm_or_template(&self.engine, name).await
    }

    async fn vm_facts(&self, vm: &VmRef) -> Result<SourceVm, ProviderError> {
        source_vm::read(&self.engine, vm).await
    }

    /// From a template only, whose NICs get new addresses by themselves.
    async fn clone_vm(&self, request: &CloneRequest, cancel: &CancellationToken) -> Result<VmRef, ProviderError> {
        clone::run(&self.engine, request, cancel).await
    }

    /// Off is asked of the guest, not forced.
    async fn set_power(&self, vm: &VmRef, power: Power) -> Result<(), ProviderError> {
        power::set(&self.engine, vm, power, &within(LIMIT)).await
    }

    async fn create_snapshot(&self, vm: &VmRef, name: &str) -> Result<String, ProviderError> {
        snapshots::create(&self.engine, vm, name, &within(LIMIT)).await
    }

    async fn remove_snapshot(&self, vm: &VmRef, name: &str, id: Option<&str>) -> Result<Removal, ProviderError> {
        snapshots::remove(&self.engine, vm, (name, id), &within(LIMIT)).await
    }

    /// The engine does not see into guests: a VM that is up counts.
    async fn wait_guest_info(&self, vm: &VmRef, deadline: &Deadline) -> Result<bool, ProviderError> {
        power::wait_up(&self.engine, vm, deadline).await
    }

    async fn delete_vm(&self, name: &str, id: Option<&str>) -> Result<Removal, ProviderError> {
        delete::by_name(&self.engine, name, id, &within(LIMIT)).await
    }

    async fn vms_with_prefix(&self, prefix: &str) -> Result<Vec<VmRef>, ProviderError> {
        find::vms_with_prefix(&self.engine, prefix).await
    }

    async fn disconnect(&self) {
        self.engine.close().await;
    }

    fn requests(&self) -> u64 {
        self.counter.total()
    }
}
