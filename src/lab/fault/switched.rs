//! The faults that are on, shared by all parts of a lab.

use super::{Failure, ProductFault, TransportEffect, TransportFault};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The faults that are switched on. Clones share them, and they may change while the lab runs.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Switched>>);

#[derive(Debug, Default)]
struct Switched {
    product: Vec<ProductFault>,
    /// What has been harmed once and for all.
    done: BTreeSet<String>,
    failures: Vec<Failure>,
    transport: Vec<TransportFault>,
}

impl Faults {
    /// Switches a product fault on.
    pub fn harm(&self, fault: ProductFault) {
        self.with(|on| {
            if !on.product.contains(&fault) {
                on.product.push(fault);
            }
        });
    }

    /// The product faults that are on.
    pub fn harms(&self) -> Vec<ProductFault> {
        self.with(|on| on.product.clone())
    }

    /// Whether a harm that is done once and for all has been done.
    pub(crate) fn is_done(&self, harm: &str) -> bool {
        self.with(|on| on.done.contains(harm))
    }

    /// Such a harm has been done.
    pub(crate) fn done(&self, harm: String) {
        self.with(|on| on.done.insert(harm));
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
