//! A real control plane: etcd, kube-apiserver with RBAC, kube-controller-manager (namespaces, garbage, service
//! accounts). One serves all tests of a process; each test has namespaces of its own.

use crate::bench::Bench;
use crate::part::Part;
use crate::peer::{Launch, Peer, free_port};
use http::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use mtvtest::http::install_crypto;
use mtvtest::lab::clock::Pace;
use mtvtest::lab::controllers;
use mtvtest::lab::world::{World, WorldSpec};
use mtvtest::wait::{Deadline, Seen, poll};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// What a test of the control plane needs.
pub(crate) const NEEDS: &[Part] = &[Part::Kubernetes, Part::Etcd, Part::Definitions];

/// What kube-controller-manager runs. Claims and volumes get finalizers from the API server, which two of these remove.
const CONTROLLERS: [&str; 5] = [
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "persistentvolumeclaim-protection-controller",
    "persistentvolume-protection-controller",
];

const ADMIN_TOKEN: &str = "peer-admin-token";

/// What it writes down of each request of a service account: who did what to what.
const AUDIT_POLICY: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
"rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}]}"#;

/// A running control plane.
pub(crate) struct ControlPlane {
    /// URL of the API server.
    pub(crate) url: String,
    folder: TempDir,
    ports: Ports,
    /// Arguments of the API server beyond the usual ones.
    extra: &'static [&'static str],
    /// The store, the API server, the controller manager.
    peers: Vec<Peer>,
}

#[derive(Clone, Copy)]
struct Ports {
    store: u16,
    serve: u16,
}

/// The folders of all control planes of the process: a static is never dropped.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

static SHARED: LazyLock<Result<ControlPlane, String>> = LazyLock::new(|| {
    let start = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ControlPlane::start(&[]))
    };
    // A thread of its own: whoever asks first is inside a runtime.
    std::thread::spawn(start).join().unwrap_or_else(|_| Err("the control plane's start panicked".to_owned()))
});

impl ControlPlane {
    /// The control plane of this process, started by the first test that asks. Its death fails `bench`'s test.
    pub(crate) fn shared(bench: &Bench) -> &'static Self {
        let shared = SHARED.as_ref().unwrap_or_else(|why| panic!("{why}"));
        shared.join(bench);
        shared
    }

    /// Its death fails `bench`'s test from here on.
    pub(crate) fn join(&self, bench: &Bench) {
        for peer in &self.peers {
            bench.join(peer.clone());
        }
    }

    /// Removes what is left of all of them, once no test runs any more.
    pub(crate) fn remove_files() {
        for folder in std::mem::take(&mut *FOLDERS.lock().unwrap()) {
            std::fs::remove_dir_all(folder).ok();
        }
    }

    /// The audit log up to now: one JSON object per request of a service account.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.path().join("audit.log")).unwrap();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// A kubeconfig that logs in with a bearer token.
    pub(crate) fn kubeconfig(&self, token: &str) -> String {
        kubeconfig(&self.url, &self.folder.path().join("ca.pem"), token)
    }

    /// A kubeconfig with all rights.
    pub(crate) fn admin_kubeconfig(&self) -> String {
        self.kubeconfig(ADMIN_TOKEN)
    }

    /// A client with all rights.
    pub(crate) async fn admin(&self) -> kube::Client {
        self.client(ADMIN_TOKEN).await
    }

    /// A client with a bearer token.
    pub(crate) async fn client(&self, token: &str) -> kube::Client {
        client(&self.kubeconfig(token)).await
    }

    /// Ends the API server, suddenly. For a control plane that no bench has joined.
    pub(crate) async fn kill_api_server(&self) {
        self.peers[1].kill().await;
    }

    /// Starts it again, with the same store, address and keys.
    pub(crate) async fn restart_api_server(&mut self) {
        let launch = api_server(self.folder.path(), self.ports, self.extra);
        self.peers[1] = Peer::start(launch, self.folder.path()).await.unwrap_or_else(|why| panic!("{why}"));
        answers(&self.admin().await, "/readyz").await.unwrap();
    }

    /// Lets the store forget everything before a revision, which is a resource version.
    pub(crate) async fn compact(&self, revision: &str) {
        let url = format!("http://127.0.0.1:{}/v3/kv/compaction", self.ports.store);
        let body = json!({"revision": revision, "physical": true});
        let answer = reqwest::Client::new().post(url).body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Starts one, with these arguments of the API server beyond the usual ones.
    ///
    /// # Errors
    /// A part of it does not start.
    pub(crate) async fn start(extra: &'static [&'static str]) -> Result<Self, String> {
        install_crypto();
        let folder = TempDir::new().unwrap();
        FOLDERS.lock().unwrap().push(folder.path().to_owned());
        let at = |name: &str| folder.path().join(name);
        certificates(folder.path());
        let ports = Ports { store: free_port(), serve: free_port() };
        let url = format!("https://127.0.0.1:{}", ports.serve);
        std::fs::write(at("tokens.csv"), format!("{ADMIN_TOKEN},peer-admin,peer-admin,system:masters\n")).unwrap();
        std::fs::write(at("audit.json"), AUDIT_POLICY).unwrap();
        let kubeconfig = kubeconfig(&url, &at("ca.pem"), ADMIN_TOKEN);
        std::fs::write(at("kubeconfig"), &kubeconfig).unwrap();
        let mut peers = vec![Peer::start(etcd(&at("etcd"), ports.store), folder.path()).await?];
        peers.push(Peer::start(api_server(folder.path(), ports, extra), folder.path()).await?);
        let admin = client(&kubeconfig).await;
        let last_words = || peers.iter().map(Peer::last_words).collect::<String>();
        answers(&admin, "/readyz").await.map_err(|why| format!("{why}{}", last_words()))?;
        install_definitions(&admin).await?;
        // Last, so that its first look sees all kinds: it looks for new ones only now and then.
        peers.push(Peer::start(controller_manager(folder.path()), folder.path()).await?);
        Ok(Self { url, folder, ports, extra, peers })
    }
}

fn etcd(data: &Path, port: u16) -> Launch {
    let (client, peer) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", free_port()));
    let arguments = [
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
    ];
    Launch::new("etcd", &Part::Etcd.path(), arguments).ready_when_logged("ready to serve client requests")
}

fn api_server(folder: &Path, ports: Ports, extra: &[&str]) -> Launch {
    let Ports { store, serve } = ports;
    let at = |name: &str| folder.join(name).display().to_string();
    let arguments = [
        "apiserver".to_owned(),
        format!("--etcd-servers=http://127.0.0.1:{store}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--secure-port={serve}"),
        format!("--tls-cert-file={}", at("server.pem")),
        format!("--tls-private-key-file={}", at("server.key")),
        format!("--service-account-key-file={}", at("accounts.pub")),
        format!("--service-account-signing-key-file={}", at("accounts.key")),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        format!("--token-auth-file={}", at("tokens.csv")),
        // Pods here are run by nobody; those of the lab's controllers name no account.
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        format!("--audit-policy-file={}", at("audit.json")),
        format!("--audit-log-path={}", at("audit.log")),
    ];
    let arguments = arguments.into_iter().chain(extra.iter().map(|&argument| argument.to_owned()));
    Launch::new("kube-apiserver", &Part::Kubernetes.path(), arguments)
        .ready_when_logged("Serving securely")
        .within(Duration::from_secs(90))
}

fn controller_manager(folder: &Path) -> Launch {
    let at = |name: &str| folder.join(name).display().to_string();
    let arguments = [
        "controller-manager".to_owned(),
        format!("--kubeconfig={}", at("kubeconfig")),
        format!("--controllers={}", CONTROLLERS.join(",")),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
    ];
    Launch::new("kube-controller-manager", &Part::Kubernetes.path(), arguments)
        .ready_when_logged("Garbage collector: all resource monitors have synced")
        .within(Duration::from_secs(90))
}

/// An authority, the server's certificate, and the key of service account tokens.
fn certificates(folder: &Path) {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name.push(DnType::CommonName, "peers CA");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    write("ca.pem", authority.self_signed(&key).unwrap().pem());
    let issuer = Issuer::new(authority, key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    write("server.pem", server.signed_by(&server_key, &issuer).unwrap().pem());
    write("server.key", server_key.serialize_pem());
    let accounts = KeyPair::generate().unwrap();
    write("accounts.key", accounts.serialize_pem());
    write("accounts.pub", accounts.public_key_pem());
}

/// JSON, which is YAML too.
fn kubeconfig(url: &str, authority: &Path, token: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "peers",
        "clusters": [{"name": "peers", "cluster": {"server": url, "certificate-authority": authority}}],
        "users": [{"name": "peers", "user": {"token": token}}],
        "contexts": [{"name": "peers", "context": {"cluster": "peers", "user": "peers"}}],
    })
    .to_string()
}

async fn client(kubeconfig: &str) -> kube::Client {
    let config = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await.unwrap();
    kube::Client::try_from(config).unwrap()
}

/// Creates an object.
pub(crate) async fn post(client: &kube::Client, path: &str, body: &Value) -> kube::Result<Value> {
    let request = Request::post(path).header("content-type", "application/json");
    client.request(request.body(body.to_string().into_bytes()).unwrap()).await
}

/// Reads an object or a list.
pub(crate) async fn get(client: &kube::Client, path: &str) -> kube::Result<Value> {
    client.request(Request::get(path).body(Vec::new()).unwrap()).await
}

/// Waits until a path answers with success.
async fn answers(client: &kube::Client, path: &str) -> Result<(), String> {
    let deadline = Deadline::after(Duration::from_secs(60), &CancellationToken::new());
    let ready = poll(path, &deadline, Duration::from_millis(500), || async {
        match client.request_text(Request::get(path).body(Vec::new()).unwrap()).await {
            Ok(_) => Seen::Met(()),
            Err(why) => Seen::Pending(why.to_string()),
        }
    });
    ready.await.map_err(|why| why.to_string())
}

/// Forklift's own definitions, and that of networks if it is installed; of the other products' kinds the lab's.
fn definitions() -> Vec<Value> {
    let folder = Part::Definitions.path();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let mut found: Vec<Value> =
        yaml.map(|path| serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()).collect();
    found.extend(Part::Networks.find().ok().map(|path| {
        let text = std::fs::read_to_string(path).unwrap();
        serde_yaml::from_str::<Value>(text.trim_start_matches("---\n")).unwrap()
    }));
    let known: Vec<Value> = found.iter().map(|one| one["metadata"]["name"].clone()).collect();
    let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
    let others = controllers::seed(&world).into_iter().filter(|object| {
        object["kind"] == "CustomResourceDefinition"
            && object["spec"]["group"] != "forklift.konveyor.io"
            && !known.contains(&object["metadata"]["name"])
    });
    found.extend(others);
    found
}

/// Installs all definitions and waits until their kinds are served.
async fn install_definitions(admin: &kube::Client) -> Result<(), String> {
    const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let definitions = definitions();
    for definition in &definitions {
        let name = &definition["metadata"]["name"];
        post(admin, PATH, definition).await.map_err(|why| format!("install the definition {name}: {why}"))?;
    }
    for definition in &definitions {
        let spec = &definition["spec"];
        let served = spec["versions"].as_array().unwrap().iter().filter(|version| version["served"] == true);
        for version in served {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
            answers(admin, &format!("/apis/{group}/{}/{plural}", text(&version["name"]))).await?;
        }
    }
    Ok(())
}
