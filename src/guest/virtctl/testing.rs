//! Fake virtctls for the tests of this part: shell scripts, whose ports the test itself listens at.

use super::{Virtctl, VirtctlError, VirtctlRequest};
use crate::config::{MapEnvironment, Secret};
use crate::http::testing::network;
use crate::http::{HttpError, Network, RequestCounter, TlsPolicy};
use crate::wait::pause;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Request, Response};
use semver::Version;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(super) const TOKEN: &str = "sha256~very-secret-token";
pub(super) const URL: &str = "https://downloads.test/amd64/linux/virtctl.tar.gz";

/// The text of a virtctl of this version that does `forward` when it is to forward. `$0.called` then has its arguments
/// and environment.
pub(super) fn script(version: &str, forward: &str) -> String {
    format!(
        "#!/bin/sh\nif [ \"$1\" = version ]; then\n  echo 'Client Version: version.Info{{GitVersion:\"v{version}\", \
         GoVersion:\"go1.24\"}}'\n  exit\nfi\n{{ echo $$; echo \"$@\"; env; }} > \"$0.part\"\nmv \"$0.part\" \
         \"$0.called\"\n{forward}\n"
    )
}

pub(super) fn tar_gz(program: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(program.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, "bin/virtctl", program).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

/// A machine: a folder for PATH, one for the cache, one for the run.
pub(super) struct Machine {
    pub(super) folder: TempDir,
}

impl Machine {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "cache", "run"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Puts a virtctl into PATH.
    pub(super) fn with(self, text: &str) -> Self {
        install(&self.at("bin/virtctl"), text, 0o755);
        self
    }

    pub(super) async fn obtain(&self, network: &dyn Network) -> Result<Virtctl, VirtctlError> {
        self.obtain_for(network, Some(Version::new(1, 5, 0)), Some(URL)).await
    }

    pub(super) async fn obtain_for(
        &self,
        network: &dyn Network,
        kubevirt: Option<Version>,
        download: Option<&str>,
    ) -> Result<Virtctl, VirtctlError> {
        let path = format!("relative:{}:/usr/bin:/bin", self.at("bin").display());
        let environment = MapEnvironment::of([("PATH", path.as_str()), ("MTVTEST_CLUSTER_PASSWORD", "hunter2")]);
        Virtctl::obtain(VirtctlRequest {
            environment: &environment,
            network,
            counter: RequestCounter::default(),
            server: "https://api.test:6443",
            tls: &TlsPolicy::AcceptAny,
            token: &Secret::new(TOKEN),
            kubevirt,
            openshift: Some(Version::new(4, 20, 1)),
            download: download.map(str::to_owned),
            download_tls: &[TlsPolicy::SystemRoots],
            cache: &self.at("cache"),
            directory: &self.at("run"),
        })
        .await
    }

    /// What the virtctl in PATH was called with, once it was: its number, its arguments, its environment.
    pub(super) async fn called(&self) -> (i32, String, String) {
        let file = self.at("bin/virtctl.called");
        while !file.exists() {
            pause(Duration::from_millis(5)).await;
        }
        let text = std::fs::read_to_string(file).unwrap();
        let mut parts = text.splitn(3, '\n');
        let mut next = || parts.next().unwrap().to_owned();
        (next().parse().unwrap(), next(), next())
    }

    /// A listener where the virtctl in PATH was told to listen.
    pub(super) async fn listen(&self) -> TcpListener {
        let (_, arguments, _) = self.called().await;
        let port = arguments.split([' ', ':']).nth(2).unwrap().parse::<u16>().unwrap();
        TcpListener::bind(("127.0.0.1", port)).await.unwrap()
    }
}

pub(super) fn install(path: &Path, text: &str, mode: u32) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A network without any host.
pub(super) fn nowhere() -> impl Network {
    network(|request| Err(HttpError::about(&request, "there is no network", false)))
}

/// A network whose every host gives this archive.
pub(super) fn giving(archive: Vec<u8>) -> impl Network {
    network(move |_: Request<Bytes>| Ok(Response::new(archive.clone().into())))
}
