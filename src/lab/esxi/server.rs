//! The SSH server of every host of a source.
//!
//! As many ESXi hosts do, it offers `keyboard-interactive` and no `password` (source-providers.md section 2.6).

use super::shell::Shell;
use crate::lab::world::VsphereSource;
use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session, run_stream};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

/// The port that every host listens on.
pub(in crate::lab) const SSH_PORT: u16 = 22;
/// The code of stderr among extended data (RFC 4254, 5.2).
const STDERR: u32 = 1;

/// Files of every host, by MoRef and path.
type Files = Arc<Mutex<BTreeMap<String, BTreeMap<String, String>>>>;

/// The hosts of one source.
#[derive(Debug)]
pub(in crate::lab) struct EsxiServer {
    source: Arc<VsphereSource>,
    files: Files,
    running: Mutex<JoinSet<()>>,
}

impl EsxiServer {
    /// The hosts of `source`; nothing runs until somebody connects.
    pub(in crate::lab) fn new(source: Arc<VsphereSource>) -> Self {
        Self { source, files: Files::default(), running: Mutex::default() }
    }

    /// Serves a connection to a host, given by its MoRef. Needs a running tokio runtime.
    pub(in crate::lab) fn accept<S>(&self, host: &str, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let guest = Guest { source: Arc::clone(&self.source), host: host.to_owned(), files: Arc::clone(&self.files) };
        let config = Arc::new(config(&self.source, host));
        let mut running = lock(&self.running);
        // Those that ended are let go of.
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            // A client that leaves in the middle is no concern of the host's.
            if let Ok(session) = run_stream(config, stream, guest).await {
                session.await.ok();
            }
        });
    }

    /// Ends every connection.
    pub(in crate::lab) fn stop(&self) {
        lock(&self.running).abort_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Each host has a key of its own, from the seed.
fn config(source: &VsphereSource, host: &str) -> Config {
    let text = source.uuid_for(&format!("{host}/ssh")).replace('-', "");
    let mut seed = [0_u8; 32];
    seed.iter_mut().zip(text.bytes()).for_each(|(place, byte)| *place = byte);
    let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
    Config {
        methods: MethodSet::from(&[MethodKind::KeyboardInteractive][..]),
        keys: PrivateKey::new(pair, "esxi").into_iter().collect(),
        ..Config::default()
    }
}

/// One connection.
struct Guest {
    source: Arc<VsphereSource>,
    host: String,
    files: Files,
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut response) = response else {
            let prompts = Cow::Owned(vec![(Cow::Borrowed("Password: "), false)]);
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts });
        };
        let login = &self.source.esxi;
        let right = response.next().is_some_and(|given| given[..] == *login.password.as_bytes());
        Ok(if right && user == login.user { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let output = {
            let mut files = lock(&self.files);
            let files = files.entry(self.host.clone()).or_default();
            Shell { source: &self.source, host: &self.host, files }.run(&String::from_utf8_lossy(command))
        };
        session.channel_success(channel)?;
        if !output.stdout.is_empty() {
            session.data(channel, output.stdout.into_bytes())?;
        }
        if !output.stderr.is_empty() {
            session.extended_data(channel, STDERR, output.stderr.into_bytes())?;
        }
        session.exit_status_request(channel, output.status)?;
        session.eof(channel)?;
        session.close(channel)
    }
}
