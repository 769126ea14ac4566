//! The way to the guests of the cluster, by the setting `ssh.tunnel`.

use crate::cluster::{self, Cluster};
use crate::config::{Environment as Variables, Settings, SshTunnel};
use crate::engine::preflight::{Environment, Problem};
use crate::facts::{chain, parse_version};
use crate::guest::Tunnel;
use crate::guest::virtctl::{Virtctl, VirtctlRequest};
use crate::http::{ByteStream, Network, RequestCounter};
use async_trait::async_trait;
use std::io;
use std::sync::Arc;

/// Folder of downloaded programs beside the runs, which all runs share.
const TOOLS: &str = ".tools";

/// What the way to the guests is made of.
pub struct TunnelParts<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// What the preflight found of it.
    pub environment: &'a Environment,
    /// Settings.
    pub settings: &'a Settings,
    /// The environment of the process, for the search in PATH.
    pub variables: &'a dyn Variables,
    /// The way to the host of virtctl.
    pub network: &'a dyn Network,
    /// Counts the requests to it.
    pub counter: &'a RequestCounter,
}

impl TunnelParts<'_> {
    /// The way that the settings ask for, and what is to be told of it; virtctl is found or downloaded here. Nothing on
    /// the cluster is changed.
    ///
    /// # Errors
    /// There is no virtctl that fits, or the login has no token that one could use.
    pub async fn open(&self) -> Result<(Arc<dyn Tunnel>, Vec<String>), Problem> {
        if self.settings.ssh.tunnel == SshTunnel::Native {
            return Ok((native_tunnel(self.cluster), Vec::new()));
        }
        let virtctl = self.virtctl().await?;
        let mut notes: Vec<String> = virtctl.passed_over().iter().map(|why| format!("passed over: {why}")).collect();
        let (version, program) = (virtctl.version(), virtctl.program().display());
        notes.push(format!("guests are reached through virtctl {version}, {program}"));
        Ok((Arc::new(virtctl), notes))
    }

    async fn virtctl(&self) -> Result<Virtctl, Problem> {
        let Some(token) = self.cluster.token() else {
            let remedy = "log in with a token or a password, or set ssh.tunnel to native";
            return Err(Problem(format!("virtctl is given a token, and this login has none; {remedy}")));
        };
        let asked = |error| Problem(format!("find virtctl: {}", chain(&error)));
        let (download, kubevirt) =
            futures::try_join!(cluster::virtctl_download(self.cluster), cluster::kubevirt_version(self.cluster))
                .map_err(asked)?;
        let openshift = self.environment.openshift.as_deref().and_then(|text| parse_version(text).ok());
        let request = VirtctlRequest {
            environment: self.variables,
            network: self.network,
            counter: self.counter.clone(),
            server: self.cluster.url(),
            tls: self.cluster.tls(),
            token,
            kubevirt,
            openshift,
            download,
            download_tls: &self.cluster.ingress_tls(),
            cache: &self.settings.data_collector_path.join(TOOLS),
            // Not the run's directory: that is published, also when a run was killed.
            directory: &std::env::temp_dir(),
        };
        Virtctl::obtain(request).await.map_err(|error| Problem(format!("ssh.tunnel: virtctl: {}", chain(&error))))
    }
}

/// The way that needs no other program: KubeVirt's port-forward, in this process.
pub fn native_tunnel(cluster: &Cluster) -> Arc<dyn Tunnel> {
    Arc::new(PortForward(cluster.clone()))
}

struct PortForward(Cluster);

#[async_trait]
impl Tunnel for PortForward {
    async fn dial(&self, namespace: &str, vm: &str, port: u16) -> io::Result<Box<dyn ByteStream>> {
        self.0.port_forward(namespace, vm, port).await
    }
}
