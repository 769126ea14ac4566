//! lab.

use super::ListFormat;
use crate::lab::fault::{ProductFault, product_fault};
use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Options of `lab`. Port 0 takes a free port.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct LabArgs {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<LabCommand>,
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
    /// Address of the host that virtctl is downloaded from.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub downloads: SocketAddr,
    /// Address of a source's API, as NAME=ADDR; a bare ADDR is for the first (repeatable).
    ///
    /// Sources without an address of their own take a free port.
    #[arg(long, value_name = "[NAME=]ADDR")]
    pub source: Vec<NamedAddress>,
    /// How fast simulated work goes: `full`, or real time divided by a number (60 makes a minute a second).
    #[arg(long, value_name = "SPEED", default_value = "full")]
    pub speed: Speed,
    /// Release of MTV to simulate, instead of the world's (2.8 to 2.12, or one of their z-streams).
    #[arg(long, value_name = "VERSION", value_parser = crate::lab::mtv_release)]
    pub mtv: Option<String>,
    /// The world to simulate instead of the built-in one (YAML).
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// Let the product do this wrong (repeatable); `mtvtest lab faults` lists the faults.
    #[arg(long = "fault", value_name = "KEY", value_parser = product_fault)]
    pub faults: Vec<ProductFault>,
}

/// What `lab` does instead of serving.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum LabCommand {
    /// List the faults of the product that the lab can have, each with the one check that catches it.
    ///
    /// Rehearse one with `mtvtest run --lab --lab-fault KEY`: the scenarios that have what the fault needs fail by its
    /// check.
    Faults(FaultsArgs),
}

/// Options of `lab faults`.
#[derive(Debug, Clone, Copy, Args)]
pub struct FaultsArgs {
    /// Form of the list: pretty (a table), terse (keys), json (an array of objects).
    #[arg(long, value_enum, value_name = "FORM", default_value_t = ListFormat::Pretty)]
    pub format: ListFormat,
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
