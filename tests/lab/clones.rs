//! Clones that end before they are done: whatever happened, nothing appears after the deletion by name has answered.

use mtvtest::config::{MapEnvironment, Providers};
use mtvtest::http::{RequestCounter, TlsPolicy};
use mtvtest::lab::Lab;
use mtvtest::lab::clock::Pace;
use mtvtest::lab::fault::{TransportEffect, TransportFault};
use mtvtest::lab::world::{World, WorldSpec};
use mtvtest::provider::{self, CloneRequest, ProviderError, Removal, SourceProvider, VmRef};
use mtvtest::wait::{WaitError, pause};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const NAME: &str = "lost-clone";
/// Long enough for every clone to have ended: in real time the lab's take a minute.
const LATER: Duration = Duration::from_secs(300);

/// A lab at the pace of a real vCenter; the clock is tokio's, which the tests pause.
struct Bench {
    lab: Lab,
    vcenter: Arc<dyn SourceProvider>,
    source: VmRef,
}

impl Bench {
    async fn start() -> Self {
        let lab = Lab::start(World::from_spec(WorldSpec::embedded().unwrap(), Pace::divided_by(1.0)).unwrap()).unwrap();
        let vcenter = connect(&lab).await;
        let source = vcenter.find_vm("mtv-tests-rhel8").await.unwrap();
        Self { lab, vcenter, source }
    }

    fn request(&self, name: &str) -> CloneRequest {
        CloneRequest::new(self.source.clone(), name)
    }

    /// Clones and is cancelled after so long.
    async fn interrupted(&self, after: Duration) -> ProviderError {
        let cancel = CancellationToken::new();
        let request = self.request(NAME);
        let clone = self.vcenter.clone_vm(&request, &cancel);
        let (cloned, ()) = tokio::join!(clone, async {
            pause(after).await;
            cancel.cancel();
        });
        cloned.unwrap_err()
    }

    async fn clone(&self) -> Result<VmRef, ProviderError> {
        self.vcenter.clone_vm(&self.request(NAME), &CancellationToken::new()).await
    }

    fn disturb(&self, method: &str, effect: TransportEffect) {
        let verb = format!("SOAP:{method}");
        self.lab.world().faults.disturb(TransportFault { verb, path: String::new(), after: 0, times: None, effect });
    }

    fn has(&self, name: &str) -> bool {
        self.lab.world().sources[0].read().vms.iter().any(|vm| vm.name == name)
    }

    /// Deletes by name, as the undo of a clone without an id does; then nothing may come.
    async fn deleted(self) -> Removal {
        let removal = self.vcenter.delete_vm(NAME, None).await.unwrap();
        assert!(!self.has(NAME));
        pause(LATER).await;
        assert!(!self.has(NAME), "it appeared after its deletion");
        self.lab.stop().await;
        removal
    }
}

async fn connect(lab: &Lab) -> Arc<dyn SourceProvider> {
    let providers = Providers::parse(&lab.providers_json(), "lab", &MapEnvironment::default()).unwrap();
    let entry = providers.get("vsphere-8").unwrap();
    let network = lab.network();
    provider::connect(entry, TlsPolicy::AcceptAny, network.as_ref(), RequestCounter::default()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_clone_cancelled_in_mid_way_is_cancelled_on_the_source() {
    let bench = Bench::start().await;
    let error = bench.interrupted(Duration::from_secs(20)).await;
    assert!(matches!(error, ProviderError::Wait(WaitError::Cancelled { .. })), "{error}");
    assert_eq!(bench.deleted().await, Removal::AlreadyGone);
}

#[tokio::test(start_paused = true)]
async fn a_clone_that_cannot_be_cancelled_is_waited_for() {
    let bench = Bench::start().await;
    bench.disturb("CancelTask", TransportEffect::Reset);
    let error = bench.interrupted(Duration::from_secs(5)).await;
    assert!(matches!(error, ProviderError::Wait(WaitError::Cancelled { .. })), "{error}");
    assert!(!bench.has(NAME), "it still runs");
    assert_eq!(bench.deleted().await, Removal::Removed);
}

#[tokio::test(start_paused = true)]
async fn a_clone_whose_answer_was_lost_is_waited_for() {
    let bench = Bench::start().await;
    bench.disturb("CloneVM_Task", TransportEffect::ResetAfter);
    let error = bench.clone().await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { .. }), "{error}");
    assert!(!bench.has(NAME), "it still runs");
    assert_eq!(bench.deleted().await, Removal::Removed);
}

#[tokio::test(start_paused = true)]
async fn a_clone_that_was_never_begun_is_gone() {
    let bench = Bench::start().await;
    bench.disturb("CloneVM_Task", TransportEffect::Reset);
    let error = bench.clone().await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { .. }), "{error}");
    assert_eq!(bench.deleted().await, Removal::AlreadyGone);
}

#[tokio::test(start_paused = true)]
async fn a_clone_of_a_killed_process_is_waited_for_by_the_next() {
    let mut bench = Bench::start().await;
    let (killed, request) = (bench.vcenter.clone(), bench.request(NAME));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { killed.clone_vm(&request, &CancellationToken::new()).await });
    pause(Duration::from_secs(10)).await;
    tasks.shutdown().await;
    bench.vcenter = connect(&bench.lab).await;
    assert!(!bench.has(NAME), "it still runs");
    assert_eq!(bench.deleted().await, Removal::Removed);
}

#[tokio::test(start_paused = true)]
async fn the_clones_of_other_tests_are_not_waited_for() {
    let bench = Bench::start().await;
    let (other, request) = (bench.vcenter.clone(), bench.request("of-another-test"));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { other.clone_vm(&request, &CancellationToken::new()).await });
    pause(Duration::from_secs(10)).await;
    assert_eq!(bench.vcenter.delete_vm(NAME, None).await.unwrap(), Removal::AlreadyGone);
    assert!(!bench.has("of-another-test"), "it still runs");
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert!(bench.has("of-another-test"));
    bench.lab.stop().await;
}
