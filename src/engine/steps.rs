//! How a step fails: by the product, by the harness or the environment, or by interruption.

use crate::cluster::ClusterError;
use crate::event::Outcome;
use crate::facts::chain;
use crate::inventory::InventoryError;
use crate::provider::ProviderError;
use crate::undo::LedgerError;
use crate::wait::WaitError;

/// Why a step did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepError {
    /// The product did something wrong, or did not do what it must in time.
    Failed(String),
    /// The harness or the environment broke.
    Broken(String),
    /// The run was interrupted.
    Cancelled,
}

impl StepError {
    /// The scenario's outcome after this.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Failed(reason) => Outcome::Failed { reason },
            Self::Broken(reason) => Outcome::Broken { reason },
            Self::Cancelled => Outcome::Cancelled,
        }
    }

    /// The same error, told with the name of the plan that it is about.
    pub(super) fn of_plan(self, plan: Option<&str>) -> Self {
        match (plan, self) {
            (Some(plan), Self::Failed(reason)) => Self::Failed(format!("plan {plan}: {reason}")),
            (Some(plan), Self::Broken(reason)) => Self::Broken(format!("plan {plan}: {reason}")),
            (_, error) => error,
        }
    }

    /// Several errors of things done side by side, as one: the worst kind, all texts.
    pub(super) fn join(errors: Vec<Self>) -> Option<Self> {
        let mut words = Vec::new();
        let mut broken = false;
        for error in errors {
            match error {
                Self::Cancelled => return Some(Self::Cancelled),
                Self::Failed(reason) => words.push(reason),
                Self::Broken(reason) => {
                    broken = true;
                    words.push(reason);
                }
            }
        }
        match (words.is_empty(), broken) {
            (true, _) => None,
            (false, true) => Some(Self::Broken(words.join("\n"))),
            (false, false) => Some(Self::Failed(words.join("\n"))),
        }
    }
}

impl From<WaitError> for StepError {
    /// What is waited for is the product's to do.
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Cancelled { .. } => Self::Cancelled,
            WaitError::TimedOut { .. } | WaitError::Hopeless { .. } => Self::Failed(error.to_string()),
        }
    }
}

impl From<ClusterError> for StepError {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Wait(wait) => wait.into(),
            other => Self::Broken(chain(&other)),
        }
    }
}

impl From<InventoryError> for StepError {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Wait(wait) => wait.into(),
            other => Self::Broken(chain(&other)),
        }
    }
}

impl From<ProviderError> for StepError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Wait(WaitError::Cancelled { .. }) => Self::Cancelled,
            other => Self::Broken(chain(&other)),
        }
    }
}

impl From<LedgerError> for StepError {
    fn from(error: LedgerError) -> Self {
        Self::Broken(chain(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_errors_keep_every_text_and_the_worst_kind() {
        assert_eq!(StepError::join(vec![]), None);
        let joined = StepError::join(vec![StepError::Failed("a".into()), StepError::Broken("b".into())]);
        assert_eq!(joined, Some(StepError::Broken("a\nb".into())));
        let cancelled = StepError::join(vec![StepError::Failed("a".into()), StepError::Cancelled]);
        assert_eq!(cancelled, Some(StepError::Cancelled));
    }
}
