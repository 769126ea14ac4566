//! What runs inside a VM: as the world file says it, and as it lives.

use crate::facts::{self, GuestFamily, Seed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Name server of every guest whose world file names none.
pub(crate) const NAME_SERVER: &str = "10.6.68.1";
/// Simulated time from power-on to the SSH server's first word.
const BOOT_SECONDS: u64 = 30;
/// Connections that a slow guest refuses after each boot.
const SLOW_REFUSALS: u32 = 3;

/// What runs inside a VM.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestSpec {
    /// vSphere guest id (`rhel8_64Guest`, `windows2019srv_64Guest`).
    pub id: String,
    /// Host name.
    #[serde(default)]
    pub hostname: String,
    /// Whether tools (and, after a migration, the guest agent) run in it.
    #[serde(default)]
    pub agent: bool,
    /// Language of Windows.
    #[serde(default)]
    pub language: Language,
    /// What configures the NICs of a Linux guest; by the guest id if left out.
    #[serde(default)]
    pub network: Option<NetworkTool>,
    /// How new the commands are; by the guest id if left out.
    #[serde(default)]
    pub commands: Option<Commands>,
    /// Name servers.
    #[serde(default)]
    pub dns: Vec<String>,
    /// Passwords by user; the family's usual account if left out.
    #[serde(default)]
    pub users: BTreeMap<String, String>,
    /// Texts by path, beside what every guest has.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Simulated seconds from power-on until the SSH server listens; 30 if left out.
    #[serde(default)]
    pub boot_seconds: Option<u64>,
    /// Simulated seconds from power-on until cloud-init is done.
    #[serde(default)]
    pub cloud_init_seconds: u64,
    /// Passphrase of its encrypted partitions.
    #[serde(default)]
    pub luks: Option<String>,
    /// Oddities of the SSH server.
    #[serde(default)]
    pub ssh: SshSpec,
}

/// The language that Windows speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Japanese.
    Ja,
}

/// What configures the NICs of a Linux guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkTool {
    /// NetworkManager: `nmcli`.
    #[default]
    NetworkManager,
    /// `/etc/netplan`.
    Netplan,
    /// `/etc/sysconfig/network-scripts`.
    Ifcfg,
    /// None that the lab knows.
    None,
}

/// How new the commands of a guest are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Commands {
    /// No `ip`; no network commands in PowerShell.
    Ancient,
    /// `ip` and `lsblk` without JSON; no network commands in PowerShell.
    Old,
    /// Of today.
    #[default]
    Modern,
}

/// Oddities of a guest's SSH server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshSpec {
    /// When the guest is up.
    #[serde(default)]
    pub boots: Boots,
    /// Ways to log in; all if left out.
    #[serde(default)]
    pub methods: Vec<SshMethod>,
    /// When the server breaks off.
    #[serde(default)]
    pub closes_in: Option<SshStage>,
    /// What the answers of its commands begin with.
    #[serde(default)]
    pub says: Says,
    /// Whether it listens.
    #[serde(default)]
    pub port: SshPort,
}

/// When a guest is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boots {
    /// After its boot time.
    #[default]
    Usual,
    /// Late; the first connections are refused at any pace.
    Slow,
    /// Never, although the VM runs: connections are neither taken nor refused.
    Never,
}

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SshMethod {
    /// `password`.
    Password,
    /// `keyboard-interactive`.
    KeyboardInteractive,
    /// `publickey`, by the guest's file of authorized keys.
    Publickey,
}

/// A stage of an SSH connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SshStage {
    /// Before the first word.
    Handshake,
    /// When a credential was offered.
    Login,
    /// In the middle of a command's output: the command has run, and half of its standard output arrives.
    Command,
}

/// What the answers of a guest's commands begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// Nothing but the answer.
    #[default]
    Text,
    /// Bytes that are no text.
    Binary,
}

/// Whether an SSH server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SshPort {
    /// On port 22.
    #[default]
    Usual,
    /// Nowhere.
    None,
}

/// A partition, as the world file and as the guest know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// File system (`xfs`, `ext4`, `NTFS`).
    pub fs: String,
    /// Where it is mounted (`/boot`).
    #[serde(default)]
    pub mount: Option<String>,
    /// Its size, a quantity; what is left of the disk if left out.
    #[serde(default)]
    pub size: Option<String>,
    /// Whether it is encrypted with LUKS.
    #[serde(default)]
    pub luks: bool,
    /// Whether XFS has checksums of its metadata (`crc=1`).
    #[serde(default = "yes")]
    pub crc: bool,
}

impl Partition {
    pub(super) fn new(fs: &str, mount: Option<&str>, size: Option<&str>) -> Self {
        let (mount, size) = (mount.map(str::to_owned), size.map(str::to_owned));
        Self { fs: fs.to_owned(), mount, size, luks: false, crc: true }
    }
}

fn yes() -> bool {
    true
}

/// A guest as it lives: what a clone copies with the VM, and a migration takes along.
#[derive(Debug, Clone)]
pub struct Inside {
    /// What the world file says of it.
    pub spec: Arc<GuestSpec>,
    /// What its SSH server's key follows from.
    pub host_key: String,
    /// Passwords by user.
    pub users: BTreeMap<String, String>,
    /// Bytes by path: what somebody wrote. The system's own files follow from its state.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Its present boot; `None` while it is off.
    pub boot: Option<Boot>,
    /// How often it has booted.
    pub boots: u32,
    /// The hardware below it.
    pub platform: Platform,
    /// Whether its NICs have new names.
    pub renamed_nics: bool,
    /// How often its addresses are asked for without the secondary ones being there yet.
    pub late_looks: u32,
    /// Connections that a slow guest still refuses.
    pub refusals: u32,
}

/// The hardware below a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Platform {
    /// VMware's.
    #[default]
    Vsphere,
    /// Virtio.
    Kubevirt,
}

/// A boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// As `/proc/sys/kernel/random/boot_id` has it.
    pub id: String,
    /// When it began.
    pub at: jiff::Timestamp,
    /// The same, on the clock that waits go by.
    pub since: Instant,
}

impl Boot {
    /// A boot that begins now; `purpose` names no other one.
    pub(crate) fn now(purpose: &str) -> Self {
        let mut bytes = [0_u8; 16];
        Seed(0).stream(purpose).fill(&mut bytes);
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid().to_string();
        Self { id, at: facts::now(), since: Instant::now() }
    }
}

impl Default for Inside {
    fn default() -> Self {
        Self::of(&GuestSpec::default(), String::new())
    }
}

impl Inside {
    /// The guest of a world file, off; the key of its SSH server follows from `host_key`.
    pub(crate) fn of(spec: &GuestSpec, host_key: String) -> Self {
        let family = family_of(&spec.id);
        let mut spec = spec.clone();
        if spec.users.is_empty() {
            let (user, password) = usual_login(family);
            spec.users.insert(user.to_owned(), password.to_owned());
        }
        if spec.dns.is_empty() {
            spec.dns.push(NAME_SERVER.to_owned());
        }
        let own = spec.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
        Self {
            host_key,
            users: spec.users.clone(),
            files: usual_files(family).into_iter().chain(own).collect(),
            boot: None,
            boots: 0,
            platform: Platform::Vsphere,
            renamed_nics: false,
            late_looks: 0,
            refusals: 0,
            spec: Arc::new(spec),
        }
    }

    /// It boots; `purpose` names no other boot.
    pub(super) fn begin(&mut self, purpose: &str) {
        self.boot = Some(Boot::now(purpose));
        self.boots += 1;
        self.refusals = if self.spec.ssh.boots == Boots::Slow { SLOW_REFUSALS } else { 0 };
    }

    /// Simulated time from power-on to the SSH server's first word; `None` if it never comes.
    pub(crate) fn boot_time(&self) -> Option<Duration> {
        let usual = Duration::from_secs(self.spec.boot_seconds.unwrap_or(BOOT_SECONDS));
        match self.spec.ssh.boots {
            Boots::Usual => Some(usual),
            Boots::Slow => Some(usual * 10),
            Boots::Never => None,
        }
    }
}

/// Which commands a guest of this vSphere guest id understands. Older ids of Windows are `winNetStandardGuest` and the
/// like; `darwin` is none.
pub(crate) fn family_of(guest_id: &str) -> GuestFamily {
    if guest_id.to_lowercase().starts_with("win") { GuestFamily::Windows } else { GuestFamily::Linux }
}

/// The account of a family's guests; a lab's passwords are no secrets.
pub(crate) fn usual_login(family: GuestFamily) -> (&'static str, &'static str) {
    match family {
        GuestFamily::Linux => ("root", "lab-guest"),
        GuestFamily::Windows => ("Administrator", "lab-guest"),
    }
}

/// What somebody left in every guest, so that there is something to lose.
fn usual_files(family: GuestFamily) -> BTreeMap<String, Vec<u8>> {
    let (folder, separator) = match family {
        GuestFamily::Linux => ("/srv/data", '/'),
        GuestFamily::Windows => ("C:\\Data", '\\'),
    };
    let numbers: Vec<u8> = (0..=255).collect();
    BTreeMap::from([
        (format!("{folder}{separator}notes.txt"), b"What must survive a migration.\n".to_vec()),
        (format!("{folder}{separator}numbers.bin"), numbers),
    ])
}
