//! A virtctl that a served lab offers: downloaded over verified TLS, kept, and run to the SSH server of a migrated guest.

use crate::served::ServedLab;
use mtvtest::cluster::{Cluster, Kind, connect, kubevirt_version, virtctl_download};
use mtvtest::config::{MapEnvironment, Settings, SettingsLayer};
use mtvtest::guest::Tunnel;
use mtvtest::guest::virtctl::{Virtctl, VirtctlRequest};
use mtvtest::http::{RealNetwork, RequestCounter};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncReadExt;

const ON: &str = "\
description: A VM that stays and runs.
virtual_machines:
  - {name: mtv-tests-rhel8, guest_agent: true}
target_power_state: on
checks: {skip: {ssh: the test itself goes there}}
";

async fn obtain(cluster: &Cluster, folder: &Path) -> Virtctl {
    Virtctl::obtain(VirtctlRequest {
        environment: &MapEnvironment::of([("PATH", "/nowhere")]),
        network: &RealNetwork,
        counter: RequestCounter::default(),
        server: cluster.url(),
        tls: cluster.tls(),
        token: cluster.token().unwrap(),
        kubevirt: kubevirt_version(cluster).await.unwrap(),
        openshift: None,
        download: virtctl_download(cluster).await.unwrap(),
        download_tls: &cluster.ingress_tls(),
        cache: &folder.join("tools"),
        directory: folder,
    })
    .await
    .unwrap()
}

/// The first bytes that a port of the guest says; what is not up yet is asked again.
async fn banner(virtctl: &Virtctl, namespace: &str, vm: &str) -> String {
    loop {
        match virtctl.dial(namespace, vm, 22).await {
            Ok(mut stream) => {
                let mut bytes = [0; 8];
                stream.read_exact(&mut bytes).await.unwrap();
                return String::from_utf8(bytes.to_vec()).unwrap();
            }
            Err(error) => assert_ne!(error.kind(), ErrorKind::PermissionDenied, "{error}"),
        }
        mtvtest::wait::pause(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_served_labs_virtctl_reaches_a_guest() {
    let served = ServedLab::start("");
    let folder = &served.folder;
    folder.write("mine/on.yaml", ON);
    let selection = ServedLab::selection().replace("cold/sanity", "on");
    let ended = folder.run(&format!("run {} {selection} --scenarios mine --skip-teardown", ServedLab::reach()));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kubeconfig = folder.join("lab/kubeconfig").display().to_string();
        let layer = SettingsLayer::default().flag("--kubeconfig", "kubeconfig", &kubeconfig);
        let settings = Settings::resolve(vec![layer]).unwrap();
        let cluster = connect(&settings, &MapEnvironment::default(), &RealNetwork).await.unwrap();
        let vms = cluster.list(Kind::VM, None, "").await.unwrap();
        let (namespace, name) = (vms[0].metadata.namespace.clone().unwrap(), vms[0].metadata.name.clone().unwrap());
        let virtctl = obtain(&cluster, folder.path()).await;
        assert_eq!(virtctl.version().to_string(), "1.5.2");
        assert_eq!(banner(&virtctl, &namespace, &name).await, "SSH-2.0-");
        let error = virtctl.dial(&namespace, "no-such-vm", 22).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let closed = virtctl.dial(&namespace, &name, 23).await.err().unwrap();
        assert_eq!(closed.kind(), ErrorKind::ConnectionRefused, "{closed}");
        let program = virtctl.program().to_owned();
        virtctl.close().await;
        // Kept: nothing is downloaded again.
        let kept = std::fs::metadata(&program).unwrap().modified().unwrap();
        obtain(&cluster, folder.path()).await.close().await;
        assert_eq!(std::fs::metadata(&program).unwrap().modified().unwrap(), kept);
    });
    drop(runtime);
}

#[test]
fn a_run_looks_into_its_guests_through_virtctl_and_leaves_no_process_and_no_token() {
    let served = ServedLab::start("");
    let folder = &served.folder;
    folder.write("mine/on.yaml", &ON.replace("checks: {skip: {ssh: the test itself goes there}}\n", ""));
    let selection = ServedLab::selection().replace("cold/sanity", "on");
    folder.write("tmp/here", "");
    let line = format!("run {} {selection} --scenarios mine --set ssh.tunnel=virtctl", ServedLab::reach());
    let ended = folder.call(&line).env("TMPDIR", folder.join("tmp")).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let events = folder.read(".data-collector/latest/events.jsonl");
    assert!(events.contains("logged in as root"), "{events}");
    assert!(events.contains("guests are reached through virtctl 1.5.2"), "{events}");
    let log = folder.read(".data-collector/latest/mtvtest.log");
    assert!(!log.contains("sha256~") && !events.contains("sha256~"), "the token was written down");
    let left: Vec<String> = folder.tree().into_iter().filter(|path| path.starts_with("tmp/")).collect();
    assert_eq!(left, ["tmp/", "tmp/here"]);
}
