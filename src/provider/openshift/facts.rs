//! What is known of a VM of the cluster, in the words of a source.
//!
//! Pure.

use super::golden::{self, DATA_SOURCE, PREFERENCE};
use crate::facts::{Cpu, NicAttachment, Power, SourceDisk, SourceNic, SourceVm, TargetDisk, TargetNic, TargetVm};
use crate::provider::{ProviderError, VmRef};
use kube::core::DynamicObject;

/// How the pod network is called, where other networks have a name.
const POD: &str = "pod";
/// How preferences and guests name Windows.
const WINDOWS: [&str; 2] = ["windows", "mswindows"];

/// The facts of `vm`, from the object and from what the cluster knows of it.
///
/// What a preference decides (how it boots) is in no object but the instance, so it is not told where there is one.
///
/// # Errors
/// [`ProviderError::Unhealthy`]: neither the VM nor its instance type tells CPU and memory.
pub(super) fn source_vm(object: &DynamicObject, known: TargetVm) -> Result<SourceVm, ProviderError> {
    let preferred = object.data["spec"]["preference"]["name"].as_str();
    let untold = |what: &str| ProviderError::Unhealthy {
        vm: format!("VM {}/{}", known.namespace, known.name),
        problem: format!("neither it nor its instance type tells its {what}"),
        remedy: "look at spec.instancetype, or start it",
    };
    let (cpu, memory_bytes) = (known.cpu, known.memory_bytes);
    let (Some(cpu), Some(memory_bytes)) = (cpu, memory_bytes) else {
        return Err(untold(if cpu.is_none() { "CPUs" } else { "memory" }));
    };
    let uuid = object.data["spec"]["template"]["spec"]["domain"]["firmware"]["uuid"].as_str();
    Ok(SourceVm {
        id: known.uid,
        uuid: uuid.map(str::to_lowercase),
        power: known.power,
        cpu,
        memory_bytes,
        firmware: preferred.is_none().then_some(known.firmware),
        secure_boot: preferred.is_none().then_some(known.secure_boot),
        tpm: preferred.is_none().then_some(known.tpm),
        tracks_changes: None,
        nics: known.nics.into_iter().map(nic).collect(),
        disks: known.disks.into_iter().map(|found| disk(&known.namespace, found)).collect(),
        snapshots: Vec::new(),
        power_offs: None,
        guest_agent: known.agent_connected,
        windows: preferred.is_some_and(|name| WINDOWS.iter().any(|word| name.starts_with(word))),
        template: false,
        name: known.name,
    })
}

fn nic(found: TargetNic) -> SourceNic {
    SourceNic {
        name: found.name,
        // Absent: KubeVirt chooses one at each start.
        mac: found.mac.unwrap_or_default(),
        network: match found.attachment {
            NicAttachment::Pod => POD.to_owned(),
            NicAttachment::Multus(name) => name,
        },
        connected: Some(found.link_up),
        addresses: Vec::new(),
    }
}

fn disk(namespace: &str, found: TargetDisk) -> SourceDisk {
    SourceDisk {
        // As tasks of a migration name it. Source: forklift-api.md section 6, "Task names".
        id: format!("{namespace}/{}", found.claim),
        name: found.name,
        size_bytes: found.size_bytes,
        storage: found.storage_class.unwrap_or_default(),
        storage_id: None,
        controller: None,
        unit: None,
        bus: None,
        file: None,
        mode: None,
        rdm: false,
        shared: false,
    }
}

/// What a VM that is made from the golden image will be: the preflight asks before there is one.
pub(super) fn of_golden(vm: &VmRef) -> SourceVm {
    SourceVm {
        id: vm.id.clone(),
        name: DATA_SOURCE.to_owned(),
        uuid: None,
        power: Power::On,
        cpu: Cpu { sockets: 1, cores: 1, threads: 1 },
        memory_bytes: golden::MEMORY_BYTES,
        firmware: None,
        secure_boot: None,
        tpm: None,
        tracks_changes: None,
        nics: Vec::new(),
        disks: Vec::new(),
        snapshots: Vec::new(),
        power_offs: None,
        guest_agent: false,
        windows: WINDOWS.iter().any(|word| PREFERENCE.starts_with(word)),
        template: true,
    }
}
