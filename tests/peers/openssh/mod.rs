//! The SSH client against OpenSSH's server.

mod command;
mod guests;
mod host_key;
mod login;
mod server;
mod trouble;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    [login::trials(), host_key::trials(), command::trials(), trouble::trials(), guests::trials()]
        .into_iter()
        .flatten()
        .collect()
}
