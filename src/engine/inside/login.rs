//! Which guests are looked into, and who logs in to them.

use crate::config::{GuestCredentials, GuestLogin, ProviderEntry};
use crate::facts::GuestFamily;
use crate::guest::ssh::{Login, Method};
use crate::scenario::{ExpectedResult, PlanSpec, PowerSetting, Scenario, VmRequest};

/// The check that a login proves; a scenario that skips it keeps its guests closed, unless it asks for something inside.
const SSH: &str = "ssh";

/// Whether the plan asks for something that only a look inside can prove; a VM that is off is started for it.
pub(in crate::engine) fn asks_inside(plan: &PlanSpec) -> bool {
    plan.integrity.is_some()
        || plan.xfs_check.is_some()
        || plan.preserve_static_ips
        || plan.virtual_machines.iter().any(|vm| vm.luks)
}

/// Whether guests of the plan are looked into when they run.
pub(super) fn opens(scenario: &Scenario, plan: &PlanSpec) -> bool {
    asks_inside(plan) || !scenario.checks.skip.contains_key(SSH)
}

/// When guests of a plan are looked into, as far as that is known before anything has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LooksInside {
    /// Whatever happens.
    Always,
    /// If the VM runs now: what becomes of its power is not said.
    IfOn,
}

/// When the guest of a VM of the plan will be looked into; `None` for never.
pub(in crate::engine) fn looks_inside(scenario: &Scenario, plan: &PlanSpec, vm: &VmRequest) -> Option<LooksInside> {
    if plan.integrity.is_some() || vm.wait_for_cloud_init {
        return Some(LooksInside::Always);
    }
    let judged = plan.stop_after.is_none() && plan.expected_migration_result != Some(ExpectedResult::Fail);
    if !judged || !opens(scenario, plan) {
        return None;
    }
    let asked = plan.target_power_state.or(vm.source_vm_power);
    match asked {
        _ if asks_inside(plan) => Some(LooksInside::Always),
        Some(PowerSetting::On) => Some(LooksInside::Always),
        Some(PowerSetting::Off) => None,
        None => Some(LooksInside::IfOn),
    }
}

/// The login for a guest of a family.
///
/// # Errors
/// The provider's entry has none; the keys to add.
pub(super) fn login(entry: &ProviderEntry, family: GuestFamily) -> Result<Login, String> {
    let login = entry.guest.of(family).ok_or_else(|| missing(entry, family))?;
    let method = ssh_method(login).ok_or_else(|| missing(entry, family))?;
    Ok(Login { user: login.user.clone(), method })
}

/// What the entry lacks for a guest that the test named `test` looks into; `None` if it has it.
pub(in crate::engine) fn missing_login(
    entry: &ProviderEntry,
    family: GuestFamily,
    vm: &str,
    test: &str,
) -> Option<String> {
    let why = login(entry, family).err()?;
    Some(format!("{test} looks into the {family} guest of {vm}, but {why}; or let the scenario skip the check `{SSH}`"))
}

/// A key goes before a password.
fn ssh_method(login: &GuestLogin) -> Option<Method> {
    let key = login.key.as_ref();
    let key = key.map(|key| Method::Key { private_key: key.text.clone(), passphrase: key.passphrase.clone() });
    key.or_else(|| login.password.clone().map(Method::Password))
}

fn missing(entry: &ProviderEntry, family: GuestFamily) -> String {
    let [user, password, key] = GuestCredentials::keys(family);
    format!("the entry {} of the providers file has no login for it: add {user} and {password} or {key}", entry.name)
}
