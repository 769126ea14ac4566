//! The SSH server of every host of a source.
//!
//! As many ESXi hosts do, it offers `keyboard-interactive` and no `password` (source-providers.md section 2.6).

use super::shell::Shell;
use crate::lab::shell::{Broken, Manner, Output, Seat, SshServer};
use crate::lab::world::Source;
use russh::{MethodKind, MethodSet};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};

/// Files of every host, by MoRef and path.
type Files = Arc<Mutex<BTreeMap<String, BTreeMap<String, String>>>>;

/// The hosts of one source.
#[derive(Debug)]
pub(in crate::lab) struct EsxiServer {
    source: Arc<Source>,
    files: Files,
    server: SshServer,
}

impl EsxiServer {
    /// The hosts of `source`; nothing runs until somebody connects.
    pub(in crate::lab) fn new(source: Arc<Source>) -> Self {
        Self { source, files: Files::default(), server: SshServer::default() }
    }

    /// Serves a connection to a host, given by its MoRef. Needs a running tokio runtime.
    pub(in crate::lab) fn accept<S>(&self, host: &str, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let seat = Guest { source: Arc::clone(&self.source), host: host.to_owned(), files: Arc::clone(&self.files) };
        let methods = MethodSet::from(&[MethodKind::KeyboardInteractive][..]);
        let manner = Manner { methods, key: self.source.uuid_for(&format!("{host}/ssh")) };
        self.server.serve(&manner, seat, stream);
    }

    /// Ends every connection.
    pub(in crate::lab) fn stop(&self) {
        self.server.stop();
    }
}

/// One connection.
struct Guest {
    source: Arc<Source>,
    host: String,
    files: Files,
}

impl Seat for Guest {
    fn admits(&mut self, user: &str, password: &str) -> Result<bool, Broken> {
        let login = self.source.vsphere().map(|parts| &parts.esxi);
        Ok(login.is_some_and(|login| user == login.user && password == login.password))
    }

    fn trusts(&mut self, _user: &str, _key: &str) -> Result<bool, Broken> {
        Ok(false)
    }

    fn run(&mut self, line: &[u8]) -> Result<Output, Broken> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let files = files.entry(self.host.clone()).or_default();
        Ok(Shell { source: &self.source, host: &self.host, files }.run(&String::from_utf8_lossy(line)))
    }
}
