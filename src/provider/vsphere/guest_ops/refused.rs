//! Logins that guests refused. A guest that counts wrong passwords must see each of them once.

use crate::config::Secret;
use crate::provider::{GuestAccount, ProviderError, Refusal, VmRef};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was refused so far.
#[derive(Debug, Default)]
pub(super) struct RefusedLogins(Mutex<Vec<RefusedLogin>>);

#[derive(Debug)]
struct RefusedLogin {
    vm: String,
    user: String,
    password: Secret,
    refusal: Box<Refusal>,
}

impl RefusedLogins {
    /// Fails as it did the first time when the guest has refused this login before.
    pub(super) fn check(&self, vm: &VmRef, account: &GuestAccount) -> Result<(), ProviderError> {
        let known = self.all();
        let same = known.iter().find(|login| {
            login.vm == vm.id && login.user == account.user && login.password.expose() == account.password.expose()
        });
        same.map_or(Ok(()), |login| Err(ProviderError::Refused(login.refusal.clone())))
    }

    /// Remembers `error`, if it says that the guest refuses the login.
    pub(super) fn note(&self, vm: &VmRef, account: &GuestAccount, error: &ProviderError) {
        if let ProviderError::Refused(refusal) = error
            && error.refuses_guest_login()
        {
            self.all().push(RefusedLogin {
                vm: vm.id.clone(),
                user: account.user.clone(),
                password: account.password.clone(),
                refusal: refusal.clone(),
            });
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<RefusedLogin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
