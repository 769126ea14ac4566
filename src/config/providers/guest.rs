//! Logins of guests.

use super::fields::{Fields, Scope};
use crate::config::Secret;
use crate::facts::GuestFamily;

/// Logins for SSH into guests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuestCredentials {
    /// For Linux guests.
    pub linux: Option<GuestLogin>,
    /// For Windows guests.
    pub windows: Option<GuestLogin>,
}

/// A login of a guest: a password, a private key, or both; the key is for SSH alone, and then goes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestLogin {
    /// User.
    pub user: String,
    /// Password.
    pub password: Option<Secret>,
    /// Private key.
    pub key: Option<GuestKey>,
}

/// A private key that opens guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestKey {
    /// Its text, as OpenSSH or PEM writes it.
    pub text: Secret,
    /// What it is encrypted with.
    pub passphrase: Option<Secret>,
}

impl GuestCredentials {
    /// The login for guests of a family.
    pub fn of(&self, family: GuestFamily) -> Option<&GuestLogin> {
        match family {
            GuestFamily::Linux => self.linux.as_ref(),
            GuestFamily::Windows => self.windows.as_ref(),
        }
    }

    /// The keys of the providers file that hold the login for guests of a family.
    pub fn keys(family: GuestFamily) -> [String; 3] {
        let system = system(family);
        ["user", "password", "private_key"].map(|tail| format!("guest_vm_{system}_{tail}"))
    }

    /// Takes the logins out of an entry; faults go to the scope.
    pub(super) fn build(fields: &mut Fields, scope: &mut Scope<'_>) -> Self {
        Self {
            linux: login(system(GuestFamily::Linux), fields, scope),
            windows: login(system(GuestFamily::Windows), fields, scope),
        }
    }
}

/// The word for a family in the names of keys.
fn system(family: GuestFamily) -> &'static str {
    match family {
        GuestFamily::Linux => "linux",
        GuestFamily::Windows => "win",
    }
}

/// A user, and at least one thing that proves it.
fn login(system: &str, fields: &mut Fields, scope: &mut Scope<'_>) -> Option<GuestLogin> {
    let [user_key, password_key, private_key, passphrase_key] =
        ["user", "password", "private_key", "private_key_passphrase"].map(|tail| format!("guest_vm_{system}_{tail}"));
    let place = fields.place(&private_key);
    let (user, password) = (fields.text(&user_key), fields.secret(&password_key));
    let (text, passphrase) = (fields.secret(&private_key), fields.secret(&passphrase_key));
    if passphrase.is_some() && text.is_none() {
        scope.fault(&scope.entry(), &private_key, format!("is missing beside {passphrase_key}"), "add it");
        return None;
    }
    let has_key = text.is_some();
    let key = text.zip(place).and_then(|(text, place)| match key_text(&text) {
        Ok(text) => Some(GuestKey { text, passphrase }),
        Err(why) => {
            scope.fault(&place, &private_key, why, "give the path of a private key, or its text");
            None
        }
    });
    match user {
        Some(user) if password.is_some() || key.is_some() => Some(GuestLogin { user, password, key }),
        // The fault of the key is told.
        Some(_) if has_key => None,
        Some(_) => {
            let remedy = format!("add it, or {private_key}");
            scope.fault(&scope.entry(), &password_key, format!("is missing beside {user_key}"), remedy);
            None
        }
        None if password.is_some() || key.is_some() => {
            let other = if password.is_some() { password_key } else { private_key };
            scope.fault(&scope.entry(), &user_key, format!("is missing beside {other}"), "add it");
            None
        }
        None => None,
    }
}

/// The key itself: the value, or the file that it names.
fn key_text(value: &Secret) -> Result<Secret, String> {
    if value.expose().trim_start().starts_with("-----BEGIN") {
        return Ok(value.clone());
    }
    let path = value.expose();
    let text = std::fs::read_to_string(path).map_err(|error| format!("names a file that cannot be read: {error}"))?;
    if text.trim_start().starts_with("-----BEGIN") {
        Ok(Secret::new(text))
    } else {
        Err("names a file that holds no private key".to_owned())
    }
}
