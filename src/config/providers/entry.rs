//! One entry of the providers file.

use super::fields::{Fields, Members, Scope, choose};
use super::guest::GuestCredentials;
use super::keys::{self, TYPES};
use super::url::{Address, host_and_port, http_address, share_address};
use super::{CopyOffload, ProviderKind};
use crate::config::Secret;
use crate::config::json::Json;

/// A source: where it is, how to log in, and what belongs to its type.
#[derive(Debug, Clone)]
pub struct ProviderEntry {
    /// The entry's name in the file.
    pub name: String,
    /// Version of the source, as names of created objects carry it.
    pub version: String,
    /// Host name of the source; may be empty for openshift and ova.
    pub fqdn: String,
    /// URL of the API; an NFS share for ova; empty for an OpenShift source that is the cluster itself.
    pub api_url: String,
    /// User of the API; may be empty for openshift and ova.
    pub username: String,
    /// Password of that user; may be empty for openshift and ova.
    pub password: Secret,
    /// Logins for SSH into guests.
    pub guest: GuestCredentials,
    /// The type and its own keys.
    pub kind: ProviderKind,
}

impl ProviderEntry {
    /// The type as the file and Forklift name it (`vsphere`).
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            ProviderKind::Vsphere(_) => "vsphere",
            ProviderKind::Ovirt => "ovirt",
            ProviderKind::Openstack(_) => "openstack",
            ProviderKind::Openshift => "openshift",
            ProviderKind::Ova => "ova",
        }
    }

    /// Passphrase of guests with encrypted disks, where the entry has one.
    pub fn luks_passphrase(&self) -> Option<&Secret> {
        match &self.kind {
            ProviderKind::Vsphere(vsphere) => vsphere.luks_passphrase.as_ref(),
            _ => None,
        }
    }

    /// The section `copyoffload`, where the entry has one.
    pub fn copyoffload(&self) -> Option<&CopyOffload> {
        match &self.kind {
            ProviderKind::Vsphere(vsphere) => vsphere.copyoffload.as_ref(),
            _ => None,
        }
    }

    /// The optional keys of its type that are set: what a scenario may require of it.
    pub fn present_keys(&self) -> Vec<&'static str> {
        let ProviderKind::Vsphere(vsphere) = &self.kind else { return Vec::new() };
        [
            ("vddk_init_image", vsphere.vddk_init_image.is_some()),
            ("endpoint_type", vsphere.endpoint_type.is_some()),
            ("clone_provider", vsphere.clone_provider.is_some()),
            ("luks_passphrase", vsphere.luks_passphrase.is_some()),
            ("copyoffload", vsphere.copyoffload.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, present)| present.then_some(key))
        .collect()
    }

    /// The host of `api_url`, without brackets around an IPv6 address; without `api_url`, that of `fqdn`.
    pub fn host(&self) -> String {
        self.address().map_or_else(|| self.fqdn.clone(), |address| address.host)
    }

    /// The port of `api_url`: its own, else that of its scheme (2049 for an NFS share); without `api_url`, that of
    /// `fqdn` (`host:port`), else 443.
    pub fn port(&self) -> u16 {
        self.address().map_or(443, |address| address.port)
    }

    /// Where the source shows its certificate, host and port: at `api_url`, and at `fqdn` where that is another host or
    /// names another port. `fqdn` without a port means the port of `api_url`.
    pub fn addresses(&self) -> Vec<(String, u16)> {
        let api = (self.host(), self.port());
        let named = host_and_port(&self.fqdn).map(|(host, port)| (host, port.unwrap_or(api.1)));
        let mut places = vec![api];
        places.extend(named.ok().filter(|place| *place != places[0]));
        places
    }

    fn address(&self) -> Option<Address> {
        if self.api_url.is_empty() {
            return http_address(&format!("https://{}", self.fqdn)).ok();
        }
        read_address(self.type_name(), &self.api_url).ok()
    }

    /// Builds the entry; faults go to the scope, and then the entry is not to be used.
    pub(super) fn build(members: Members, scope: &mut Scope<'_>) -> Option<Self> {
        let type_name = type_of(&members, scope)?;
        let foreign = |key: &str| foreign_key(key, type_name);
        let mut fields = Fields::check(members, &keys::entry_keys(type_name), foreign, scope);
        let api_url = api_url(type_name, &mut fields, scope);
        check_fqdn(&mut fields, scope);
        let guest = GuestCredentials::build(&mut fields, scope);
        let copyoffload = fields.section("copyoffload").map(|section| CopyOffload::build(section, scope));
        Some(Self {
            name: scope.provider.to_owned(),
            version: fields.word("version"),
            fqdn: fields.word("fqdn"),
            username: fields.word("username"),
            password: fields.secret("password").unwrap_or_else(|| Secret::new("")),
            guest,
            kind: ProviderKind::build(type_name, &mut fields, copyoffload, scope),
            api_url,
        })
    }
}

/// The type decides which keys the others are, so it is read first.
fn type_of(members: &Members, scope: &mut Scope<'_>) -> Option<&'static str> {
    let Some((_, value)) = members.iter().find(|(name, _)| name.value == "type") else {
        scope.fault(&scope.entry(), "type", "is missing", format!("add one of: {}", TYPES.join(", ")));
        return None;
    };
    let place = scope.file(value.at);
    let Json::Text(text) = &value.value else {
        scope.fault(&place, "type", format!("is {}", value.value.form()), choose("", &TYPES));
        return None;
    };
    let known = TYPES.into_iter().find(|known| known == text);
    if known.is_none() {
        scope.fault(&place, "type", format!("is {text:?}"), choose(text, &TYPES));
    }
    known
}

/// Why `key` is not for entries of `type_name`, when it is for others.
fn foreign_key(key: &str, type_name: &str) -> Option<String> {
    let others = || TYPES.into_iter().filter(|other| *other != type_name);
    let owner = others().find(|other| keys::entry_keys(other).iter().any(|known| known.name == key));
    owner.map(|owner| format!("belongs to providers of type {owner}, not {type_name}"))
}

/// `api_url`, of the form that the type asks for.
fn api_url(type_name: &str, fields: &mut Fields, scope: &mut Scope<'_>) -> String {
    let place = fields.place("api_url");
    let (Some(text), Some(place)) = (fields.text("api_url").filter(|text| !text.is_empty()), place) else {
        return String::new();
    };
    if let Err(fault) = read_address(type_name, &text) {
        let key = keys::entry_keys(type_name).into_iter().find(|key| key.name == "api_url");
        let form = key.map_or("", |key| key.doc).trim_end_matches('.');
        scope.fault(&place, "api_url", fault, format!("write the {form}"));
    }
    text
}

/// `fqdn`, where it is given: it may name a port, too.
fn check_fqdn(fields: &mut Fields, scope: &mut Scope<'_>) {
    let (Some(place), Some(text)) = (fields.place("fqdn"), fields.peek("fqdn")) else { return };
    if let Err(fault) = host_and_port(text) {
        scope.fault(&place, "fqdn", fault, "write HOST or HOST:PORT");
    }
}

fn read_address(type_name: &str, api_url: &str) -> Result<Address, &'static str> {
    if type_name == "ova" { share_address(api_url) } else { http_address(api_url) }
}
