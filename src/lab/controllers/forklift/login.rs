//! The login of a source by a Provider's Secret, as each type of source answers it.
//!
//! Source: forklift-api.md section 2.

use super::super::object::{secret_key, text};
use crate::lab::world::{Source, SourceKind, SourceSpec, World};
use serde_json::Value;

/// How a login went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Login {
    Accepted,
    /// 400 or 401.
    Refused(String),
    /// Unreachable, TLS, or any other error.
    Failed(String),
}

/// Logs in to `source` as a Provider with this URL and Secret does.
pub(super) fn log_in(world: &World, source: &Source, provider: &Value, secret: &Value) -> Login {
    if matches!(source.kind, SourceKind::Ova) {
        return mount(world, source, text(provider, "/spec/url"));
    }
    if let Some(problem) = distrust(world, secret) {
        return Login::Failed(problem);
    }
    let key = |name: &str| secret_key(secret, name);
    let SourceKind::Openstack(_) = &source.kind else {
        let is_known = key("user") == source.username && key("password") == source.password;
        let words = format!("{} refuses the user name or the password", source.host);
        return if is_known { Login::Accepted } else { Login::Refused(words) };
    };
    keystone(world, source, key)
}

/// Why the product does not trust the source.
fn distrust(world: &World, secret: &Value) -> Option<String> {
    if is_insecure(secret) {
        return None;
    }
    let given = authority(secret, true);
    if !given.is_empty() && !given.contains("BEGIN CERTIFICATE") {
        return Some("the CA certificate cannot be parsed".to_owned());
    }
    let words = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    (!world.shown.are_vouched_for_by(&given)).then(|| words.to_owned())
}

/// The PEM that a Secret holds.
pub(super) fn authority(secret: &Value, ca_crt: bool) -> String {
    let newer = if ca_crt { secret_key(secret, "ca.crt") } else { String::new() };
    if newer.is_empty() { secret_key(secret, "cacert") } else { newer }
}

pub(super) fn is_insecure(secret: &Value) -> bool {
    secret_key(secret, "insecureSkipVerify").trim().eq_ignore_ascii_case("true")
}

/// The server of the provider mounts the share.
fn mount(world: &World, source: &Source, share: &str) -> Login {
    let spec = world.spec.sources.iter().find(|spec| spec.name() == source.name);
    let Some(SourceSpec::Ova(spec)) = spec else { return Login::Accepted };
    let path = share.split_once(':').map_or("", |(_, path)| path).trim_end_matches('/');
    if path == spec.export.trim_end_matches('/') {
        return Login::Accepted;
    }
    Login::Failed(format!("mount.nfs: mounting {share} failed, reason given by server: No such file or directory"))
}

/// Keystone: a user by name or id, a project by name or id, their domains by name or id, all of which must fit.
///
/// Everything that Keystone refuses is, for this product, a failed test.
fn keystone(world: &World, source: &Source, key: impl Fn(&str) -> String) -> Login {
    let spec = world.spec.sources.iter().find(|spec| spec.name() == source.name);
    let Some(SourceSpec::Openstack(spec)) = spec else { return Login::Accepted };
    let kind = key("authType").to_lowercase();
    if !matches!(kind.as_str(), "" | "password") {
        return Login::Failed(format!("this cloud knows no login of type {kind:?}"));
    }
    let domain_id = spec.domain.to_lowercase();
    let fallback = [key("domainName"), key("defaultDomain"), key("domainID")];
    let in_domain = |own: [String; 2]| {
        let told = if own.iter().all(String::is_empty) { fallback.to_vec() } else { own.to_vec() };
        let mut told = told.into_iter().filter(|text| !text.is_empty()).peekable();
        told.peek().is_some() && told.all(|text| text == spec.domain || text == domain_id)
    };
    let is = |name: &str, id: &str, (own, own_id): (&str, &str)| {
        let (name, id) = (key(name), key(id));
        (!name.is_empty() || !id.is_empty()) && (name.is_empty() || name == own) && (id.is_empty() || id == own_id)
    };
    // As Keystone writes ids.
    let [user_id, project_id] = ["user", "project"].map(|what| source.uuid_for(what).replace('-', ""));
    let is_user = is("username", "userID", (&spec.username, &user_id)) && key("password") == spec.password;
    let user_in_domain = !key("userID").is_empty() || in_domain([key("userDomainName"), key("userDomainID")]);
    if !is_user || !user_in_domain {
        return Login::Refused("Authentication failed: The request you have made requires authentication.".to_owned());
    }
    let project_in_domain =
        !key("projectID").is_empty() || in_domain([key("projectDomainName"), key("projectDomainID")]);
    if !is("projectName", "projectID", (&spec.project, &project_id)) || !project_in_domain {
        return Login::Refused("Authentication failed: the project is not known to the user".to_owned());
    }
    let region = key("regionName");
    if !region.is_empty() && region != spec.region {
        return Login::Failed(format!(
            "No suitable endpoint could be found in the service catalog for region {region}."
        ));
    }
    Login::Accepted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::clock::Pace;
    use crate::lab::world::WorldSpec;
    use base64::Engine as _;
    use serde_json::json;

    const CA: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const OTHER: &str = "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n";

    fn secret(keys: &[(&str, &str)]) -> Value {
        let encode = |value: &str| json!(base64::engine::general_purpose::STANDARD.encode(value));
        let data: serde_json::Map<String, Value> =
            keys.iter().map(|(key, value)| ((*key).to_owned(), encode(value))).collect();
        json!({"data": data})
    }

    /// A login of the embedded world's source of a type; `keys` are put over `usual`.
    fn login(type_name: &str, url: &str, usual: &[(&str, &str)], keys: &[(&str, &str)]) -> Login {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        world.shown.show(CA);
        let source = world.of_type(type_name).next().unwrap();
        let mut all: std::collections::BTreeMap<&str, &str> = usual.iter().copied().collect();
        all.extend(keys.iter().copied());
        let all: Vec<(&str, &str)> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        log_in(&world, source, &json!({"spec": {"url": url}}), &secret(&all))
    }

    #[test]
    fn an_engine_wants_its_user_and_what_it_shows() {
        let usual = [("user", "admin@internal"), ("password", "lab-rhv"), ("cacert", CA)];
        let ovirt = |keys: &[(&str, &str)]| login("ovirt", "https://rhv.lab.mtvtest/ovirt-engine/api", &usual, keys);
        assert_eq!(ovirt(&[]), Login::Accepted);
        assert!(matches!(ovirt(&[("password", "x")]), Login::Refused(_)));
        let Login::Failed(words) = ovirt(&[("cacert", OTHER)]) else { panic!() };
        assert!(words.contains("unknown authority"), "{words}");
        assert_eq!(ovirt(&[("cacert", OTHER), ("insecureSkipVerify", "true")]), Login::Accepted);
        assert_eq!(ovirt(&[("cacert", OTHER), ("ca.crt", CA)]), Login::Accepted);
        assert!(matches!(ovirt(&[("cacert", "scribble")]), Login::Failed(_)));
    }

    #[test]
    fn keystone_takes_several_spellings_of_one_login() {
        let usual = [
            ("username", "mtv"),
            ("password", "lab-openstack"),
            ("projectName", "mtv"),
            ("domainName", "Default"),
            ("regionName", "regionOne"),
            ("cacert", CA),
        ];
        let openstack = |keys: &[(&str, &str)]| login("openstack", "https://x/v3", &usual, keys);
        for accepted in [
            &[][..],
            &[("authType", "password")],
            &[("domainName", ""), ("userDomainName", "Default"), ("projectDomainID", "default")],
            &[("domainName", ""), ("domainID", "default")],
            &[("domainName", ""), ("defaultDomain", "default")],
            &[("regionName", "")],
            &[("insecureSkipVerify", "true"), ("cacert", "")],
        ] {
            assert_eq!(openstack(accepted), Login::Accepted, "{accepted:?}");
        }
        for refused in [
            &[("password", "x")][..],
            &[("username", "x")],
            &[("username", "")],
            &[("domainName", "")],
            &[("domainName", "Other")],
            &[("projectName", "x")],
            &[("projectDomainName", "Other")],
        ] {
            assert!(matches!(openstack(refused), Login::Refused(_)), "{refused:?}");
        }
        for failed in [&[("regionName", "x")][..], &[("authType", "token")], &[("cacert", OTHER)], &[("cacert", "")]] {
            assert!(matches!(openstack(failed), Login::Failed(_)), "{failed:?}");
        }
    }

    #[test]
    fn a_share_is_mounted_by_its_path() {
        let ova = |share: &str| login("ova", share, &[("url", share)], &[]);
        assert_eq!(ova("nfs.lab.mtvtest:/exports/ova"), Login::Accepted);
        let Login::Failed(words) = ova("nfs.lab.mtvtest:/exports/other") else { panic!() };
        assert!(words.contains("No such file"), "{words}");
    }
}
