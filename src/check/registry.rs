//! The list of checks.

use super::{Evidence, VmEvidence};
use super::{
    affinity, cpu, disk_order, encryption, expect, firmware, guest_agent, guest_command, integrity, labels, memory,
    name, network, nics, node, power, provider_tls, pvc_names, serial, shutdown, snapshots, source, ssh, static_ip,
    storage, warm, xcopy,
};
use crate::event::Verdict;
use crate::facts::TargetVm;

/// A check: its key, its rule, where the rule stands, and the function that judges it.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Key, as in `checks.skip` of a scenario.
    pub key: &'static str,
    /// The rule, one sentence.
    pub rule: &'static str,
    /// Where the rule stands.
    pub source: &'static str,
    /// The function.
    pub judge: Rule,
}

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Each VM that is on the cluster.
    PerVm(fn(&Evidence, &VmEvidence, &TargetVm) -> Verdict),
    /// The plan as a whole.
    PerPlan(fn(&Evidence) -> Verdict),
}

/// All checks, in the order of reports.
pub const CHECKS: [Check; 27] = [
    provider_tls::CHECK,
    power::CHECK,
    cpu::CHECK,
    memory::CHECK,
    firmware::CHECK,
    serial::CHECK,
    name::CHECK,
    nics::CHECK,
    network::CHECK,
    storage::CHECK,
    disk_order::CHECK,
    pvc_names::CHECK,
    snapshots::CHECK,
    guest_agent::CHECK,
    ssh::CHECK,
    static_ip::CHECK,
    integrity::CHECK,
    guest_command::CHECK,
    encryption::CHECK,
    node::CHECK,
    labels::CHECK,
    affinity::CHECK,
    warm::CHECK,
    xcopy::CHECK,
    source::CHECK,
    shutdown::CHECK,
    expect::CHECK,
];
