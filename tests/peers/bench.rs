//! What a test works with: a folder of its own and the peers it has to do with.

use crate::peer::{Launch, Peer};
use futures::future::select_all;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A test's folder and peers. Clones are the same bench.
#[derive(Clone)]
pub(crate) struct Bench {
    folder: Arc<TempDir>,
    peers: Arc<Mutex<Vec<Peer>>>,
    changed: Arc<tokio::sync::Notify>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: Arc::new(TempDir::new().unwrap()), peers: Arc::default(), changed: Arc::default() }
    }

    /// The test's folder; it goes with the test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a peer that ends with the test. Its own log explains a failure of the test from here on.
    pub(crate) async fn start(&self, launch: Launch) -> Peer {
        let peer = Peer::start(launch, self.folder()).await.unwrap_or_else(|why| panic!("{why}"));
        self.join(peer.clone());
        peer
    }

    /// Has to do with a peer from here on: its death fails the test.
    pub(crate) fn join(&self, peer: Peer) {
        self.peers.lock().unwrap().push(peer);
        self.changed.notify_one();
    }

    /// Resolves with what is to be said about the first peer that dies.
    pub(crate) async fn death(&self) -> String {
        loop {
            let peers = self.peers.lock().unwrap().clone();
            let deaths: Vec<_> = peers.iter().map(|peer| Box::pin(peer.death())).collect();
            if deaths.is_empty() {
                self.changed.notified().await;
                continue;
            }
            tokio::select! {
                (died, ..) = select_all(deaths) => return died,
                () = self.changed.notified() => {}
            }
        }
    }

    /// The tails of all logs, where a peer is at fault.
    pub(crate) fn last_words(&self) -> String {
        self.peers.lock().unwrap().iter().map(Peer::last_words).collect()
    }

    /// The last lines of all logs, where it is not.
    pub(crate) fn few_words(&self) -> String {
        self.peers.lock().unwrap().iter().map(|peer| peer.tail(3)).collect()
    }
}
