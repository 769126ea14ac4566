//! What a test needs to be installed, and where it is found.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// Something that `tests/peers/install` installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// govmomi's simulator of a vCenter.
    Vcsim,
    /// Kubernetes' API server and controller manager, in one program.
    Kubernetes,
    /// Their store.
    Etcd,
    /// Forklift's own definitions of its kinds: a folder, not a program.
    Definitions,
    /// The definition of NetworkAttachmentDefinitions by those who made the kind: a file.
    Networks,
    /// OpenSSH's server.
    Sshd,
    /// The right to give a process mounts and processes of its own, so that a peer that must be root changes nothing.
    Namespaces,
    /// Kubernetes' command line.
    Kubectl,
    /// Python with the pinned clients.
    Python,
    /// Go's templates with Sprig's functions.
    Gotemplate,
    /// KubeVirt's command line.
    Virtctl,
}

impl Part {
    /// The name that `tests/peers/install` knows.
    fn name(self) -> &'static str {
        match self {
            Self::Vcsim => "vcsim",
            Self::Kubernetes => "kubernetes",
            Self::Etcd => "etcd",
            Self::Definitions => "definitions",
            Self::Networks => "networks",
            Self::Sshd => "openssh",
            Self::Namespaces => "namespaces",
            Self::Kubectl => "kubectl",
            Self::Python => "python",
            Self::Gotemplate => "gotemplate",
            Self::Virtctl => "virtctl",
        }
    }

    /// Where it is.
    ///
    /// # Errors
    /// It is not there: what to do about that.
    pub(crate) fn find(self) -> Result<PathBuf, String> {
        let found = match self {
            Self::Vcsim | Self::Kubernetes | Self::Gotemplate | Self::Virtctl => {
                existing(installed().join(self.name()))
            }
            Self::Python => existing(installed().join("python/bin/python")),
            Self::Networks => existing(installed().join("networks-crd.yaml")),
            Self::Etcd => on_path("etcd"),
            Self::Sshd => on_path("sshd"),
            Self::Kubectl => on_path("kubectl"),
            Self::Definitions => return definitions(),
            Self::Namespaces => return namespaces(),
        };
        found.ok_or_else(|| format!("needs {0}: tests/peers/install {0}", self.name()))
    }

    /// Where it is, for a test that said it needs it.
    pub(crate) fn path(self) -> PathBuf {
        self.find().unwrap_or_else(|why| panic!("{why}"))
    }
}

/// Where built parts are: `peers` in cargo's target directory, or `MTVTEST_PEERS`.
fn installed() -> PathBuf {
    let chosen = std::env::var_os("MTVTEST_PEERS").map(PathBuf::from);
    chosen.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers"))
}

/// Forklift's definitions, which are not part of this project: `MTVTEST_CRDS`, or `shared/crds` beside the project.
fn definitions() -> Result<PathBuf, String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/crds");
    let folder = std::env::var_os("MTVTEST_CRDS").map_or_else(beside, PathBuf::from);
    let there = folder.join("forklift.konveyor.io_plans.yaml").is_file();
    there.then_some(folder).ok_or_else(|| "needs Forklift's definitions: set MTVTEST_CRDS to their folder".to_owned())
}

/// The program that makes namespaces, if it may.
fn namespaces() -> Result<PathBuf, String> {
    static MAY: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let program = on_path("unshare")?;
        let arguments = ["--mount", "--pid", "--fork", "--mount-proc", "true"];
        let tried = Command::new(&program).args(arguments).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success()).then_some(program)
    });
    MAY.clone().ok_or_else(|| "needs mount and process namespaces: run it as root, with CAP_SYS_ADMIN".to_owned())
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

/// A program of the search path, or of where Debian keeps servers.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(program)).find_map(existing)
}
