//! The SSH server of a simulated host.
//!
//! Cheap on purpose: one host key of Ed25519, key exchange by Curve25519 alone (a client that prefers ML-KEM would cost
//! both sides several times as much), and no time added to refusals. Source: cluster-api.md section 5.

use super::Output;
use super::cut::Cut;
use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session, VerifiedPublicKey, run_stream};
use russh::{Channel, ChannelId, MethodSet, Preferred, kex};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

/// The code of stderr among extended data (RFC 4254, 5.2).
const STDERR: u32 = 1;

/// The key exchange that is offered, and the marks that go with it.
const EXCHANGES: &[kex::Name] = &[
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];

/// The host breaks the connection off.
#[derive(Debug, Default)]
pub(in crate::lab) struct Broken {
    /// What of a command's standard output went out before.
    pub(in crate::lab) sent: Vec<u8>,
}

/// The host behind one connection.
pub(in crate::lab) trait Seat: Send + 'static {
    /// Whether a password lets a user in.
    fn admits(&mut self, user: &str, password: &str) -> Result<bool, Broken>;

    /// Whether a key, as OpenSSH writes it, lets a user in.
    fn trusts(&mut self, user: &str, key: &str) -> Result<bool, Broken>;

    /// Runs a command line.
    fn run(&mut self, line: &[u8]) -> Result<Output, Broken>;
}

/// What a server shows before anybody has logged in.
#[derive(Debug, Clone)]
pub(in crate::lab) struct Manner {
    /// Ways to log in.
    pub(in crate::lab) methods: MethodSet,
    /// The host's key follows from it.
    pub(in crate::lab) key: String,
}

/// Connections to simulated hosts.
#[derive(Debug, Default)]
pub(in crate::lab) struct SshServer(Mutex<JoinSet<()>>);

impl SshServer {
    /// Serves a connection. Needs a running tokio runtime.
    pub(in crate::lab) fn serve<S>(&self, manner: &Manner, seat: impl Seat, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let config = Arc::new(config(manner));
        let mut running = self.running();
        // Those that ended are let go of.
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            // A client that leaves in the middle is no concern of the host's.
            let cut = Cut::default();
            let stream = cut.stream(stream);
            if let Ok(session) = run_stream(config, stream, Host { seat, cut }).await {
                session.await.ok();
            }
        });
    }

    /// Ends every connection.
    pub(in crate::lab) fn stop(&self) {
        self.running().abort_all();
    }

    fn running(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn config(manner: &Manner) -> Config {
    let mut seed = [0_u8; 32];
    let text = manner.key.bytes().filter(|byte| *byte != b'-');
    seed.iter_mut().zip(text).for_each(|(place, byte)| *place = byte);
    let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
    Config {
        methods: manner.methods.clone(),
        keys: PrivateKey::new(pair, "lab").into_iter().collect(),
        preferred: Preferred { kex: Cow::Borrowed(EXCHANGES), ..Preferred::DEFAULT },
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        ..Config::default()
    }
}

struct Host<T> {
    seat: T,
    /// What ends the connection without a word.
    cut: Cut,
}

fn judged(answer: Result<bool, Broken>) -> Result<Auth, russh::Error> {
    match answer {
        Ok(true) => Ok(Auth::Accept),
        Ok(false) => Ok(Auth::reject()),
        Err(Broken { .. }) => Err(russh::Error::Disconnect),
    }
}

impl<T: Seat> Handler for Host<T> {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        judged(self.seat.admits(user, password))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let text = key.public_key.to_openssh().map_err(|_| russh::Error::Disconnect)?;
        judged(self.seat.trusts(user, &text))
    }

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
        let given = response.next().map(|given| String::from_utf8_lossy(&given).into_owned()).unwrap_or_default();
        judged(self.seat.admits(user, &given))
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
        session.channel_success(channel)?;
        let output = match self.seat.run(command) {
            Ok(output) => output,
            Err(Broken { sent }) if sent.is_empty() => return Err(russh::Error::Disconnect),
            Err(Broken { sent }) => {
                session.data(channel, sent)?;
                self.cut.cut();
                return Ok(());
            }
        };
        if !output.stdout.is_empty() {
            session.data(channel, output.stdout)?;
        }
        if !output.stderr.is_empty() {
            session.extended_data(channel, STDERR, output.stderr)?;
        }
        session.exit_status_request(channel, output.status)?;
        session.eof(channel)?;
        session.close(channel)
    }
}
