//! To whom a connection is made, and as whom.

use super::HostKeyPolicy;
use crate::config::Secret;

/// The port of SSH servers.
pub const SSH_PORT: u16 = 22;

/// Who logs in, and with what.
#[derive(Debug, Clone)]
pub struct Login {
    /// The account's name in the guest.
    pub user: String,
    /// What proves it.
    pub method: Method,
}

/// What proves who one is. There is no second: a server that refuses it has refused the login.
#[derive(Debug, Clone)]
pub enum Method {
    /// Sent once: by `password` where the server offers that, else as the answer to what `keyboard-interactive` asks
    /// without echo.
    Password(Secret),
    /// `publickey`.
    Key {
        /// The private key's text: OpenSSH's format, PKCS#8 or PKCS#1 in PEM.
        private_key: Secret,
        /// What the key is encrypted with, if it is.
        passphrase: Option<Secret>,
    },
}

/// One guest: what errors call it, the login, the key that it must or may have.
#[derive(Debug, Clone)]
pub struct Target {
    /// The guest as people know it (its VM's name); errors begin with `ssh to USER@NAME`.
    pub name: String,
    /// As whom.
    pub login: Login,
    /// Which host key is accepted.
    pub host_key: HostKeyPolicy,
}

impl Target {
    /// `USER@NAME`.
    pub(super) fn label(&self) -> String {
        format!("{}@{}", self.login.user, self.name)
    }
}
