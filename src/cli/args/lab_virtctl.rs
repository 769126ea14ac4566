//! lab-virtctl: as much of virtctl's command line as a tunnel needs.

use clap::{Args, Subcommand};
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// What the lab's virtctl is to do.
#[derive(Debug, Clone, Args)]
#[command(disable_help_subcommand = true)]
pub struct LabVirtctlArgs {
    /// The command, as virtctl has it.
    #[command(subcommand)]
    pub command: LabVirtctlCommand,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum LabVirtctlCommand {
    /// Print the version of the lab's KubeVirt.
    Version(LabVirtctlVersion),
    /// Forward a local port to a VM of a served lab.
    PortForward(LabVirtctlPortForward),
}

/// Options of `version`.
#[derive(Debug, Clone, Copy, Args)]
pub struct LabVirtctlVersion {
    /// The client's version only, which is all that there is.
    #[arg(long, short)]
    pub client: bool,
}

/// Options of `port-forward`.
#[derive(Debug, Clone, Args)]
pub struct LabVirtctlPortForward {
    /// vm/NAME or vm/NAME.NAMESPACE.
    #[arg(value_name = "TARGET")]
    pub target: ForwardTarget,
    /// LOCAL:REMOTE.
    #[arg(value_name = "PORTS")]
    pub ports: ForwardPorts,
    /// Namespace of the VM, unless its name has one.
    #[arg(long, short, value_name = "NAME", default_value = "default")]
    pub namespace: String,
    /// Address to listen at.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub address: IpAddr,
    /// The kubeconfig.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: PathBuf,
}

/// A VM, perhaps with its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardTarget {
    /// Its name.
    pub name: String,
    /// What follows the name's last dot.
    pub namespace: Option<String>,
}

impl FromStr for ForwardTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix("vm/").or_else(|| text.strip_prefix("vmi/"));
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| format!("{text:?} is not vm/NAME"))?;
        Ok(match name.rsplit_once('.') {
            Some((name, namespace)) => Self { name: name.to_owned(), namespace: Some(namespace.to_owned()) },
            None => Self { name: name.to_owned(), namespace: None },
        })
    }
}

/// A local port and the guest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwardPorts {
    /// Where to listen.
    pub local: u16,
    /// Where to in the guest.
    pub remote: u16,
}

impl FromStr for ForwardPorts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (local, remote) = text.split_once(':').unwrap_or((text, text));
        let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is no port; give LOCAL:REMOTE"));
        Ok(Self { local: number(local)?, remote: number(remote)? })
    }
}
