//! The SSH key that Forklift clones with on an ESXi host: installed once per session and source, removed at its end.
//!
//! Source: source-providers.md section 2.6; forklift-api.md section 3 (Secrets `offload-ssh-keys-<provider>-public`).
//! The key is bound to one command. Only our own line is ever added or removed; the file is replaced whole, so that a
//! login in between sees either the old or the new one.

use super::fixtures::SourceFixture;
use super::session::SessionParts;
use super::steps::StepError;
use crate::cluster::{Kind, ObjectRef};
use crate::config::{CopyOffload, EsxiCloneMethod, EsxiLogin};
use crate::event::Event;
use crate::facts::chain;
use crate::guest::ssh::{CommandOutput, Connection, Exit, HostKeyPolicy, Limits, Login, Method, SSH_PORT, Target};
use crate::http::Network;
use crate::undo::{EntryId, Thing};
use crate::wait::Seen;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kube::api::DynamicObject;
use sha2::{Digest, Sha256};
use std::time::Duration;

const FOLDER: &str = "/etc/ssh/keys-root";
const FILE: &str = "/etc/ssh/keys-root/authorized_keys";
const WRAPPER: &str = "secure-vmkfstools-wrapper.py";
/// How long the product may take to make its keys.
const KEY_LIMIT: Duration = Duration::from_secs(120);
const OPEN_LIMIT: Duration = Duration::from_secs(60);
const LIMITS: Limits = Limits { time: Duration::from_secs(30), output_bytes: 1 << 20 };
/// What ends the text of a file on its way to the host.
const END: &str = "mtvtest-end-of-file";

/// Installs the source's public key on its ESXi host, if its `esxi_clone_method` is ssh; the entry that removes it.
/// `namespace` is that of the Provider. Call it once per session and source: [`SourceFixture::esxi_key`] does.
///
/// # Errors
/// The key does not appear within 120 s (the product's failure); the host cannot be reached or refuses.
pub(super) async fn install(
    parts: &SessionParts,
    source: &SourceFixture,
    namespace: &str,
) -> Result<Option<EntryId>, StepError> {
    let ssh = source.entry.copyoffload().filter(|section| section.esxi_clone_method == Some(EsxiCloneMethod::Ssh));
    let Some((section, login)) = ssh.and_then(|section| Some((section, section.esxi.as_ref()?))) else {
        return Ok(None);
    };
    let key = public_key(parts, source, namespace).await?;
    let line = line(&datastore_name(source, section).await?, &key).map_err(StepError::Broken)?;
    let thing = Thing::EsxiKey { provider: source.entry.name.clone(), host: login.host.clone(), line: line.clone() };
    let what = thing.to_string();
    let entry = parts.ledger.intend(None, thing, &[source.provider_entry])?;
    if add(parts.network.as_ref(), login, &line, &key).await.map_err(StepError::Broken)? {
        parts.ledger.made(entry, None)?;
        parts.emit(Event::Made { test: None, what });
    } else {
        // Somebody else put it there, and will need it.
        parts.ledger.undone(entry)?;
    }
    Ok(Some(entry))
}

/// Removes our line; whether it was there.
///
/// # Errors
/// The host cannot be reached or refuses.
pub(super) async fn remove(network: &dyn Network, login: &EsxiLogin, line: &str) -> Result<bool, String> {
    let host = Host::open(network, login).await?;
    let removed = host.rewrite(|keys| without(keys, line)).await;
    host.connection.close().await;
    removed
}

/// Adds our line, unless the key is there; whether it was added.
async fn add(network: &dyn Network, login: &EsxiLogin, line: &str, key: &str) -> Result<bool, String> {
    let host = Host::open(network, login).await?;
    let added = host.rewrite(|keys| with(keys, line, key)).await;
    host.connection.close().await;
    added
}

/// The file with our line; `None` if the key is in it already.
fn with(keys: &str, line: &str, key: &str) -> Option<String> {
    if keys.contains(key) {
        return None;
    }
    let gap = if keys.is_empty() || keys.ends_with('\n') { "" } else { "\n" };
    Some(format!("{keys}{gap}{line}\n"))
}

/// The file without our line; `None` if it is not there.
fn without(keys: &str, line: &str) -> Option<String> {
    let rest: String = keys.split_inclusive('\n').filter(|own| own.trim_end() != line).collect();
    (rest.len() != keys.len()).then_some(rest)
}

/// The line of the authorized keys: this key may run the wrapper on the datastore, and nothing else.
fn line(datastore: &str, key: &str) -> Result<String, String> {
    let is_safe = |text: &str| !text.contains(['"', '\n', '\r', '\'']);
    if !is_safe(datastore) || !is_safe(key) || key.split_whitespace().count() < 2 {
        return Err(format!("no SSH key line can be made of datastore {datastore:?} and key {key:?}"));
    }
    let command = format!("python /vmfs/volumes/{datastore}/{WRAPPER}");
    Ok(format!("command=\"{command}\",no-port-forwarding,no-agent-forwarding,no-X11-forwarding {key}"))
}

async fn public_key(parts: &SessionParts, source: &SourceFixture, namespace: &str) -> Result<String, StepError> {
    let name = format!("offload-ssh-keys-{}-public", source.provider);
    let target = ObjectRef::namespaced(Kind::SECRET, namespace, &name);
    let judge = |object: Option<&DynamicObject>| {
        let Some(secret) = object else { return Seen::Pending("not there yet".to_owned()) };
        let encoded = secret.data["data"]["public-key"].as_str().unwrap_or_default();
        match BASE64_STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(key) if !key.trim().is_empty() => Seen::Met(key.trim().to_owned()),
            _ => Seen::Pending("it has no public-key yet".to_owned()),
        }
    };
    let what = format!("wait for {target}, the key for esxi_clone_method ssh");
    Ok(parts.cluster.wait(&what, &target, &parts.deadline(KEY_LIMIT), judge).await?)
}

/// The name of the datastore on the array, which the wrapper lies on.
async fn datastore_name(source: &SourceFixture, section: &CopyOffload) -> Result<String, StepError> {
    Ok(source.sdk.datastore_name(&section.datastore_id).await?)
}

/// A login on an ESXi host.
struct Host {
    connection: Connection,
    name: String,
}

impl Host {
    async fn open(network: &dyn Network, login: &EsxiLogin) -> Result<Self, String> {
        let name = login.host.clone();
        let target = Target {
            name: name.clone(),
            login: Login { user: login.user.clone(), method: Method::Password(login.password.clone()) },
            host_key: HostKeyPolicy::Record,
        };
        let opened = Connection::open(network.dial(&login.host, SSH_PORT), &target, OPEN_LIMIT).await;
        let remedy = "see that SSH runs on the host, and esxi_host, esxi_user and esxi_password in providers.json";
        let connection = opened.map_err(|error| format!("{}; {remedy}", chain(&error)))?;
        Ok(Self { connection, name })
    }

    /// Replaces the authorized keys by what `change` makes of them, if it makes anything; whether it did.
    async fn rewrite(&self, change: impl FnOnce(&str) -> Option<String>) -> Result<bool, String> {
        self.must(&format!("mkdir -p {FOLDER}")).await?;
        let is_there = self.run(&format!("test -e {FILE}")).await?.exit == Exit::Status(0);
        let keys = if is_there { self.must(&format!("cat {FILE}")).await? } else { String::new() };
        let Some(new) = change(&keys) else { return Ok(false) };
        if new.lines().any(|line| line == END) {
            return Err(format!("{FILE} on {} holds the line {END:?}; remove it", self.name));
        }
        let digest = Sha256::digest(&new);
        let beside =
            format!("/tmp/authorized_keys_{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
        self.must(&format!("cat > {beside} <<'{END}'\n{new}{END}")).await?;
        self.must(&format!("mv {beside} {FILE}")).await?;
        self.must(&format!("chmod 600 {FILE}")).await?;
        Ok(true)
    }

    async fn run(&self, command: &str) -> Result<CommandOutput, String> {
        self.connection.run(command, &LIMITS).await.map_err(|error| chain(&error))
    }

    /// Runs what must succeed, and returns what it wrote.
    async fn must(&self, command: &str) -> Result<String, String> {
        let output = self.run(command).await?;
        let brief = command.lines().next().unwrap_or_default();
        if output.exit != Exit::Status(0) {
            let why = output.stderr.text().trim().to_owned();
            return Err(format!("{brief} on ESXi host {} ended with {:?}: {why}", self.name, output.exit));
        }
        if output.stdout.truncated() || std::str::from_utf8(&output.stdout.bytes).is_err() {
            return Err(format!("{FILE} on ESXi host {} is too long or no text; it was left as it is", self.name));
        }
        Ok(output.stdout.text().into_owned())
    }
}

#[cfg(test)]
#[path = "esxi_key_tests.rs"]
mod tests;
