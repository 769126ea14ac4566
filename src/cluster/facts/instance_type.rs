//! What an instance type gives a VM whose spec names one: CPU and memory are not in the VM then, and the instance that
//! has them exists only while the VM runs.
//!
//! Source: cluster-api.md section 1.1 (TRAP of instance types); KubeVirt's `instancetype.kubevirt.io/v1beta1`.

use super::vm_objects::Quantity;
use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef, tolerant};
use crate::facts::{Cpu, parse_quantity_bytes};
use serde::Deserialize;

/// The reference of a VM to its instance type or preference. Without a kind the cluster-wide one is meant.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Matcher {
    pub(super) name: String,
    pub(super) kind: String,
}

/// What comes from the instance type, as far as it could be told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sizing {
    pub(super) cpu: Option<Cpu>,
    pub(super) memory_bytes: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InstanceType {
    spec: InstanceTypeSpec,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InstanceTypeSpec {
    cpu: GuestCpu,
    memory: GuestMemory,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct GuestCpu {
    guest: u32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct GuestMemory {
    guest: Option<Quantity>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Preference {
    spec: PreferenceSpec,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PreferenceSpec {
    cpu: PreferenceCpu,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PreferenceCpu {
    #[serde(rename = "preferredCPUTopology")]
    preferred_topology: String,
}

/// Reads what the instance type `sizes`, laid out by `preference`, gives a VM of `namespace`. Nothing without one.
pub(super) async fn sizing(
    cluster: &Cluster,
    namespace: &str,
    sizes: &Matcher,
    preference: &Matcher,
) -> Result<Sizing, ClusterError> {
    if sizes.name.is_empty() {
        return Ok(Sizing::default());
    }
    let own = (Kind::INSTANCETYPE, Kind::CLUSTER_INSTANCETYPE);
    let Some(found) = read::<InstanceType>(cluster, namespace, sizes, own).await? else { return Ok(Sizing::default()) };
    let own = (Kind::PREFERENCE, Kind::CLUSTER_PREFERENCE);
    let preference = match preference.name.as_str() {
        "" => None,
        _ => read::<Preference>(cluster, namespace, preference, own).await?,
    };
    let layout = preference.map(|found| found.spec.cpu.preferred_topology).unwrap_or_default();
    let memory = found.spec.memory.guest.as_ref().map(Quantity::text);
    Ok(Sizing {
        cpu: topology(found.spec.cpu.guest, &layout),
        memory_bytes: memory.and_then(|text| parse_quantity_bytes(&text).ok()),
    })
}

async fn read<T: serde::de::DeserializeOwned>(
    cluster: &Cluster,
    namespace: &str,
    wanted: &Matcher,
    (own, global): (Kind, Kind),
) -> Result<Option<T>, ClusterError> {
    let target = if wanted.kind.eq_ignore_ascii_case(own.kind) {
        ObjectRef::namespaced(own, namespace, &wanted.name)
    } else {
        ObjectRef::global(global, &wanted.name)
    };
    match cluster.get(&target).await? {
        Some(found) => tolerant::read(&format!("read {target}"), &found).map(Some),
        None => Ok(None),
    }
}

/// How so many CPUs are laid out; sockets unless the preference says otherwise. `None` where that cannot be told.
fn topology(cpus: u32, layout: &str) -> Option<Cpu> {
    let of = |sockets, cores, threads| Some(Cpu { sockets, cores, threads });
    match (cpus, layout) {
        (0, _) => None,
        (1, _) => of(1, 1, 1),
        (_, "" | "sockets" | "preferSockets") => of(cpus, 1, 1),
        (_, "cores" | "preferCores") => of(1, cpus, 1),
        (_, "threads" | "preferThreads") => of(1, 1, cpus),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, not_found};
    use serde_json::json;

    fn named(name: &str, kind: &str) -> Matcher {
        Matcher { name: name.into(), kind: kind.into() }
    }

    #[tokio::test]
    async fn an_instance_type_tells_what_the_vm_does_not() {
        let fake = Fake::default();
        fake.answer(200, json!({"spec": {"cpu": {"guest": 4}, "memory": {"guest": "8Gi"}}}));
        fake.answer(200, json!({"spec": {"cpu": {"preferredCPUTopology": "cores"}}}));
        fake.answer(404, not_found("virtualmachineinstancetypes", "own"));
        let cluster = fake.cluster();
        let found = sizing(&cluster, "ns", &named("u1.xlarge", ""), &named("rhel.9", "")).await.unwrap();
        let cpu = Cpu { sockets: 1, cores: 4, threads: 1 };
        assert_eq!(found, Sizing { cpu: Some(cpu), memory_bytes: Some(8 << 30) });
        let own = named("own", "VirtualMachineInstancetype");
        assert_eq!(sizing(&cluster, "ns", &own, &Matcher::default()).await.unwrap(), Sizing::default());
        assert!(fake.requests()[2].path.contains("/namespaces/ns/virtualmachineinstancetypes/own"));
        assert_eq!(sizing(&cluster, "ns", &Matcher::default(), &own).await.unwrap(), Sizing::default());
    }

    #[test]
    fn cpus_are_sockets_unless_the_preference_says_otherwise() {
        let parts = |cpus, layout| topology(cpus, layout).map(|cpu| (cpu.sockets, cpu.cores, cpu.threads));
        assert_eq!(parts(4, ""), Some((4, 1, 1)));
        assert_eq!(parts(4, "threads"), Some((1, 1, 4)));
        assert_eq!(parts(1, "spread"), Some((1, 1, 1)));
        assert_eq!((parts(4, "spread"), parts(0, "")), (None, None));
    }
}
