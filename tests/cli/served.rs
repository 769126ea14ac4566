//! A lab served over TLS by one process, the program as its client in another: real sockets, certificates verified.

use crate::bad_environment::not_ready;
use crate::bin::{Ended, Running};
use crate::folder::Folder;
use crate::transcript::assert_call;

/// The first storage class of the built-in world.
const STORAGE_CLASS: &str = "ocs-storagecluster-ceph-rbd-virtualization";

/// A served lab, whose files are in `lab` of the folder.
pub(crate) struct ServedLab {
    pub(crate) folder: Folder,
    pub(crate) lab: Running,
    /// URL of the API server.
    pub(crate) kubernetes: String,
}

impl ServedLab {
    pub(crate) fn start(options: &str) -> Self {
        let folder = Folder::new();
        let mut lab = folder.call(&format!("lab --dir lab {options}")).start();
        // The last line that it prints when everything answers.
        lab.until(&["kubectl", "get plans"]);
        let kubernetes = lab.out().split_whitespace().nth(1).unwrap().to_owned();
        Self { folder, lab, kubernetes }
    }

    /// Options of `clean`: everything outside.
    pub(crate) fn reach() -> &'static str {
        "--providers lab/providers.json --set kubeconfig=lab/kubeconfig"
    }

    /// A run of `cold/sanity` with the lab's kubeconfig.
    pub(crate) fn run_line() -> String {
        format!("run {} {}", Self::reach(), Self::selection())
    }

    pub(crate) fn selection() -> String {
        format!("--source-provider vsphere-8 --storage-class {STORAGE_CLASS} --exact --filter cold/sanity")
    }

    /// The session of the only run.
    pub(crate) fn session(&self) -> String {
        let runs = self.folder.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    /// Asserts that cluster and source hold nothing of `session`, by asking them.
    pub(crate) fn assert_empty(&self, session: &str) {
        let ended = self.folder.run(&format!("clean --session {session} {}", Self::reach()));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.err, format!("nothing of session {session} is left\n"));
    }
}

/// A clean-up that told of the removal of what any run leaves, and of a `kind` besides.
#[track_caller]
pub(crate) fn assert_removed(ended: &Ended, kind: &str) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for kind in [kind, "Plan", "Namespace", "VM"] {
        assert!(ended.err.contains(&format!("removed {kind} ")), "{kind}: {}", ended.err);
    }
}

#[test]
fn the_program_migrates_over_real_sockets_with_verified_certificates() {
    let served = ServedLab::start("");
    let ended = served.folder.run(&ServedLab::run_line());
    assert_call("served-run", &ended);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    served.assert_empty(&served.session());
    // A clean-up that finds nothing leaves nothing, either: `session` fails if there is a second directory.
    served.session();
    // The check of the Provider's TLS setting saw the certificate verified.
    let events = served.folder.read(".data-collector/latest/events.jsonl");
    assert!(events.contains("insecureSkipVerify false"), "{events}");
    served.lab.signal("INT");
    let lab = served.lab.end();
    assert_eq!(lab.code, Some(0), "{lab:?}");
}

#[test]
fn a_login_by_user_and_password_reaches_the_same() {
    let served = ServedLab::start("");
    let line = format!(
        "run --providers lab/providers.json --set cluster_host={} --set cluster_username=admin {}",
        served.kubernetes,
        ServedLab::selection()
    );
    let call = |password: &str| {
        let ca = served.folder.join("lab/ca.pem");
        served.folder.call(&line).env("MTVTEST_CLUSTER_PASSWORD", password).env("SSL_CERT_FILE", ca)
    };
    let ended = call("lab-admin").end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    not_ready("cluster-password", &served.folder, call("hunter2-marker"));
    let untrusting = served.folder.call(&line).env("MTVTEST_CLUSTER_PASSWORD", "lab-admin");
    not_ready("cluster-untrusted", &served.folder, untrusting);
}

#[test]
fn what_is_wrong_with_login_rights_and_certificates_is_told() {
    let served = ServedLab::start("");
    let folder = &served.folder;
    let kubeconfig = folder.read("lab/kubeconfig");
    let run = |kubeconfig: &str, providers: &str| {
        folder.call(&format!("run --providers {providers} --set kubeconfig={kubeconfig} {}", ServedLab::selection()))
    };
    let without_ca: String =
        kubeconfig.split_inclusive('\n').filter(|line| !line.contains("certificate-authority")).collect();
    assert_ne!(without_ca, kubeconfig);
    folder.write("no-ca", &without_ca);
    not_ready("kubeconfig-without-ca", folder, run("no-ca", "lab/providers.json"));
    folder.write("viewer", &kubeconfig.replace("lab-admin-token", "lab-viewer-token"));
    // No snapshot: the list grows with what the program can do.
    let viewer = run("viewer", "lab/providers.json").end();
    assert_eq!(viewer.code, Some(3), "{viewer:?}");
    assert!(
        viewer.err.contains("the user lacks rights: ") && viewer.err.contains("create plans.forklift"),
        "{viewer:?}"
    );
    folder.write("stranger", &kubeconfig.replace("lab-admin-token", "no-such-token"));
    not_ready("token", folder, run("stranger", "lab/providers.json"));
    folder.write("p.json", &folder.read("lab/providers.json").replace("lab-vcenter", "hunter2-marker"));
    not_ready("source-password", folder, run("lab/kubeconfig", "p.json"));
}

#[test]
fn the_files_of_a_lab_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let served = ServedLab::start("");
    for name in ["kubeconfig", "providers.json"] {
        let mode = std::fs::metadata(served.folder.join("lab").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn skip_teardown_prints_the_command_that_removes_everything() {
    let served = ServedLab::start("");
    let ended = served.folder.run(&format!("{} --skip-teardown", ServedLab::run_line()));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (_, command) = ended.err.split_once("remove it with: mtvtest ").unwrap();
    let command = command.lines().next().unwrap();
    let dry = served.folder.run(&format!("{command} --dry-run"));
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(dry.err.contains("would remove Plan "), "{}", dry.err);
    let cleaned = served.folder.run(command);
    assert_removed(&cleaned, "VirtualMachine");
    let again = served.folder.run(command);
    assert_eq!((again.code, again.err.contains("removed")), (Some(0), false), "{again:?}");
    served.assert_empty(&served.session());
}
