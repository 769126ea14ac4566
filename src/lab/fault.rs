//! Faults as data: what the lab does wrong, on purpose.

use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// A migration that goes wrong although the product says Succeeded. Each is caught by exactly one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductFault {
    /// The migrated VM is left in the opposite power state. Caught by `power`.
    WrongPower,
    /// One core too few. Caught by `cpu`.
    LostCore,
    /// Half the memory. Caught by `memory`.
    HalvedMemory,
    /// The last NIC sits on another network than the map says. Caught by `network`.
    WrongNetwork,
    /// The last disk is missing. Caught by `storage`.
    LostDisk,
    /// The first claim is on another storage class. Caught by `storage`.
    WrongStorageClass,
    /// The first claim is smaller than the source disk. Caught by `storage`.
    ShrunkDisk,
    /// The firmware serial is a random one. Caught by `serial`.
    WrongSerial,
    /// The guest agent never connects. Caught by `guest-agent`.
    SilentAgent,
    /// The provider's Secret loses the TLS setting that was asked for. Caught by `provider-tls`.
    TlsFlagFlipped,
}

impl ProductFault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::WrongPower,
        Self::LostCore,
        Self::HalvedMemory,
        Self::WrongNetwork,
        Self::LostDisk,
        Self::WrongStorageClass,
        Self::ShrunkDisk,
        Self::WrongSerial,
        Self::SilentAgent,
        Self::TlsFlagFlipped,
    ];
}

/// A product operation that fails openly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "operation")]
pub enum Failure {
    /// The provider never connects: phase ConnectionFailed with this message.
    ProviderConnection {
        /// The condition's message.
        message: String,
    },
    /// The Plan gets this Critical condition instead of Ready.
    PlanInvalid {
        /// Condition type (`VMNetworksNotMapped`).
        condition: String,
    },
    /// A pipeline step of every VM fails.
    PipelineStep {
        /// The step (`DiskTransferV2v`).
        step: String,
        /// The error's reason.
        reason: String,
    },
    /// Migrations never leave their first step.
    MigrationStalls,
    /// The operator's pods are not running.
    ForkliftPodsDown,
    /// Forklift's kinds are not installed.
    ForkliftMissing,
    /// The source's clone task fails.
    CloneFails {
        /// vSphere fault type (`InsufficientStorageSpace`).
        fault: String,
    },
    /// Cloned VMs never reach the inventory.
    InventoryStale,
    /// Plans never become Archived.
    ArchiveStalls,
}

/// A request that is answered badly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransportFault {
    /// HTTP method (`POST`), or `WATCH` for watches, or `*`.
    pub verb: String,
    /// Part of the path (`/plans`); with `$` at its end, the end of the path (`/namespaces$`).
    pub path: String,
    /// Skip so many matching requests first.
    #[serde(default)]
    pub after: u32,
    /// Answer badly so many times; `None` for ever.
    #[serde(default)]
    pub times: Option<u32>,
    /// What is done.
    pub effect: TransportEffect,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransportEffect {
    /// This status code with a Status body; the request has no effect.
    Status(u16),
    /// The connection ends before the answer; the request has no effect.
    Reset,
    /// The request takes effect, then the connection ends before the answer.
    ResetAfter,
    /// A watch ends at once, cleanly.
    DropWatch,
    /// A watch gets an ERROR event with code 410.
    ExpireWatch,
}

/// The faults that are switched on. Clones share them, and they may change while the lab runs.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Switched>>);

#[derive(Debug, Default)]
struct Switched {
    product: Vec<ProductFault>,
    failures: Vec<Failure>,
    transport: Vec<TransportFault>,
}

impl Faults {
    /// Switches a product fault on.
    pub fn harm(&self, fault: ProductFault) {
        self.with(|on| on.product.push(fault));
    }

    /// Whether a product fault is on.
    pub fn harms(&self, fault: ProductFault) -> bool {
        self.with(|on| on.product.contains(&fault))
    }

    /// Switches an open failure on.
    pub fn fail(&self, failure: Failure) {
        self.with(|on| on.failures.push(failure));
    }

    /// The first open failure that `pick` maps to a value.
    pub fn failing<T>(&self, pick: impl FnMut(&Failure) -> Option<T>) -> Option<T> {
        self.with(|on| on.failures.iter().find_map(pick))
    }

    /// Switches a transport fault on.
    pub fn disturb(&self, fault: TransportFault) {
        self.with(|on| on.transport.push(fault));
    }

    /// Switches everything off: the healthy phase.
    pub fn heal(&self) {
        self.with(|on| *on = Switched::default());
    }

    /// The effect for this request, if a fault meets it; counts the request.
    pub fn meets(&self, verb: &str, path: &str) -> Option<TransportEffect> {
        self.with(|on| {
            on.transport.iter_mut().find_map(|fault| {
                let at_place = match fault.path.strip_suffix('$') {
                    Some(end) => path.ends_with(end),
                    None => path.contains(&fault.path),
                };
                let matches = (fault.verb == "*" || fault.verb == verb) && at_place;
                if !matches || fault.times == Some(0) {
                    return None;
                }
                if fault.after > 0 {
                    fault.after -= 1;
                    return None;
                }
                fault.times = fault.times.map(|times| times - 1);
                Some(fault.effect)
            })
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Switched) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transport_faults_count_their_requests() {
        let faults = Faults::default();
        faults.disturb(TransportFault {
            verb: "POST".into(),
            path: "/plans".into(),
            after: 1,
            times: Some(1),
            effect: TransportEffect::Status(500),
        });
        assert_eq!(faults.meets("GET", "/x/plans"), None);
        assert_eq!(faults.meets("POST", "/x/plans"), None);
        assert_eq!(faults.meets("POST", "/x/plans"), Some(TransportEffect::Status(500)));
        assert_eq!(faults.meets("POST", "/x/plans"), None);
    }
}
