//! What is known of a guest, seen from inside it and by its agent.

use super::GuestAddress;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which commands a guest understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestFamily {
    /// A POSIX shell.
    Linux,
    /// `cmd.exe` and PowerShell.
    Windows,
}

impl std::fmt::Display for GuestFamily {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        })
    }
}

/// A guest, as commands inside it tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuestFacts {
    /// Host name.
    pub hostname: Option<String>,
    /// Name and version of the system, as people read it.
    pub os: Option<String>,
    /// What changes with each boot: Linux's boot id, the boot time of Windows.
    pub boot_id: Option<String>,
    /// NICs but the loopback.
    pub nics: Vec<GuestNic>,
    /// Disks, not their partitions.
    pub disks: Vec<GuestDisk>,
    /// What could not be read, each with the reason.
    pub unread: BTreeMap<String, String>,
}

impl GuestFacts {
    /// Under this key of `unread`: the addresses of the NICs, so the NICs too.
    pub const ADDRESSES: &'static str = "addresses";
    /// Under this key of `unread`: the default routes, so every gateway.
    pub const ROUTES: &'static str = "routes";
    /// Under this key of `unread`: the disks.
    pub const DISKS: &'static str = "disks";
}

/// A NIC inside a guest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuestNic {
    /// Name inside the guest (`ens192`, `Ethernet0`).
    pub name: String,
    /// MAC address, lower case with colons.
    pub mac: Option<String>,
    /// IPv4 addresses that are not link-local; a mask of 0 bits is one that the guest does not tell.
    pub addresses: Vec<GuestAddress>,
    /// IPv6 addresses with prefix (`fd00::5/64`), link-local ones too.
    pub ipv6: Vec<String>,
    /// Name servers.
    pub dns: Vec<String>,
}

/// A disk inside a guest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GuestDisk {
    /// Name inside the guest (`vda`, `0`).
    pub name: String,
    /// Capacity in bytes.
    pub size_bytes: u64,
    /// What is on it and on its partitions (`xfs`, `crypto_LUKS`, `NTFS`), each once, sorted.
    pub contents: Vec<String>,
}

/// A guest, as its agent tells KubeVirt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentView {
    /// Name and version of the system.
    pub os: Option<String>,
    /// Addresses with the MAC address of their NIC, in lower case, v4 and v6.
    pub addresses: BTreeMap<String, Vec<String>>,
}

/// How far a login to a guest came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginOutcome {
    /// Nobody tried, for this reason.
    Untried(String),
    /// Logged in as this user, and a command was answered.
    In(String),
    /// The guest was reached and refused, or is no SSH server, for this reason.
    Refused(String),
    /// The guest did not answer by the deadline; the last reason.
    Silent(String),
    /// The way to the guest is closed (a right is missing, the tunnel cannot be had), which says nothing of the guest.
    Barred(String),
}

/// Marks in a guest before and after its migration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Integrity {
    /// Where the marker was written, and its text; `None` without one.
    pub marker: Option<(String, String)>,
    /// SHA-256 of each file in the source guest, lower case.
    pub before: BTreeMap<String, String>,
    /// What was found afterwards; `None` when the guest could not be asked.
    pub after: Option<IntegrityAfter>,
}

/// What was found after the migration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IntegrityAfter {
    /// The text of the marker; `None` when there is none.
    pub marker: Option<String>,
    /// SHA-256 of each file, lower case.
    pub files: BTreeMap<String, String>,
    /// What could not be read, by path.
    pub unread: BTreeMap<String, String>,
}

/// A command that the scenario asks for inside the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestCommand {
    /// The command line.
    pub line: String,
    /// Text that its output must contain.
    pub expected_output: String,
    /// Status and output (the first 4096 characters); the reason when it was not run.
    pub answer: Result<(i64, String), String>,
}

/// Everything that a look into a migrated guest found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestEvidence {
    /// How far the login came.
    pub login: LoginOutcome,
    /// The last look; `None` without a login.
    pub facts: Option<GuestFacts>,
    /// What the agent says; `None` without one.
    pub agent: Option<AgentView>,
    /// Marks; `None` when none were asked for.
    pub integrity: Option<Integrity>,
    /// Commands that the scenario asks for.
    pub commands: Vec<GuestCommand>,
}

impl GuestEvidence {
    /// Of a guest into which nobody looked.
    pub fn untried(reason: impl Into<String>) -> Self {
        Self {
            login: LoginOutcome::Untried(reason.into()),
            facts: None,
            agent: None,
            integrity: None,
            commands: Vec::new(),
        }
    }
}
