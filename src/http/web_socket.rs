//! Bytes over a WebSocket: binary messages carry them, and where one message ends means nothing.
//!
//! Source: cluster-api.md section 1.4 (raw stream; text is ignored; no half-close; a server that closes TCP without a
//! Close frame has ended the stream in order).

use bytes::{Buf, Bytes};
use futures::{Sink, Stream};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A byte stream over an upgraded connection `S`. Pings are answered while it is read. Dropping it ends the connection.
pub struct WebSocketBytes<S> {
    socket: WebSocketStream<S>,
    /// What was received and not read yet.
    rest: Bytes,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketBytes<S> {
    /// The client's end of a connection that was upgraded.
    pub async fn client(upgraded: S) -> Self {
        Self::over(upgraded, Role::Client).await
    }

    /// The server's end.
    pub async fn server(upgraded: S) -> Self {
        Self::over(upgraded, Role::Server).await
    }

    async fn over(upgraded: S, role: Role) -> Self {
        Self { socket: WebSocketStream::from_raw_socket(upgraded, role, None).await, rest: Bytes::new() }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WebSocketBytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.socket).poll_next(context)) {
                Some(Ok(Message::Binary(bytes))) => self.rest = bytes,
                Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                Some(Err(error)) if is_end(&error) => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let length = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..length]);
        self.rest.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WebSocketBytes<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut socket = Pin::new(&mut self.socket);
        ready!(socket.as_mut().poll_ready(context)).map_err(io_error)?;
        socket.as_mut().start_send(Message::Binary(Bytes::copy_from_slice(bytes))).map_err(io_error)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context).map_err(io_error)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.socket).poll_close(context)) {
            Err(error) if !is_end(&error) => Poll::Ready(Err(io_error(error))),
            Ok(()) | Err(_) => Poll::Ready(Ok(())),
        }
    }
}

/// Whether the other side just left.
fn is_end(error: &Error) -> bool {
    matches!(
        error,
        Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing)
    )
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other if is_end(&other) => io::Error::new(io::ErrorKind::BrokenPipe, other),
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn bytes_pass_whatever_the_messages_are_and_a_closed_connection_is_an_end() {
        let (near, far) = duplex(64);
        let mut client = WebSocketBytes::client(near).await;
        let mut server = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        let serve = async {
            for message in [
                Message::Ping(Bytes::new()),
                Message::Text("not for you".into()),
                Message::Binary(Bytes::new()),
                Message::Binary(Bytes::from_static(b"he")),
                Message::Binary(Bytes::from_static(b"llo")),
            ] {
                server.send(message).await.unwrap();
            }
            assert!(matches!(server.next().await, Some(Ok(Message::Pong(_)))));
            // As KubeVirt does: no Close frame.
            drop(server);
        };
        let mut text = String::new();
        let (read, ()) = tokio::join!(client.read_to_string(&mut text), serve);
        assert_eq!((read.unwrap(), text.as_str()), (5, "hello"));
        assert_eq!(
            client.write_all(b"x").await.and(client.flush().await).unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
    }

    #[tokio::test]
    async fn both_ends_agree_and_a_shutdown_is_an_end() {
        let (near, far) = duplex(16);
        let (mut client, mut server) = (WebSocketBytes::client(near).await, WebSocketBytes::server(far).await);
        let sent = vec![7_u8; 10_000];
        let write = async {
            client.write_all(&sent).await.unwrap();
            client.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        let ((), read) = tokio::join!(write, server.read_to_end(&mut received));
        read.unwrap();
        assert_eq!(received, sent);
    }
}
