//! Having a virtctl: the first that fits of PATH, an earlier download, and a new one.

use super::archive;
use super::cache::{Shelf, key};
use super::download::fetch;
use super::output::Mask;
use super::program::{Runner, in_path};
use super::{VirtctlError, error};
use crate::config::{Environment, Secret};
use crate::http::{HttpClient, Kubeconfig, Network, RequestCounter, TlsPolicy};
use semver::Version;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a virtctl is wanted for, and where it may come from.
pub struct VirtctlRequest<'a> {
    /// PATH, and what virtctl itself reads (proxies).
    pub environment: &'a dyn Environment,
    /// The way to the download host.
    pub network: &'a dyn Network,
    /// Counts the requests to it.
    pub counter: RequestCounter,
    /// URL of the API server.
    pub server: &'a str,
    /// Which certificates the API server may show.
    pub tls: &'a TlsPolicy,
    /// Bearer token for the API server.
    pub token: &'a Secret,
    /// Version of the cluster's KubeVirt, which virtctl's must fit; any will do when it is not known.
    pub kubevirt: Option<Version>,
    /// Version of OpenShift, which tells downloads apart when KubeVirt's is not known.
    pub openshift: Option<Version>,
    /// Address of the archive for this system in the cluster's ConsoleCLIDownload.
    pub download: Option<String>,
    /// The policies by which the download host may be trusted, in order: it is behind the cluster's ingress. One that
    /// accepts anybody does not count.
    pub download_tls: &'a [TlsPolicy],
    /// Folder of earlier downloads, shared by all runs (`<data-collector-path>/.tools`).
    pub cache: &'a Path,
    /// Folder for the file with the token: one that is not published with the run's results.
    pub directory: &'a Path,
}

/// A virtctl of the right version with access to the cluster. Dropping it removes the file with the token; connections
/// live as long as their streams.
pub struct Virtctl {
    pub(super) runner: Runner,
    pub(super) program: PathBuf,
    pub(super) kubeconfig: Access,
    pub(super) mask: Arc<Mask>,
    version: Version,
    passed_over: Vec<String>,
}

impl std::fmt::Debug for Virtctl {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Virtctl")
            .field("program", &self.program)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Virtctl {
    /// Finds or downloads a virtctl and writes its kubeconfig. Needs a tokio runtime that outlives it. Cancel safe:
    /// no half-written file is used. Not bounded as a whole: a slow download may take minutes.
    ///
    /// # Errors
    /// There is none that fits, or it is not to be trusted.
    pub async fn obtain(request: VirtctlRequest<'_>) -> Result<Self, VirtctlError> {
        let runner = Runner::new(request.environment);
        let mut passed_over = Vec::new();
        let (program, version) = match from_path(&runner, &request, &mut passed_over).await {
            Some(found) => found,
            None => from_cluster(&runner, &request, &mut passed_over).await?,
        };
        let kubeconfig = Access::write(&request)?;
        let mask = Arc::new(Mask(Some(request.token.clone())));
        Ok(Self { runner, program, kubeconfig, mask, version, passed_over })
    }

    /// The program that is run.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The version of KubeVirt that it is of.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// What was found before and is not used, each with the reason.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }
}

type Found = (PathBuf, Version);

async fn from_path(runner: &Runner, request: &VirtctlRequest<'_>, passed_over: &mut Vec<String>) -> Option<Found> {
    let program = in_path(request.environment)?;
    match runner.examine(&program, request.kubevirt.as_ref()).await {
        Ok(version) => Some((program, version)),
        Err(why) => {
            passed_over.push(why);
            None
        }
    }
}

/// An earlier download, else a new one. Processes that want the same at once wait for the first.
async fn from_cluster(
    runner: &Runner,
    request: &VirtctlRequest<'_>,
    passed_over: &mut Vec<String>,
) -> Result<Found, VirtctlError> {
    let wanted = request.kubevirt.as_ref();
    let shelf = Shelf::hold(request.cache, &key(wanted, request.openshift.as_ref())).await?;
    let kept = shelf.program();
    if kept.is_file() {
        match runner.examine(&kept, wanted).await {
            Ok(version) => return Ok((kept, version)),
            Err(why) => passed_over.push(why),
        }
    }
    let Some(url) = &request.download else { return Err(VirtctlError::Nowhere(passed_over.clone())) };
    let failed = |source| VirtctlError::Download { passed_over: passed_over.clone(), source };
    // What is run and given a token is never taken from an unverified host, whatever the login accepts.
    let verified = request.download_tls.iter().filter(|tls| !matches!(tls, TlsPolicy::AcceptAny));
    let mut policies: Vec<TlsPolicy> = verified.cloned().collect();
    if policies.is_empty() {
        policies.push(TlsPolicy::SystemRoots);
    }
    let http = HttpClient::open_in_order(request.network, &policies, request.counter.clone());
    let opened = http.map_err(|error| {
        failed(error::DownloadError { url: url.clone(), problem: error.problem, transient: error.transient })
    })?;
    let bytes = fetch(&opened, url).await.map_err(failed)?;
    let folder = shelf.folder().to_owned();
    let unpacked = tokio::task::spawn_blocking(move || archive::unpack(&bytes, &folder)).await;
    let file = |source| VirtctlError::File { operation: "unpack virtctl into", path: kept.clone(), source };
    let part = unpacked
        .map_err(|error| file(io::Error::other(error)))?
        .map_err(|error| VirtctlError::Archive { url: url.clone(), source: error.into() })?;
    let version = runner.examine(part.path(), wanted).await;
    let version = version.map_err(|why| VirtctlError::Unfit { url: url.clone(), why })?;
    part.keep_as(&kept).map_err(file)?;
    Ok((kept, version))
}

/// The file with the token. Dropping it removes it.
pub(super) struct Access(PathBuf);

impl Access {
    fn write(request: &VirtctlRequest<'_>) -> Result<Self, VirtctlError> {
        let name = format!("virtctl-{}.kubeconfig", uuid::Uuid::new_v4().simple());
        let access = Self(request.directory.join(name));
        let (server, tls, token) = (request.server, request.tls, request.token.expose());
        let written = Kubeconfig { name: "cluster", server, tls, token }.write(&access.0);
        let fail = |source| VirtctlError::File { operation: "write", path: access.0.clone(), source };
        written.map_err(fail)?;
        Ok(access)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
#[path = "obtain_tests.rs"]
mod tests;
