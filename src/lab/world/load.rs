//! Reading and checking world files. All problems of a file are reported at once.

use super::{SourceSpec, VmSpec, WorldSpec};
use crate::facts::{nearest, parse_quantity_bytes, parse_version};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::Path;

const EMBEDDED: &str = include_str!("world.yaml");
const BUSES: [&str; 4] = ["scsi", "sata", "ide", "nvme"];

/// A world that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The file cannot be read.
    #[error("read the world file {path}; give a readable file, or leave it out to use the embedded world")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The text is no world.
    #[error("world {origin}: {problem}")]
    Parse {
        /// The file, or `embedded`.
        origin: String,
        /// Where and what, as the parser says.
        problem: String,
    },
    /// The world contradicts itself.
    #[error("world: {}", .0.join("; "))]
    Invalid(Vec<String>),
}

impl WorldSpec {
    /// The world that is built in: it holds every VM that the shipped catalogue names.
    ///
    /// # Errors
    /// The embedded file is broken, which a test rules out.
    pub fn embedded() -> Result<Self, WorldError> {
        Self::parse(EMBEDDED, "embedded")
    }

    /// The world of a file.
    ///
    /// # Errors
    /// It cannot be read, is no world, or contradicts itself (every contradiction is named).
    pub fn load(path: &Path) -> Result<Self, WorldError> {
        let origin = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| WorldError::Read { path: origin.clone(), source })?;
        Self::parse(&text, &origin)
    }

    /// The world of a text; `origin` is named in errors.
    ///
    /// # Errors
    /// As [`WorldSpec::load`].
    pub fn parse(text: &str, origin: &str) -> Result<Self, WorldError> {
        let spec: Self = serde_yaml::from_str(text).map_err(|error| {
            // The parser's text has a word of its own for errors, and does not know the file.
            let problem = error.to_string().replace("<input>", origin);
            let problem = problem.strip_prefix("error: ").unwrap_or(&problem).to_owned();
            WorldError::Parse { origin: origin.to_owned(), problem }
        })?;
        spec.validate()?;
        Ok(spec)
    }

    /// Checks what the types cannot: references, quantities, addresses, unique names.
    ///
    /// # Errors
    /// Every contradiction at once.
    pub fn validate(&self) -> Result<(), WorldError> {
        let mut problems = Vec::new();
        self.check_cluster(&mut problems);
        let mut names = BTreeSet::new();
        let mut hosts = BTreeSet::new();
        for source in &self.sources {
            let name = source.name();
            if !names.insert(name) {
                problems.push(format!("two sources are named {name}"));
            }
            if let Some(host) = source.host().filter(|host| !hosts.insert(*host)) {
                problems.push(format!("two sources have the host {host}"));
            }
            check_source(source, &mut problems);
        }
        if problems.is_empty() { Ok(()) } else { Err(WorldError::Invalid(problems)) }
    }

    fn check_cluster(&self, problems: &mut Vec<String>) {
        let cluster = &self.cluster;
        let versions = [Some(&cluster.mtv), Some(&cluster.kubernetes), cluster.openshift.as_ref()];
        problems
            .extend(versions.into_iter().flatten().filter_map(|text| parse_version(text).err()).map(|e| e.to_string()));
        for (what, empty) in [
            ("cluster.nodes", cluster.nodes.is_empty()),
            ("cluster.storage_classes", cluster.storage_classes.is_empty()),
            ("sources", self.sources.is_empty()),
        ] {
            if empty {
                problems.push(format!("{what} is empty; the lab needs one at least"));
            }
        }
        for node in &cluster.nodes {
            check_quantity(&format!("node {}: memory", node.name), &node.memory, problems);
        }
        let mut tokens = BTreeSet::new();
        for user in &cluster.users {
            if !tokens.insert(&user.token) {
                problems.push(format!("user {}: another user has the same token", user.name));
            }
        }
        if !cluster.users.iter().any(|user| user.role == super::Role::Admin) {
            problems.push("cluster.users has no one with role: admin, whom the lab's controllers act as".into());
        }
    }
}

fn check_quantity(what: &str, text: &str, problems: &mut Vec<String>) {
    if let Err(error) = parse_quantity_bytes(text) {
        problems.push(format!("{what}: {error}"));
    }
}

fn check_source(source: &SourceSpec, problems: &mut Vec<String>) {
    let name = source.name();
    if let Err(error) = parse_version(source.version()) {
        problems.push(format!("source {name}: {error}"));
    }
    problems.extend(source.problems());
    let (datastores, networks) = source.places();
    let mut names = BTreeSet::new();
    for vm in source.vms() {
        let place = format!("source {name}: VM {}", vm.name);
        if !names.insert(&vm.name) {
            problems.push(format!("{place}: the name is taken by another VM"));
        }
        check_vm(&place, vm, (&datastores, &networks), problems);
    }
}

fn check_vm(place: &str, vm: &VmSpec, (datastores, networks): (&[&str], &[&str]), problems: &mut Vec<String>) {
    check_quantity(&format!("{place}: memory"), &vm.memory, problems);
    if vm.cores_per_socket == 0 || vm.cpus == 0 || !vm.cpus.is_multiple_of(vm.cores_per_socket) {
        problems
            .push(format!("{place}: cpus: {} is no multiple of cores_per_socket: {}", vm.cpus, vm.cores_per_socket));
    }
    let unknown = |what: &str, name: &str, known: &[&str]| match nearest(name, known.iter().copied(), 1).first() {
        Some(near) => format!("{place}: no {what} {name} in this source; the nearest is {near}"),
        None => format!("{place}: no {what} {name} in this source; it has {}", known.join(", ")),
    };
    for disk in &vm.disks {
        check_quantity(&format!("{place}: disk size"), &disk.size, problems);
        if let Some(datastore) = disk.datastore.as_deref().filter(|name| !datastores.contains(name)) {
            problems.push(unknown("datastore", datastore, datastores));
        }
        if !BUSES.contains(&disk.bus.as_str()) {
            problems.push(format!("{place}: disk bus {} is none of {}", disk.bus, BUSES.join(", ")));
        }
    }
    for nic in &vm.nics {
        if !networks.contains(&nic.network.as_str()) {
            problems.push(unknown("network", &nic.network, networks));
        }
        for address in &nic.addresses {
            if split_address(address).is_none() {
                problems.push(format!("{place}: {address} is not an IPv4 address with prefix such as 10.0.0.5/24"));
            }
        }
    }
}

/// Address and mask length of `10.0.0.5/24`.
pub(super) fn split_address(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (ip, prefix) = text.split_once('/')?;
    let prefix = prefix.parse().ok().filter(|length| *length <= 32)?;
    Some((ip.parse().ok()?, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_world_is_sound() {
        let spec = WorldSpec::embedded().unwrap();
        let vms = spec.sources[0].vms();
        for name in ["mtv-tests-rhel8", "mtv-win2022-ip-3disks", "xcopy-template-test", "mtv-tests-rhel9-dual-nic"] {
            assert!(vms.iter().any(|vm| vm.name == name), "{name}");
        }
    }

    #[test]
    fn every_contradiction_is_named() {
        let broken = EMBEDDED
            .replace("size: 12Gi", "size: 12Xi")
            .replace("{network: mtv-backup}", "{network: mtv-bakup}")
            .replace("addresses: [10.6.68.27/24]", "addresses: [10.6.68.27]");
        let error = WorldSpec::parse(&broken, "x.yaml").unwrap_err().to_string();
        for part in ["\"12Xi\" is not a quantity", "no network mtv-bakup", "nearest is mtv-backup", "10.6.68.27 is not"]
        {
            assert!(error.contains(part), "{part} in {error}");
        }
    }

    #[test]
    fn unknown_keys_name_the_file() {
        let error = WorldSpec::parse(&EMBEDDED.replace("mtv_namespace:", "mtv_namespaze:"), "x.yaml").unwrap_err();
        assert!(error.to_string().starts_with("world x.yaml:"), "{error}");
        assert!(error.to_string().contains("mtv_namespaze"), "{error}");
    }
}
