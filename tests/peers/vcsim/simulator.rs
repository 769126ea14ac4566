//! A simulated vCenter: started for one test, reached by the provider under test, and looked at by govmomi's client.

use crate::bench::Bench;
use crate::part::Part;
use crate::peer::{Launch, Peer};
use mtvtest::config::{GuestCredentials, ProviderEntry, ProviderKind, Secret, Vsphere};
use mtvtest::http::{Network, RealNetwork, RequestCounter, TlsPolicy};
use mtvtest::provider::{ProviderError, SourceProvider, connect};
use mtvtest::wait::{Deadline, Seen, poll};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// All that a test of this folder needs.
pub(super) const NEEDS: &[Part] = &[Part::Vcsim];
/// A VM on the host that is in no cluster.
pub(super) const ALONE: &str = "DC0_H0_VM0";
/// A VM in the cluster.
pub(super) const CLUSTERED: &str = "DC0_C0_RP0_VM0";
pub(super) const USER: &str = "tester@vsphere.local";
pub(super) const PASSWORD: &str = "pa<ss>&\"word";

/// A running simulator.
pub(super) struct Simulator {
    /// Its process.
    pub(super) peer: Peer,
    /// Its host and port.
    pub(super) address: String,
}

impl Simulator {
    /// Starts one that ends with the test, whose death fails it.
    pub(super) async fn start(bench: &Bench, flags: &[&str]) -> Self {
        Self::of(bench.start(launch(bench.folder(), flags)).await)
    }

    /// Starts one that the test itself will kill.
    pub(super) async fn start_mortal(bench: &Bench, flags: &[&str]) -> Self {
        Self::of(Peer::start(launch(bench.folder(), flags), bench.folder()).await.unwrap())
    }

    fn of(peer: Peer) -> Self {
        let log = peer.log();
        let address = log.lines().find_map(|line| line.strip_prefix("vcsim: ready at ")).unwrap().to_owned();
        Self { peer, address }
    }

    /// URL of its API.
    pub(super) fn url(&self) -> String {
        format!("https://{}/sdk", self.address)
    }

    /// The certificate that it shows.
    pub(super) async fn certificate(&self) -> String {
        let (host, port) = self.address.split_once(':').unwrap();
        RealNetwork.certificate_chain(host, port.parse().unwrap()).await.unwrap()
    }

    /// A provider that is logged in.
    pub(super) async fn connect(&self) -> Arc<dyn SourceProvider> {
        let tls = TlsPolicy::Pinned(self.certificate().await);
        self.connect_as(PASSWORD, tls, RequestCounter::default()).await.unwrap()
    }

    /// A provider that tries to log in.
    pub(super) async fn connect_as(
        &self,
        password: &str,
        tls: TlsPolicy,
        counter: RequestCounter,
    ) -> Result<Arc<dyn SourceProvider>, ProviderError> {
        let entry = ProviderEntry {
            name: "vcsim".to_owned(),
            version: "8.0".to_owned(),
            fqdn: "127.0.0.1".to_owned(),
            api_url: self.url(),
            username: USER.to_owned(),
            password: Secret::new(password),
            guest: GuestCredentials::default(),
            kind: ProviderKind::Vsphere(Vsphere::default()),
        };
        connect(&entry, tls, &RealNetwork, counter).await
    }

    /// What govmomi's client says (see the head of parts/vcsim/main.go).
    pub(super) async fn ask(&self, mode: &str, arguments: &[&str]) -> Value {
        let url = format!("https://{}:{}@{}/sdk", escaped(USER), escaped(PASSWORD), self.address);
        run(&[&[mode, url.as_str()], arguments].concat()).await
    }

    /// Every VM of that name, as govmomi sees it.
    pub(super) async fn vms(&self, name: &str) -> Vec<Value> {
        self.ask("inspect", &[name]).await.as_array().unwrap().clone()
    }

    /// The one VM of that name, as govmomi sees it.
    pub(super) async fn vm(&self, name: &str) -> Value {
        let mut found = self.vms(name).await;
        assert_eq!(found.len(), 1, "VMs named {name}: {found:?}");
        found.remove(0)
    }

    /// Sets properties of a VM.
    pub(super) async fn configure(&self, name: &str, settings: &Value) {
        self.ask("configure", &[name, &settings.to_string()]).await;
    }

    /// The sessions that the program under test has there.
    pub(super) async fn sessions(&self) -> Vec<Value> {
        self.ask("sessions", &[]).await.as_array().unwrap().clone()
    }

    /// The recent tasks called `name`.
    pub(super) async fn tasks(&self, name: &str) -> Vec<Value> {
        let tasks = self.ask("tasks", &[]).await;
        tasks.as_array().unwrap().iter().filter(|task| task["Name"] == name).cloned().collect()
    }

    /// Waits until a task of that name runs.
    pub(super) async fn until_runs(&self, name: &str) {
        until(&format!("a running {name}"), async || {
            let tasks = self.tasks(name).await;
            (tasks.iter().any(|task| task["State"] == "running"), format!("{tasks:?}"))
        })
        .await;
    }
}

/// Waits until `look` says so; its words explain a failure.
pub(super) async fn until(what: &str, look: impl AsyncFn() -> (bool, String)) {
    let deadline = Deadline::after(Duration::from_secs(90), &CancellationToken::new());
    let met = poll(what, &deadline, Duration::from_millis(100), || async {
        let (met, words) = look().await;
        if met { Seen::Met(()) } else { Seen::Pending(words) }
    });
    met.await.unwrap_or_else(|why| panic!("{why}"));
}

/// The requests in the simulator's log that govmomi would have encoded otherwise, and all methods.
pub(super) async fn wsdl(log: &Path) -> Value {
    run(&["wsdl", log.to_str().unwrap()]).await
}

async fn run(arguments: &[&str]) -> Value {
    let mut command = Command::new(Part::Vcsim.path());
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {words}", arguments[0]);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn launch(folder: &Path, flags: &[&str]) -> Launch {
    let fixed = ["serve", "-username", USER, "-password", PASSWORD, "-ds", "2"];
    // Its datastores are folders of files.
    Launch::new("vcsim", &Part::Vcsim.path(), fixed.iter().chain(flags))
        .env("TMPDIR", folder)
        .ready_when_logged("vcsim: ready at ")
}

/// Text as a URL has it before the host.
fn escaped(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    bytes.concat()
}
