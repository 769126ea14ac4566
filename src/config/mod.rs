//! Settings, providers file and secrets: what the user asks for, checked before anything is touched.
//!
//! Every value is read, checked and given its origin here. It imports only leaves, touches nothing outside the files it
//! is told to read, and keeps secrets in [`Secret`].

mod duration;
mod env;
mod json;
mod providers;
mod secret;
mod settings;

pub use duration::{DurationError, format_duration, parse_duration};
pub use env::{Environment, MapEnvironment, ProcessEnvironment};
pub use json::Position;
pub use providers::{
    CopyOffload, EndpointType, EsxiCloneMethod, EsxiLogin, GuestCredentials, GuestKey, GuestLogin, Openstack,
    ProviderEntry, ProviderKind, ProviderProblem, Providers, ProvidersError, StorageVendor, Vsphere, providers_schema,
};
pub use secret::Secret;
pub use settings::{
    Settings, SettingsError, SettingsLayer, SettingsProblem, Ssh, SshTunnel, Timeouts, settings_reference,
    settings_schema,
};
