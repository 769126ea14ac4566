//! What a check found.

use serde::{Deserialize, Serialize};

/// A check's answer. There is no silent pass: what could not be judged says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The rule holds.
    Passed {
        /// What was compared, in few words (`2 disks on ceph-rbd`).
        seen: String,
    },
    /// The rule is broken.
    Failed {
        /// What the rule asks for.
        expected: String,
        /// What was found.
        actual: String,
    },
    /// The rule says nothing about this VM.
    NotApplicable {
        /// Why.
        reason: String,
    },
    /// The rule applies but the evidence could not be had. Fails the scenario.
    Inconclusive {
        /// What is missing.
        reason: String,
    },
}

/// One check on one VM (or on the plan as a whole).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The check's key (`cpu`, `network`).
    pub check: String,
    /// The VM, by its name on the source; `None` for a check of the plan.
    pub vm: Option<String>,
    /// The rule, one sentence.
    pub rule: String,
    /// Where the rule stands (`original-suite.md section 3`).
    pub source: String,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}
