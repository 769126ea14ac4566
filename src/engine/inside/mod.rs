//! Looking into guests: who looks with which login, what is marked before a migration, and what is found after it.

mod access;
mod cloud_init;
mod login;
mod look;
mod marks;
mod origins;
mod source_shell;

pub use access::{TunnelParts, native_tunnel};
pub(super) use cloud_init::wait_for_cloud_init;
pub use login::LooksInside;
pub(super) use login::{asks_inside, looks_inside, missing_login};
pub(super) use look::{Found, look_into};
pub(super) use marks::mark;
pub(super) use origins::tell_origins;
