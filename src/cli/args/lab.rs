//! lab.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Options of `lab`. Port 0 takes a free port.
#[derive(Debug, Clone, Args)]
pub struct LabArgs {
    /// Where to write kubeconfig, providers.json and ca.pem.
    #[arg(long, value_name = "DIR", default_value = "lab")]
    pub dir: PathBuf,
    /// Address of the Kubernetes API server.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub kubernetes: SocketAddr,
    /// Address of the OAuth server.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub oauth: SocketAddr,
    /// Address of the Forklift inventory service.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub inventory: SocketAddr,
    /// Address of a vSphere source, as NAME=ADDR; a bare ADDR is for the first (repeatable).
    ///
    /// Sources without an address of their own take a free port.
    #[arg(long, value_name = "[NAME=]ADDR")]
    pub vsphere: Vec<NamedAddress>,
    /// How fast simulated work goes: `full`, or real time divided by a number (60 makes a minute a second).
    #[arg(long, value_name = "SPEED", default_value = "full")]
    pub speed: Speed,
    /// Release of MTV to simulate, instead of the world's (2.8 to 2.12, or one of their z-streams).
    #[arg(long, value_name = "VERSION", value_parser = crate::lab::mtv_release)]
    pub mtv: Option<String>,
    /// The world to simulate instead of the built-in one (YAML).
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
}

/// An address, perhaps of a named source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAddress {
    /// The source's name in the world; `None` for its first.
    pub name: Option<String>,
    /// The address.
    pub address: SocketAddr,
}

impl FromStr for NamedAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, address) = match text.split_once('=') {
            Some((name, address)) => (Some(name.to_owned()), address),
            None => (None, text),
        };
        let address =
            address.parse().map_err(|_| format!("{address:?} is not an address such as 127.0.0.1:8443 or [::1]:0"))?;
        Ok(Self { name, address })
    }
}

/// How fast simulated work goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as the machine goes.
    Full,
    /// Simulated time divided by this.
    Divided(f64),
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "full" {
            return Ok(Self::Full);
        }
        match text.parse::<f64>() {
            Ok(divisor) if divisor.is_finite() && divisor > 0.0 => Ok(Self::Divided(divisor)),
            _ => Err(format!("{text:?} is neither `full` nor a number above 0, such as 60")),
        }
    }
}
