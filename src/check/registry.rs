//! The list of checks.

use super::{Evidence, VmEvidence};
use super::{cpu, guest_agent, memory, network, power, provider_tls, serial, storage};
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
pub const CHECKS: [Check; 8] = [
    provider_tls::CHECK,
    power::CHECK,
    cpu::CHECK,
    memory::CHECK,
    network::CHECK,
    storage::CHECK,
    serial::CHECK,
    guest_agent::CHECK,
];
