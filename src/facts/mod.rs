//! Shared words: names, quantities, versions and what is known of a VM on either side.
//!
//! A leaf: it imports nothing of the crate, does no I/O and knows no protocol.

mod chain;
mod disk_file;
mod guest;
mod names;
mod offload;
mod quantity;
mod seed;
mod shell;
mod time;
mod version;
mod vm;

pub use chain::chain;
pub use disk_file::base_disk_file;
pub use guest::{
    AgentView, GuestCommand, GuestDisk, GuestEvidence, GuestFacts, GuestFamily, GuestNic, Integrity, IntegrityAfter,
    LoginOutcome,
};
pub use names::{
    NAME_MAX_CHARS, NameError, SESSION_LABEL, SOURCE_LABEL, SessionId, clone_name, dashed_version, destination_vm_name,
    keep_tail, nearest, vm_suffix,
};
pub use offload::{DiskOffload, WarmRecord};
pub use quantity::{QuantityError, parse_quantity_bytes};
pub use seed::Seed;
pub use shell::sh_quoted;
pub use time::{now, rfc3339};
pub use version::{VersionError, parse_requirement, parse_version};
pub use vm::{
    Cpu, DiskBus, Firmware, GuestAddress, NicAttachment, Power, PowerOff, SourceDisk, SourceNic, SourceSnapshot,
    SourceVm, TargetDisk, TargetNic, TargetVm,
};
