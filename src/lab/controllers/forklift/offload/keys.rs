//! The SSH keys of a provider, with which the copying pods log in to ESXi hosts, and whether the hosts know them.
//!
//! Source: forklift-api.md section 2.

use super::super::super::conditions::Condition;
use super::super::super::hub::{Fail, Hub};
use super::super::super::kinds::{PROVIDER, SECRET};
use super::super::super::object::{name, namespace, owner_reference, secret_key, text};
use crate::facts::Seed;
use crate::lab::world::Source;
use russh::keys::PrivateKey;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;
use serde_json::{Value, json};

/// Name of a provider's Secret; `half` is `private` or `public`.
fn secret_name(provider: &Value, half: &str) -> String {
    format!("offload-ssh-keys-{}-{half}", name(provider))
}

/// The private and the public key of a provider as OpenSSH writes them.
///
/// # Errors
/// The key cannot be written down.
fn pair(seed: u64, provider: &Value) -> Result<(String, String), russh::keys::ssh_key::Error> {
    let mut stream = Seed(seed).stream(&format!("offload-ssh-keys/{}/{}", namespace(provider), name(provider)));
    let mut secret = [0_u8; 32];
    stream.fill(&mut secret);
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&secret));
    Ok((key.to_openssh(LineEnding::LF)?.to_string(), key.public_key().to_openssh()?))
}

/// Gives a vSphere provider its two Secrets, once.
pub(crate) async fn ensure_keys(hub: &Hub, provider: &Value) -> Result<(), Fail> {
    let space = namespace(provider);
    let names = ["private", "public"].map(|half| secret_name(provider, half));
    if names.iter().all(|secret| hub.cache.get(SECRET, space, secret).is_some()) {
        return Ok(());
    }
    let Ok((private, public)) = pair(hub.world.spec.seed, provider) else {
        return Ok(());
    };
    for (secret, (key, content)) in names.iter().zip([("private-key", private), ("public-key", public)]) {
        let body = json!({
            "metadata": {
                "namespace": space, "name": secret,
                "labels": {"app.kubernetes.io/component": "ssh-keys"},
                "ownerReferences": [owner_reference(PROVIDER, provider, false)],
            },
            "type": "Opaque", "stringData": {key: content},
        });
        hub.create(SECRET, body).await?;
    }
    Ok(())
}

/// The provider's private and public key as its Secrets have them; empty where there is none.
pub(super) async fn read_keys(hub: &Hub, provider: &Value) -> Result<(String, String), Fail> {
    let mut found = [String::new(), String::new()];
    for (text, (half, key)) in found.iter_mut().zip([("private", "private-key"), ("public", "public-key")]) {
        let secret = hub.find(SECRET, namespace(provider), &secret_name(provider, half)).await?;
        *text = secret.map(|secret| secret_key(&secret, key)).unwrap_or_default();
    }
    let [private, public] = found;
    Ok((private, public))
}

/// Which hosts let the provider's key in, if it clones over SSH and not all of them do.
pub(crate) async fn ssh_conditions(hub: &Hub, provider: &Value, source: &Source) -> Result<Vec<Condition>, Fail> {
    if !hub.since(10) || text(provider, "/spec/settings/esxiCloneMethod") != "ssh" {
        return Ok(Vec::new());
    }
    let (_, public) = read_keys(hub, provider).await?;
    let inventory = source.read();
    let (ready, other): (Vec<_>, Vec<_>) =
        inventory.hosts.iter().partition(|host| inventory.trusts(&host.moref, &public));
    if other.is_empty() {
        return Ok(Vec::new());
    }
    let items = |hosts: Vec<&crate::lab::world::NamedRef>| -> Vec<String> {
        hosts.into_iter().map(|host| format!("{}|{}|{}", host.moref, host.name, host.name)).collect()
    };
    let mut found = Vec::new();
    if !ready.is_empty() {
        found.push(Condition::advisory("SSHReady", "", "hosts take the provider's key").about(items(ready)));
    }
    found.push(Condition::warn("SSHNotReady", "", "hosts do not take the provider's key").about(items(other)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_and_the_provider_decide_the_key() {
        let provider = |name: &str| json!({"metadata": {"namespace": "n", "name": name}});
        let (private, public) = pair(1, &provider("a")).unwrap();
        assert_eq!(pair(1, &provider("a")).unwrap(), (private.clone(), public.clone()));
        assert_ne!(pair(1, &provider("b")).unwrap().1, public);
        assert_ne!(pair(2, &provider("a")).unwrap().1, public);
        let read = russh::keys::decode_secret_key(&private, None).unwrap();
        assert_eq!(read.public_key().to_openssh().unwrap(), public);
        assert!(public.starts_with("ssh-ed25519 "));
    }
}
