//! Which operating system a vSphere guest id stands for.

use crate::facts::GuestFamily;
use crate::lab::world::{Vm, family_of};

/// A system, as it speaks of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lab) struct System {
    /// `ID` of `os-release`; `mswindows` for Windows, as its agent says.
    pub(in crate::lab) id: &'static str,
    /// Name without version.
    pub(in crate::lab) name: &'static str,
    /// Name with version, for people.
    pub(in crate::lab) pretty: &'static str,
    pub(in crate::lab) version: &'static str,
    /// Version of the kernel.
    pub(in crate::lab) kernel: &'static str,
}

const RHEL: &str = "Red Hat Enterprise Linux";
const SERVER: &str = "Microsoft Windows Server";

/// By the beginning of the guest id, in lower case; longer ones before shorter ones.
const SYSTEMS: &[(&str, System)] = &[
    ("rhel10", system("rhel", RHEL, "Red Hat Enterprise Linux 10.0 (Coughlan)", "10.0", "6.12.0-55.el10.x86_64")),
    ("rhel9", system("rhel", RHEL, "Red Hat Enterprise Linux 9.4 (Plow)", "9.4", "5.14.0-427.el9.x86_64")),
    ("rhel8", system("rhel", RHEL, "Red Hat Enterprise Linux 8.10 (Ootpa)", "8.10", "4.18.0-553.el8_10.x86_64")),
    ("rhel7", system("rhel", RHEL, "Red Hat Enterprise Linux Server 7.9 (Maipo)", "7.9", "3.10.0-1160.el7.x86_64")),
    ("rhel6", system("rhel", RHEL, "Red Hat Enterprise Linux Server 6.10 (Santiago)", "6.10", "2.6.32-754.el6.x86_64")),
    ("rhel5", system("rhel", RHEL, "Red Hat Enterprise Linux Server 5.11 (Tikanga)", "5.11", "2.6.18-398.el5")),
    ("centos6", system("centos", "CentOS", "CentOS 6.10 (Final)", "6.10", "2.6.32-754.el6.x86_64")),
    ("centos7", system("centos", "CentOS Linux", "CentOS Linux 7 (Core)", "7", "3.10.0-1160.el7.x86_64")),
    ("ubuntu", system("ubuntu", "Ubuntu", "Ubuntu 22.04.4 LTS", "22.04", "5.15.0-105-generic")),
    ("sles15", system("sles", "SLES", "SUSE Linux Enterprise Server 15 SP5", "15.5", "5.14.21-150500.55-default")),
    ("debian", system("debian", "Debian GNU/Linux", "Debian GNU/Linux 12 (bookworm)", "12", "6.1.0-21-amd64")),
    ("fedora", system("fedora", "Fedora Linux", "Fedora Linux 40 (Server Edition)", "40", "6.8.5-301.fc40.x86_64")),
    ("windows2022srvnext", windows("Microsoft Windows Server 2025 Datacenter", "10.0.26100")),
    ("windows2019srvnext", windows("Microsoft Windows Server 2022 Datacenter", "10.0.20348")),
    ("windows2019srv", windows("Microsoft Windows Server 2019 Datacenter", "10.0.17763")),
    ("windows9server", windows("Microsoft Windows Server 2016 Datacenter", "10.0.14393")),
    ("windows8server", windows("Microsoft Windows Server 2012 R2 Datacenter", "6.3.9600")),
    ("windows7server", windows("Microsoft Windows Server 2008 R2 Datacenter ", "6.1.7601")),
    ("windows11", windows("Microsoft Windows 11 Pro", "10.0.22631")),
    ("windows9", windows("Microsoft Windows 10 Pro", "10.0.19045")),
];

const fn system(
    id: &'static str,
    name: &'static str,
    pretty: &'static str,
    version: &'static str,
    kernel: &'static str,
) -> System {
    System { id, name, pretty, version, kernel }
}

const fn windows(pretty: &'static str, kernel: &'static str) -> System {
    System { id: "mswindows", name: "Microsoft Windows", pretty, version: pretty, kernel }
}

/// Whether a Linux guest of this id is older than `ip` in everyday use: it has net-tools, the scripts of `ifcfg`, NICs that
/// are `eth0`, and no `os-release`. (`centos64Guest` is CentOS 4 or 5 of 64 bits.)
pub(super) fn is_ancient(guest_id: &str) -> bool {
    let id = guest_id.to_lowercase();
    ["rhel4", "rhel5", "rhel6", "centos5", "centos6"].iter().any(|start| id.starts_with(start))
}

/// The system of a VM; one that is not in the table is a Linux or a Windows of today.
pub(in crate::lab) fn system_name(vm: &Vm) -> System {
    let id = vm.guest_id.to_lowercase();
    let known = SYSTEMS.iter().find(|(start, _)| id.starts_with(start)).map(|(_, system)| *system);
    known.unwrap_or_else(|| match family_of(&id) {
        GuestFamily::Linux => system("linux", "Linux", "Linux", "1", "6.6.0"),
        GuestFamily::Windows => windows(SERVER, "10.0.20348"),
    })
}
