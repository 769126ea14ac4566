//! Which guests are looked into, and who logs in to them.

use crate::config::{GuestCredentials, GuestLogin, ProviderEntry};
use crate::facts::GuestFamily;
use crate::guest::ssh::{Login, Method};
use crate::scenario::{PlanSpec, PowerSetting, Scenario};

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

/// Whether guests of the plan will be looked into, as far as that is known before anything has begun: of a VM that
/// shall run, or about which something is asked. One that happens to run is looked into, too.
pub(in crate::engine) fn looks_inside(scenario: &Scenario, plan: &PlanSpec) -> bool {
    let runs = match plan.target_power_state {
        Some(power) => power == PowerSetting::On,
        None => plan.virtual_machines.iter().any(|vm| {
            vm.source_vm_power == Some(PowerSetting::On) || (vm.wait_for_cloud_init && vm.source_vm_power.is_none())
        }),
    };
    opens(scenario, plan) && (asks_inside(plan) || runs)
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
    let [user, password] = GuestCredentials::keys(family);
    format!("the entry {} of the providers file has no login for it: add {user} and {password}", entry.name)
}
