//! Commands in source guests through the vCenter: the product's client against the simulated vCenter and its guests.

use crate::rig::Rig;
use mtvtest::config::Secret;
use mtvtest::facts::{GuestFamily, Power, chain};
use mtvtest::http::{RequestCounter, TlsPolicy};
use mtvtest::lab::fault::{Faults, TransportEffect, TransportFault};
use mtvtest::lab::world::{Vm, WorldSpec};
use mtvtest::provider::{self, GuestAccount, GuestAnswer, ProviderError, SourceProvider, VmRef};
use mtvtest::wait::Deadline;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LINUX: &str = "mtv-tests-rhel8";
const WINDOWS: &str = "mtv-win2019-3disks";
const LIMIT: Duration = Duration::from_secs(60);

/// The lab's vCenter, with the default world's guests switched on.
struct Source {
    rig: Rig,
    vcenter: Arc<dyn SourceProvider>,
}

impl Source {
    async fn start(change: impl FnOnce(&mut WorldSpec)) -> Self {
        let rig = Rig::with_world(change, &Faults::default());
        let providers = rig.providers();
        let entry = providers.get("vsphere-8").unwrap();
        let counter = RequestCounter::default();
        let vcenter = provider::connect(entry, TlsPolicy::AcceptAny, rig.network.as_ref(), counter).await.unwrap();
        let source = Self { rig, vcenter };
        for name in [LINUX, WINDOWS] {
            source.switch(name, Power::On).await;
        }
        source
    }

    fn change(&self, name: &str, act: impl FnOnce(&mut Vm)) {
        let source = &self.rig.lab.world().sources[0];
        source.change(|inventory| act(inventory.vms.iter_mut().find(|vm| vm.name == name).unwrap()));
    }

    async fn switch(&self, name: &str, power: Power) {
        let vm = self.vcenter.find_vm(name).await.unwrap();
        self.vcenter.set_power(&vm, power).await.unwrap();
    }

    async fn run(&self, name: &str, account: &GuestAccount, line: &str) -> Result<GuestAnswer, ProviderError> {
        let vm: VmRef = self.vcenter.find_vm(name).await.unwrap();
        self.vcenter.run_in_guest(&vm, account, line, &Deadline::after(LIMIT, &CancellationToken::new())).await
    }

    /// What is wrong, for an error that must come.
    async fn refused(&self, name: &str, account: &GuestAccount, line: &str) -> String {
        chain(&self.run(name, account, line).await.unwrap_err())
    }
}

fn root(password: &str) -> GuestAccount {
    GuestAccount { user: "root".into(), password: Secret::new(password), family: GuestFamily::Linux }
}

fn administrator() -> GuestAccount {
    let password = Secret::new("lab-guest");
    GuestAccount { user: "Administrator".into(), password, family: GuestFamily::Windows }
}

#[tokio::test(start_paused = true)]
async fn lines_reach_the_guests_as_they_were_written() {
    let source = Source::start(|_| {}).await;
    let root = root("lab-guest");
    for (line, status, stdout) in [
        ("hostname", 0, "mtv-tests-rhel8\n"),
        ("printf %s 'it'\\''s \"a\" & <b>' > '/tmp/a b' && sync", 0, ""),
        ("cat '/tmp/a b'", 0, "it's \"a\" & <b>"),
        ("cat /nowhere", 1, ""),
    ] {
        let answer = source.run(LINUX, &root, line).await.unwrap();
        assert_eq!((answer.status, answer.stdout.as_str()), (Some(status), stdout), "{line}");
        assert_eq!(answer.stderr.is_empty(), status == 0, "{line}: {}", answer.stderr);
    }
    let answer = source.run(WINDOWS, &administrator(), "hostname").await.unwrap();
    assert_eq!((answer.status, answer.stdout.trim()), (Some(0), "WIN2019-3D"));
    let answer = source.run(WINDOWS, &administrator(), "echo mtvtest").await.unwrap();
    assert_eq!((answer.status, answer.stdout.trim()), (Some(0), "mtvtest"));
    source.rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_text_and_what_is_too_long_is_told() {
    let source = Source::start(|_| {}).await;
    source.change(LINUX, |vm| {
        let files = &mut Arc::make_mut(&mut vm.inside).files;
        files.insert("/srv/bytes".into(), vec![b'a', 0xff, 0xfe, b'b']);
        files.insert("/srv/long".into(), vec![b'x'; (1 << 20) + 1]);
    });
    let answer = source.run(LINUX, &root("lab-guest"), "cat /srv/bytes").await.unwrap();
    assert_eq!((answer.stdout.as_str(), answer.truncated), ("a\u{fffd}\u{fffd}b", false));
    let answer = source.run(LINUX, &root("lab-guest"), "cat /srv/long").await.unwrap();
    assert_eq!((answer.stdout.len(), answer.truncated), (1 << 20, true));
    source.rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn guests_that_cannot_be_asked_are_told_with_the_remedy() {
    let source = Source::start(|_| {}).await;
    let before = source.vcenter.requests();
    for _ in 0..2 {
        let words = source.refused(LINUX, &root("wrong"), "hostname").await;
        assert!(words.contains("InvalidGuestLogin") && words.contains("guest_vm_linux_user"), "{words}");
    }
    assert!(source.vcenter.requests() > before);
    let wrong_family = GuestAccount { family: GuestFamily::Windows, ..root("lab-guest") };
    let words = source.refused(LINUX, &wrong_family, "hostname").await;
    assert!(words.contains("FileNotFound") && words.contains("family (Linux or Windows)"), "{words}");
    source.change(LINUX, |vm| vm.tools = false);
    let words = source.refused(LINUX, &root("lab-guest"), "hostname").await;
    assert!(words.contains("GuestOperationsUnavailable") && words.contains("open-vm-tools"), "{words}");
    source.switch(LINUX, Power::Off).await;
    let words = source.refused(LINUX, &root("lab-guest"), "hostname").await;
    assert!(words.contains("InvalidPowerState") && words.contains("switch the VM on"), "{words}");
    source.rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_command_that_never_ends_is_ended_and_the_guest_goes_on() {
    let source = Source::start(|_| {}).await;
    let words = source.refused(LINUX, &root("lab-guest"), "sleep infinity").await;
    assert!(words.contains("command \"sleep infinity\" in VM mtv-tests-rhel8"), "{words}");
    let answer = source.run(LINUX, &root("lab-guest"), "sleep 3").await.unwrap();
    assert_eq!(answer.status, Some(0));
    source.rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn output_that_cannot_be_fetched_is_an_error_and_the_folder_goes_all_the_same() {
    let source = Source::start(|_| {}).await;
    let path = "/guestFile$".to_owned();
    let effect = TransportEffect::Reset;
    source.rig.faults().disturb(TransportFault { verb: "GET".into(), path, after: 0, times: Some(1), effect });
    let words = source.refused(LINUX, &root("lab-guest"), "hostname").await;
    assert!(words.contains("fetch the output of a command in VM mtv-tests-rhel8"), "{words}");
    assert_eq!(source.run(LINUX, &root("lab-guest"), "hostname").await.unwrap().status, Some(0));
    source.rig.lab.stop().await;
}
