//! One connection through virtctl: a process of its own, a loopback port, and the proof that both are ours.

use super::obtain::Virtctl;
use super::process::Running;
use crate::guest::Tunnel;
use crate::http::ByteStream;
use crate::wait::{Deadline, Seen, WaitError, poll};
use async_trait::async_trait;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// How long a virtctl may take until it listens: it starts, and reads a file.
const LISTENS_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EACH: Duration = Duration::from_millis(200);

#[async_trait]
impl Tunnel for Virtctl {
    async fn dial(&self, namespace: &str, vm: &str, port: u16) -> io::Result<Box<dyn ByteStream>> {
        let local = free_port().await?;
        let mut command = self.runner.command(&self.program);
        command.args(["port-forward", &target(namespace, vm), &format!("{local}:{port}")]);
        command.args(["--namespace", namespace, "--address", "127.0.0.1", "--kubeconfig"]).arg(self.kubeconfig.path());
        let running = Running::start(&self.runner.tasks, command, Arc::clone(&self.mask)).await?;
        let stream = connect(&running, local).await?;
        stream.set_nodelay(true)?;
        // Only its own word proves that it is this process that listens there, and that the cluster let it through.
        let told = running.told(|told| told.carries || told.refused.is_some()).await;
        match (&told.refused, &told.ended) {
            (None, None) => Ok(Box::new(Forwarded { stream, _running: running })),
            (Some(why), _) => Err(failure(why)),
            (None, Some(_)) => Err(failure(&told.ending())),
        }
    }

    /// Waits until every process has ended, and its entry in the table of processes is gone.
    async fn close(&self) {
        self.runner.tasks.close();
        self.runner.tasks.wait().await;
    }
}

/// `vmi/NAME`, which needs the same right as the native tunnel; virtctl takes what follows the last dot for a namespace,
/// so a name with dots needs one.
fn target(namespace: &str, vm: &str) -> String {
    if vm.contains('.') { format!("vmi/{vm}.{namespace}") } else { format!("vmi/{vm}") }
}

/// A port that nobody has. Another may take it before virtctl does; virtctl then ends.
async fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    Ok(listener.local_addr()?.port())
}

/// Connects as soon as something listens. virtctl takes each connection to the cluster, so the first is the only one.
async fn connect(running: &Running, local: u16) -> io::Result<TcpStream> {
    let deadline = Deadline::after(LISTENS_WITHIN, &CancellationToken::new());
    let attempt = poll("virtctl port-forward listens", &deadline, LOOK_EACH, async || {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, local)).await {
            Ok(stream) => Seen::Met(stream),
            Err(error) => Seen::Pending(error.to_string()),
        }
    });
    tokio::select! {
        connected = attempt => connected.map_err(|error| match error {
            WaitError::TimedOut { .. } => io::Error::new(ErrorKind::TimedOut, error.to_string()),
            WaitError::Hopeless { .. } | WaitError::Cancelled { .. } => io::Error::other(error.to_string()),
        }),
        told = running.told(|_| false) => Err(failure(&told.ending())),
    }
}

/// An error of the kind that its words tell.
fn failure(words: &str) -> io::Error {
    let lower = words.to_ascii_lowercase();
    let says = |texts: &[&str]| texts.iter().any(|text| lower.contains(text));
    let kind = if says(&["forbidden", "unauthorized"]) {
        ErrorKind::PermissionDenied
    } else if says(&["not found"]) {
        ErrorKind::NotFound
    } else if says(&["address already in use"]) {
        ErrorKind::AddrInUse
    } else {
        ErrorKind::ConnectionRefused
    };
    io::Error::new(kind, format!("virtctl port-forward: {words}"))
}

/// The connection, and the process that carries it: they end together.
struct Forwarded {
    stream: TcpStream,
    _running: Running,
}

impl AsyncRead for Forwarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Forwarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
#[path = "forward_tests.rs"]
mod tests;
