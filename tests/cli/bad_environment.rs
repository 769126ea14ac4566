//! What the environment lacks: exit code 3, every problem with its remedy, and nothing is made.

use crate::bad_input::PROVIDERS;
use crate::bin::Call;
use crate::folder::{COLD, Folder};
use crate::transcript::assert_call;

/// The call ends with 3, says what the snapshot `name` holds, and leaves the directory as it was.
pub(crate) fn not_ready(name: &str, folder: &Folder, call: Call) {
    let before = folder.tree();
    let ended = call.end();
    assert_call(&format!("not-ready-{name}"), &ended);
    assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{ended:?}");
    assert_eq!(folder.tree(), before);
}

/// An address of this machine at which nobody listens any more.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn kubeconfig(port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"https://127.0.0.1:{port}\"}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n\
         current-context: x\n"
    )
}

#[test]
fn a_cluster_that_does_not_answer() {
    let folder = Folder::new();
    folder.write("p.json", PROVIDERS);
    folder.write("kubeconfig", &kubeconfig(closed_port()));
    let call = "run --providers p.json --source-provider vsphere-8 --storage-class fast --set kubeconfig=kubeconfig";
    not_ready("cluster-unreachable", &folder, folder.call(call));
}

#[test]
fn no_cluster_at_all() {
    let folder = Folder::new();
    folder.write("p.json", PROVIDERS);
    let call = "run --providers p.json --source-provider vsphere-8 --storage-class fast";
    not_ready("cluster-none", &folder, folder.call(call));
    not_ready("kubeconfig-missing", &folder, folder.call(&format!("{call} --set kubeconfig=missing")));
}

#[test]
fn a_storage_class_that_the_cluster_lacks() {
    let folder = Folder::new();
    not_ready("storage-class", &folder, folder.call("run --lab --exact --filter cold/sanity --storage-class fast"));
}

#[test]
fn a_vm_that_the_source_lacks() {
    let folder = Folder::new();
    folder.write("s/cold/a.yaml", &COLD.replace("rhel8", "rhle8"));
    not_ready("vm", &folder, folder.call("run --lab --scenarios s"));
}

#[test]
fn everything_at_once() {
    let folder = Folder::new();
    folder.write("s/cold/a.yaml", &COLD.replace("rhel8", "rhle8"));
    not_ready("everything", &folder, folder.call("run --lab --scenarios s --storage-class fast"));
}
