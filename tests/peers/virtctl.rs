//! KubeVirt's own virtctl as the tunnel of this program: its version is understood, and it carries the look into the guest
//! of a migrated VM of the served lab; its refusals are told as what they are.

use crate::bench::Bench;
use crate::clients::served::Served;
use crate::part::Part::Virtctl as Part;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::cluster::{Cluster, connect};
use mtvtest::config::{MapEnvironment, Secret, Settings, SettingsLayer};
use mtvtest::guest::Tunnel;
use mtvtest::guest::virtctl::{Virtctl, VirtctlRequest};
use mtvtest::http::{RealNetwork, RequestCounter};
use std::io::ErrorKind;
use tokio::process::Command;

const ON: &str = "\
description: A VM that stays and runs.
virtual_machines:
  - {name: mtv-tests-rhel8}
target_power_state: on
";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("virtctl::it_carries_the_look_into_a_guest", &[Part], carries),
        trial("virtctl::its_refusals_are_told", &[Part], refuses),
    ]
}

async fn cluster(served: &Served) -> Cluster {
    let kubeconfig = served.file("lab/kubeconfig").display().to_string();
    let layer = SettingsLayer::default().flag("--kubeconfig", "kubeconfig", &kubeconfig);
    let settings = Settings::resolve(vec![layer]).unwrap();
    connect(&settings, &MapEnvironment::default(), &RealNetwork).await.unwrap()
}

/// The installed virtctl, as it is found in PATH, with this token.
async fn obtain(bench: &Bench, cluster: &Cluster, token: &Secret) -> Virtctl {
    let part = Part.path();
    let folder = part.parent().unwrap().display().to_string();
    let virtctl = Virtctl::obtain(VirtctlRequest {
        environment: &MapEnvironment::of([("PATH", folder.as_str()), ("HOME", &bench.folder().display().to_string())]),
        network: &RealNetwork,
        counter: RequestCounter::default(),
        server: cluster.url(),
        tls: cluster.tls(),
        token,
        kubevirt: mtvtest::cluster::kubevirt_version(cluster).await.unwrap(),
        openshift: None,
        download: None,
        download_tls: &[],
        cache: bench.folder(),
        directory: bench.folder(),
    })
    .await
    .unwrap();
    assert_eq!((virtctl.version().major, virtctl.version().minor), (1, 5));
    virtctl
}

async fn carries(bench: Bench) {
    let served = Served::start(&bench).await;
    std::fs::create_dir(served.file("mine")).unwrap();
    served.write("mine/on.yaml", ON);
    let line = "run --providers lab/providers.json --set kubeconfig=lab/kubeconfig --source-provider vsphere-8 \
                --storage-class ocs-storagecluster-ceph-rbd-virtualization --scenarios mine --set ssh.tunnel=virtctl";
    let part = Part.path();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtvtest"));
    command.env_clear().env("PATH", part.parent().unwrap()).env("HOME", bench.folder());
    let ran = command.args(line.split(' ')).current_dir(bench.folder()).output().await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let events = std::fs::read_to_string(served.file(".data-collector/latest/events.jsonl")).unwrap();
    let through = format!("guests are reached through virtctl 1.5.0, {}", part.display());
    assert!(events.contains(&through) && events.contains("logged in as root"), "{events}");
}

async fn refuses(bench: Bench) {
    let served = Served::start(&bench).await;
    let cluster = cluster(&served).await;
    let token = cluster.token().unwrap();
    let virtctl = obtain(&bench, &cluster, token).await;
    let unknown = virtctl.dial("default", "no-such-vm", 22).await.err().unwrap();
    assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
    virtctl.close().await;
    for token in ["no-such-token", "sha256~lab-nobody-token"] {
        let virtctl = obtain(&bench, &cluster, &Secret::new(token)).await;
        let barred = virtctl.dial("default", "no-such-vm", 22).await.err().unwrap();
        assert!(!barred.to_string().contains(token), "{barred}");
        assert_eq!(barred.kind(), ErrorKind::PermissionDenied, "{token}: {barred}");
        virtctl.close().await;
    }
}
