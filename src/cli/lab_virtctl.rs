//! `lab-virtctl`: what the virtctl that a lab offers for download is. It behaves as virtctl does, with its words and its
//! fault: after one refused connection it accepts none any more and stays alive.
//!
//! Source: cluster-api.md section 1.4.

use super::args::{GlobalArgs, LabVirtctlArgs, LabVirtctlCommand, LabVirtctlPortForward};
use super::{CliError, ExitCode, log, output};
use crate::cluster::{Cluster, connect};
use crate::config::{Environment, Settings, SettingsLayer};
use crate::http::{ByteStream, RealNetwork};
use crate::lab::KUBEVIRT_VERSION;
use serde_json::json;
use std::io;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// `mtvtest lab-virtctl`.
pub(super) fn lab_virtctl(
    args: &LabVirtctlArgs,
    global: GlobalArgs,
    environment: &dyn Environment,
) -> Result<ExitCode, CliError> {
    match &args.command {
        LabVirtctlCommand::Version(_) => output::print(&version()).map_err(CliError::stdout)?,
        LabVirtctlCommand::PortForward(args) => {
            log::init(global.log_level, output::stderr_screen(false, environment), false, None)?;
            let runtime = super::runtime()?;
            runtime.block_on(Box::pin(port_forward(args, environment)))?;
            runtime.shutdown_background();
        }
    }
    Ok(ExitCode::Success)
}

fn version() -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    format!(
        "Client Version: version.Info{{GitVersion:\"{KUBEVIRT_VERSION}\", GitCommit:\"lab\", GitTreeState:\"clean\", \
         BuildDate:\"1970-01-01T00:00:00Z\", GoVersion:\"go1.23\", Compiler:\"gc\", Platform:\"{os}/{arch}\"}}\n"
    )
}

async fn port_forward(args: &LabVirtctlPortForward, environment: &dyn Environment) -> Result<(), CliError> {
    let kubeconfig = args.kubeconfig.display().to_string();
    let layer = SettingsLayer::default().flag("--kubeconfig", "kubeconfig", &kubeconfig);
    let settings = Settings::resolve(vec![layer])?;
    let cluster = connect(&settings, environment, &RealNetwork).await?;
    let forward = Forward {
        cluster,
        namespace: args.target.namespace.clone().unwrap_or_else(|| args.namespace.clone()),
        vm: args.target.name.clone(),
        remote: args.ports.remote,
    };
    forward.listen(args).await.map_err(|cause| CliError::System { what: "forward a port", cause })
}

struct Forward {
    cluster: Cluster,
    namespace: String,
    vm: String,
    remote: u16,
}

impl Forward {
    async fn open(&self) -> io::Result<Box<dyn ByteStream>> {
        self.cluster.port_forward(&self.namespace, &self.vm, self.remote).await
    }

    /// Serves connections until one is refused; then it only lives on.
    async fn listen(&self, args: &LabVirtctlPortForward) -> io::Result<()> {
        let (local, remote) = (args.ports.local, self.remote);
        say("info", &format!("forwarding tcp {}:{local} to {remote}", args.address));
        let listener = TcpListener::bind((args.address, local)).await?;
        let mut connections = JoinSet::new();
        loop {
            let (mut near, _) = listener.accept().await?;
            say("info", &format!("opening new tcp tunnel to {remote}"));
            match self.open().await {
                Ok(mut far) => {
                    say("info", &format!("handling tcp connection for {local}"));
                    connections.spawn(async move { copy_bidirectional(&mut near, &mut far).await.map(|_| ()) });
                }
                Err(error) => {
                    say("error", &format!("can't access vm/{}.{}: {error}\n", self.vm, self.namespace));
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// A line in virtctl's form.
fn say(level: &str, message: &str) {
    output::say(&json!({"component": "portforward", "level": level, "msg": message, "pos": "lab"}).to_string());
}

#[cfg(test)]
mod tests {
    use crate::cli::args::{Cli, Command, ForwardPorts, ForwardTarget, LabVirtctlCommand};
    use clap::Parser;

    #[test]
    fn virtctls_own_words_are_understood() {
        let line =
            "mtvtest lab-virtctl port-forward vm/a.b.ns 2222:22 --namespace x --address 127.0.0.1 --kubeconfig k";
        let Command::LabVirtctl(args) = Cli::try_parse_from(line.split(' ')).unwrap().command else { panic!() };
        let LabVirtctlCommand::PortForward(args) = args.command else { panic!() };
        assert_eq!(args.target, ForwardTarget { name: "a.b".into(), namespace: Some("ns".into()) });
        assert_eq!(args.ports, ForwardPorts { local: 2222, remote: 22 });
        assert!(Cli::try_parse_from("mtvtest lab-virtctl version --client".split(' ')).is_ok());
        for wrong in ["pod/x 1:2", "vm/ 1:2", "vm/x y", "vm/x 1:99999"] {
            let line = format!("mtvtest lab-virtctl port-forward {wrong} --kubeconfig k");
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{wrong}");
        }
    }
}
