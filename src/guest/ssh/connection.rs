//! A connection's life: opened within a limit, watched, shared by many commands, ended.

use super::authenticate::{Attempt, read_key};
use super::stream::Watched;
use super::witness::{Ended, Porter, Witness};
use super::{HostKey, HostKeyPolicy, SshError, Target};
use russh::client::{self, Config, Handle};
use russh::{Disconnect, SshId};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// A server that says nothing for this long is asked whether it is there...
const KEEPALIVE: Duration = Duration::from_secs(15);

/// ...and given up after as many questions in a row.
const UNANSWERED: usize = 3;

/// Commands at once; OpenSSH allows ten sessions on a connection unless told otherwise (`MaxSessions`).
pub(super) const PARALLEL: usize = 8;

/// Time for an ordered end.
const FAREWELL: Duration = Duration::from_secs(2);

/// An authenticated connection. Commands share it; dropping it ends it at once, and [`Self::close`] in order.
pub struct Connection {
    pub(super) handle: Arc<Handle<Porter>>,
    pub(super) to: String,
    pub(super) witness: Arc<Witness>,
    pub(super) slots: Arc<Semaphore>,
    pub(super) tasks: TaskTracker,
    host_key: HostKey,
    gone: CancellationToken,
    _cut: DropGuard,
}

impl Connection {
    /// Connects and logs in. `dial` gives the stream to speak through; it, the handshake and the login must all be done
    /// within `limit`, since a peer that accepts and says nothing has no other bound.
    ///
    /// Cancel safe: a dropped opening leaves nothing behind but, at most, an attempt in the server's log.
    ///
    /// # Errors
    /// See [`SshError`]; [`SshError::transient`] tells "not yet" from "never".
    pub async fn open<S>(
        dial: impl Future<Output = io::Result<S>>,
        target: &Target,
        limit: Duration,
    ) -> Result<Self, SshError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let witness = Arc::new(Witness::default());
        let opened = timeout(limit, Box::pin(Self::establish(dial, target, &witness))).await;
        opened.unwrap_or_else(|_| Err(witness.silent(target.label(), limit)))
    }

    async fn establish<S>(
        dial: impl Future<Output = io::Result<S>>,
        target: &Target,
        witness: &Arc<Witness>,
    ) -> Result<Self, SshError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let key = read_key(target).await?;
        let to = target.label();
        let stream = dial.await.map_err(|source| SshError::Unreachable { to: to.clone(), source })?;
        witness.dialled();
        let (cut, gone) = (CancellationToken::new(), CancellationToken::new());
        let cutting = cut.clone().drop_guard();
        let stream = Watched::new(stream, Arc::clone(witness), cut);
        let porter = Porter::new(Arc::clone(witness), target.host_key.clone(), gone.clone());
        let shaken = client::connect_stream(Arc::new(config(&target.host_key)), stream, porter).await;
        let mut handle = shaken.map_err(|fault| witness.handshake(&to, &target.host_key, fault))?;
        witness.authenticates();
        Attempt { handle: &mut handle, target, witness }.login(key).await?;
        let host_key = witness.host_key().ok_or_else(|| witness.lost(&to, "no host key was shown"))?;
        let (handle, slots) = (Arc::new(handle), Arc::new(Semaphore::new(PARALLEL)));
        let tasks = TaskTracker::new();
        Ok(Self { handle, to, witness: Arc::clone(witness), slots, tasks, host_key, gone, _cut: cutting })
    }

    /// The key by which the server is known, to pin it.
    pub fn host_key(&self) -> &HostKey {
        &self.host_key
    }

    /// Whether the connection has ended, so that commands need another one.
    pub fn is_closed(&self) -> bool {
        self.gone.is_cancelled()
    }

    /// Resolves when the connection has ended, with the reason. Cancel safe.
    pub async fn closed(&self) -> String {
        self.gone.cancelled().await;
        self.witness.ended().map_or_else(|| "closed".to_owned(), Ended::why)
    }

    /// Takes leave of the server; a peer that does not answer is left after two seconds.
    pub async fn close(self) {
        let farewell = async {
            // Already gone is as good.
            if self.handle.disconnect(Disconnect::ByApplication, "done", "").await.is_ok() {
                self.gone.cancelled().await;
            }
        };
        timeout(FAREWELL, farewell).await.ok();
    }
}

fn config(policy: &HostKeyPolicy) -> Config {
    let mut config = Config {
        client_id: SshId::Standard(Cow::Borrowed(concat!("SSH-2.0-mtvtest_", env!("CARGO_PKG_VERSION")))),
        keepalive_interval: Some(KEEPALIVE),
        keepalive_max: UNANSWERED,
        nodelay: true,
        ..Config::default()
    };
    if let HostKeyPolicy::Pinned(key) = policy {
        config.preferred.key = Cow::Owned(key.first(&config.preferred.key));
    }
    config
}
