//! The OpenStack source: the trait's operations, each bounded in time.

use super::cloud::Cloud;
use super::keystone::{Keystone, Service};
use super::{clone, facts, power, remove, servers, snapshots};
use crate::config::{self, ProviderEntry};
use crate::facts::{Power, SourceVm};
use crate::http::{HttpClient, RequestCounter};
use crate::provider::{About, CloneRequest, ProviderError, Removal, SourceProvider, VmRef};
use crate::wait::{Deadline, WaitError};
use async_trait::async_trait;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const POWER_LIMIT: Duration = Duration::from_secs(120);
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(600);
const DELETE_LIMIT: Duration = Duration::from_secs(300);

/// A project of an OpenStack cloud.
pub struct Openstack {
    cloud: Cloud,
    identity: String,
    counter: RequestCounter,
}

impl Openstack {
    /// Logs in to the project of `scope`.
    ///
    /// # Errors
    /// [`ProviderError::Login`] when the user or the project is refused; [`ProviderError::Missing`] when the region lacks
    /// a service.
    pub async fn connect(
        entry: &ProviderEntry,
        scope: &config::Openstack,
        http: HttpClient,
        counter: RequestCounter,
    ) -> Result<Self, ProviderError> {
        let keystone = Keystone::new(entry, scope);
        let identity = keystone.base().to_owned();
        Ok(Self { cloud: Cloud::open(http, keystone).await?, identity, counter })
    }
}

/// A limit that an interruption does not shorten: the operation would go on at the source.
fn within(limit: Duration) -> Deadline {
    Deadline::after(limit, &CancellationToken::new())
}

#[async_trait]
impl SourceProvider for Openstack {
    async fn test(&self) -> Result<About, ProviderError> {
        let identity = self.cloud.get_url(&self.identity, "read version").await?;
        let _: Vec<serde_json::Value> =
            self.cloud.get(Service::Compute, ("/servers?limit=1", "servers"), "the project").await?;
        let version = identity.body["version"]["id"].as_str().unwrap_or("v3").trim_start_matches('v').to_owned();
        Ok(About { product: format!("OpenStack, Keystone {version}"), version })
    }

    async fn endpoints(&self) -> Result<Vec<String>, ProviderError> {
        self.cloud.endpoints().await
    }

    async fn find_vm(&self, name: &str) -> Result<VmRef, ProviderError> {
        let vm = servers::one(&self.cloud, name).await?;
        let server = servers::read(&self.cloud, &vm).await?;
        if server.status == "ERROR" {
            return Err(ProviderError::Unhealthy {
                vm: vm.to_string(),
                problem: format!("it is in state {}", server.state()),
                remedy: "mend it on the source, or take another source VM",
            });
        }
        Ok(vm)
    }

    async fn vm_facts(&self, vm: &VmRef) -> Result<SourceVm, ProviderError> {
        facts::read(&self.cloud, vm).await
    }

    async fn clone_vm(&self, request: &CloneRequest, cancel: &CancellationToken) -> Result<VmRef, ProviderError> {
        clone::run(&self.cloud, request, cancel).await
    }

    async fn set_power(&self, vm: &VmRef, power: Power) -> Result<(), ProviderError> {
        power::set(&self.cloud, vm, power, &within(POWER_LIMIT)).await
    }

    async fn create_snapshot(&self, vm: &VmRef, name: &str) -> Result<String, ProviderError> {
        snapshots::create(&self.cloud, vm, name, &within(SNAPSHOT_LIMIT)).await
    }

    async fn remove_snapshot(&self, vm: &VmRef, name: &str, _id: Option<&str>) -> Result<Removal, ProviderError> {
        snapshots::remove(&self.cloud, vm, name, &within(SNAPSHOT_LIMIT)).await
    }

    /// OpenStack does not look into guests: a server that is up is all that can be waited for.
    async fn wait_guest_info(&self, vm: &VmRef, deadline: &Deadline) -> Result<bool, ProviderError> {
        match power::wait_for(&self.cloud, vm, "ACTIVE", deadline).await {
            Ok(_) => Ok(true),
            Err(ProviderError::Wait(WaitError::TimedOut { last, .. })) => {
                tracing::warn!(vm = vm.name, last, "the server was not up in time");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn delete_vm(&self, name: &str, id: Option<&str>) -> Result<Removal, ProviderError> {
        remove::by_name(&self.cloud, name, id, &within(DELETE_LIMIT)).await
    }

    async fn vms_with_prefix(&self, prefix: &str) -> Result<Vec<VmRef>, ProviderError> {
        remove::with_prefix(&self.cloud, prefix).await
    }

    async fn disconnect(&self) {
        self.cloud.close().await;
    }

    fn requests(&self) -> u64 {
        self.counter.total()
    }
}
