//! The vSphere source: the trait's operations, each bounded in time.

use super::guest_ops::{self, Command, GuestOps};
use super::session::{Endpoint, Session};
use super::task::Limit;
use super::xml::MoRef;
use super::{clone, delete, find, guest, hosts, power, reconfigure, snapshots, source_vm, tracking};
use crate::config::ProviderEntry;
use crate::facts::{Power, SourceVm, parse_version};
use crate::http::{HttpClient, RequestCounter};
use crate::provider::{
    About, CloneRequest, GuestAccount, GuestAnswer, HostRef, ProviderError, Removal, SourceProvider, VmRef,
};
use crate::wait::{Deadline, WaitError, poll};
use async_trait::async_trait;
use http::Uri;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const POWER_LIMIT: Duration = Duration::from_secs(120);
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(600);
const RECONFIGURE_LIMIT: Duration = Duration::from_secs(120);
const DELETE_LIMIT: Duration = Duration::from_secs(300);
const GUEST_INFO_EVERY: Duration = Duration::from_secs(5);
/// Oldest API whose properties the facts need.
const OLDEST: &str = "6.5";

/// A vCenter, or an ESXi host on its own (which cannot clone).
pub struct Vcenter {
    session: Session,
    guests: GuestOps,
    counter: RequestCounter,
}

impl Vcenter {
    /// Logs in.
    ///
    /// # Errors
    /// [`ProviderError::Login`] when the user is refused; [`ProviderError::Invalid`] for an API older than 6.5.
    pub async fn connect(
        entry: &ProviderEntry,
        http: HttpClient,
        counter: RequestCounter,
    ) -> Result<Self, ProviderError> {
        let endpoint =
            Endpoint { url: soap_url(&entry.api_url)?, user: entry.username.clone(), password: entry.password.clone() };
        Self::login(endpoint, http, counter).await
    }

    pub(super) async fn login(
        endpoint: Endpoint,
        http: HttpClient,
        counter: RequestCounter,
    ) -> Result<Self, ProviderError> {
        let url = endpoint.url.clone();
        let vcenter = Self { session: Session::open(http, endpoint).await?, guests: GuestOps::default(), counter };
        let version = vcenter.session.content().about("apiVersion").to_owned();
        let is_old = parse_version(&version).is_ok_and(|own| parse_version(OLDEST).is_ok_and(|oldest| own < oldest));
        if is_old {
            vcenter.disconnect().await;
            return Err(ProviderError::Invalid {
                operation: format!("connect to {url}"),
                problem: format!("its API is {version}"),
                remedy: "vSphere 6.5 is the oldest that is supported; give a newer source",
            });
        }
        Ok(vcenter)
    }
}

/// The SOAP endpoint of an `api_url`: always `/sdk`, whatever path the entry has.
fn soap_url(api_url: &str) -> Result<String, ProviderError> {
    let uri = api_url.parse::<Uri>().ok();
    let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?.as_str())));
    match parts {
        Some((scheme, authority)) if !authority.contains('@') => Ok(format!("{scheme}://{authority}/sdk")),
        _ => Err(ProviderError::Invalid {
            operation: "connect to the vCenter".to_owned(),
            problem: "api_url is no URL without user and password".to_owned(),
            remedy: "write https://HOST/sdk as api_url in providers.json",
        }),
    }
}

#[async_trait]
impl SourceProvider for Vcenter {
    async fn test(&self) -> Result<About, ProviderError> {
        let content = self.session.content();
        let manager = content.manager("authorizationManager")?;
        let properties = self.session.read(&manager, &["description"]).await?;
        if properties.get("description").is_none() {
            return Err(properties.lacking("description", &manager.to_string()));
        }
        Ok(About { product: content.about("fullName").to_owned(), version: content.about("apiVersion").to_owned() })
    }

    async fn find_vm(&self, name: &str) -> Result<VmRef, ProviderError> {
        let vm = find::vm(&self.session, name).await?;
        find::check_health(&self.session, &vm).await?;
        Ok(vm)
    }

    async fn vm_facts(&self, vm: &VmRef) -> Result<SourceVm, ProviderError> {
        source_vm::read(&self.session, vm).await
    }

    async fn clone_vm(&self, request: &CloneRequest, cancel: &CancellationToken) -> Result<VmRef, ProviderError> {
        clone::run(&self.session, request, cancel).await
    }

    async fn set_power(&self, vm: &VmRef, power: Power) -> Result<(), ProviderError> {
        Ok(power::set(&self.session, vm, power, &Limit::firm(POWER_LIMIT)).await?)
    }

    async fn create_snapshot(&self, vm: &VmRef, name: &str) -> Result<String, ProviderError> {
        snapshots::create(&self.session, vm, name, &Limit::firm(SNAPSHOT_LIMIT)).await
    }

    async fn remove_snapshot(&self, vm: &VmRef, name: &str, id: Option<&str>) -> Result<Removal, ProviderError> {
        snapshots::remove(&self.session, vm, (name, id), &Limit::firm(SNAPSHOT_LIMIT)).await
    }

    async fn hosts(&self) -> Result<Vec<HostRef>, ProviderError> {
        hosts::all(&self.session).await
    }

    async fn datastore_name(&self, id: &str) -> Result<String, ProviderError> {
        hosts::datastore_name(&self.session, id).await
    }

    async fn host_of(&self, vm: &VmRef) -> Result<HostRef, ProviderError> {
        hosts::of(&self.session, vm).await
    }

    async fn keep_on_host(&self, vm: &VmRef) -> Result<(), ProviderError> {
        hosts::keep(&self.session, vm, &Limit::firm(RECONFIGURE_LIMIT)).await
    }

    async fn add_nic(&self, vm: &VmRef, start_connected: bool) -> Result<(), ProviderError> {
        reconfigure::add_nic(&self.session, vm, start_connected, &Limit::firm(RECONFIGURE_LIMIT)).await
    }

    async fn share_disks(&self, owner: &VmRef, vm: &VmRef) -> Result<(), ProviderError> {
        reconfigure::share_disks(&self.session, owner, vm, &Limit::firm(RECONFIGURE_LIMIT)).await
    }

    async fn require_change_tracking(&self, vm: &VmRef) -> Result<(), ProviderError> {
        tracking::require(&self.session, vm).await
    }

    async fn wait_guest_info(&self, vm: &VmRef, deadline: &Deadline) -> Result<bool, ProviderError> {
        let what = format!("guest information of {vm}");
        let watched = MoRef::new("VirtualMachine", &vm.id);
        let look = || guest::look_for_report(&self.session, &watched);
        let waited = poll(&what, deadline, GUEST_INFO_EVERY, look).await;
        match waited {
            Ok(answer) => answer.map(|()| true),
            Err(WaitError::TimedOut { last, .. }) => {
                tracing::warn!(vm = vm.name, last, "the guest reported no network in time");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn run_in_guest(
        &self,
        vm: &VmRef,
        account: &GuestAccount,
        line: &str,
        deadline: &Deadline,
    ) -> Result<GuestAnswer, ProviderError> {
        guest_ops::run(&self.session, &self.guests, Command { vm, account, line }, deadline).await
    }

    async fn delete_vm(&self, name: &str, id: Option<&str>) -> Result<Removal, ProviderError> {
        delete::by_name(&self.session, name, id, &Limit::firm(DELETE_LIMIT)).await
    }

    async fn vms_with_prefix(&self, prefix: &str) -> Result<Vec<VmRef>, ProviderError> {
        let mut vms = find::all_vms(&self.session).await?;
        vms.retain(|vm| vm.name.starts_with(prefix));
        vms.sort_by(|left, right| left.name.cmp(&right.name).then_with(|| left.id.cmp(&right.id)));
        Ok(vms)
    }

    async fn disconnect(&self) {
        self.session.close().await;
    }

    fn requests(&self) -> u64 {
        self.counter.total()
    }
}

#[cfg(test)]
mod tests {
    use super::soap_url;

    #[test]
    fn the_endpoint_is_always_sdk() {
        for (given, url) in [
            ("https://vc.example/sdk", Some("https://vc.example/sdk")),
            ("https://vc.example:8443", Some("https://vc.example:8443/sdk")),
            ("http://127.0.0.1:8989/other", Some("http://127.0.0.1:8989/sdk")),
            ("https://user:pw@vc/sdk", None),
            ("vc.example", None),
        ] {
            assert_eq!(soap_url(given).ok().as_deref(), url, "{given}");
        }
    }
}
