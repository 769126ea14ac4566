//! KubeVirt's port-forward: a byte stream to a port of a running guest, through the API server.
//!
//! kube's own way to a WebSocket asks for Kubernetes' channels and takes no other answer, so the upgrade is asked for
//! here; login, TLS and the request's limits are those of every other request.
//!
//! Source: cluster-api.md sections 1.4 and 4.8.

use super::Cluster;
use crate::facts::chain;
use crate::http::{ByteStream, WebSocketBytes};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use kube::client::Body;
use serde_json::Value;
use std::io;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

/// The sub-protocol: raw bytes, no channels.
const PLAIN: &str = "plain.kubevirt.io";

/// More of a refusal is not read.
const REFUSAL_MAX_BYTES: usize = 64 << 10;

impl Cluster {
    /// A connection to a TCP port of the guest of VM `vm`, alive until it is dropped. KubeVirt dials the guest without a
    /// limit of its own: the caller must bound this. Cancel safe.
    ///
    /// # Errors
    /// `PermissionDenied`: the login lacks the right. `Unsupported`: the cluster serves no port-forward. Anything else
    /// may be gone at the next try: the VM does not run yet, or nothing listens in its guest.
    pub async fn port_forward(&self, namespace: &str, vm: &str, port: u16) -> io::Result<Box<dyn ByteStream>> {
        let path = format!(
            "/apis/subresources.kubevirt.io/v1/namespaces/{namespace}/virtualmachineinstances/{vm}/portforward/{port}/tcp"
        );
        let what = format!("port-forward to {port} of VirtualMachineInstance {namespace}/{vm}");
        let request = Request::get(path)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, generate_key())
            .header(header::SEC_WEBSOCKET_PROTOCOL, PLAIN)
            .body(Body::empty())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, format!("{what}: {error}")))?;
        let failed = |why: String| io::Error::new(io::ErrorKind::ConnectionAborted, format!("{what}: {why}"));
        let response = self.client().send(request).await.map_err(|error| failed(chain(&error)))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(&what, response).await);
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(|error| failed(chain(&error)))?;
        Ok(Box::new(WebSocketBytes::client(TokioIo::new(upgraded)).await))
    }
}

async fn refusal(what: &str, response: Response<Body>) -> io::Error {
    let status = response.status();
    let body = Limited::new(response.into_body(), REFUSAL_MAX_BYTES).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let told = serde_json::from_slice::<Value>(&body).ok();
    let message = told
        .as_ref()
        .and_then(|status| status["message"].as_str())
        .map_or_else(|| String::from_utf8_lossy(&body).trim().chars().take(200).collect::<String>(), str::to_owned);
    let (kind, remedy) = match status {
        StatusCode::UNAUTHORIZED => (io::ErrorKind::PermissionDenied, "; log in again"),
        StatusCode::FORBIDDEN => {
            let remedy = "; grant get on virtualmachineinstances/portforward of subresources.kubevirt.io";
            (io::ErrorKind::PermissionDenied, remedy)
        }
        // KubeVirt names what is missing; an API server that does not know the path names nothing.
        StatusCode::NOT_FOUND if !message.contains("virtualmachine") => {
            (io::ErrorKind::Unsupported, "; does KubeVirt run on this cluster?")
        }
        _ => (io::ErrorKind::NotConnected, ""),
    };
    io::Error::new(kind, format!("{what}: {}: {message}{remedy}", status.as_u16()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, status};

    async fn refused(code: u16, reason: &str, message: &str) -> io::Error {
        let fake = Fake::default();
        fake.answer(code, status(code, reason, message));
        fake.cluster().port_forward("ns", "vm", 22).await.err().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_for_good_is_told_from_what_is_not_there_yet() {
        let error = refused(403, "Forbidden", "no").await;
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(
            error.to_string(),
            "port-forward to 22 of VirtualMachineInstance ns/vm: 403: no; grant get on \
             virtualmachineinstances/portforward of subresources.kubevirt.io"
        );
        for (code, message, kind) in [
            (401, "Unauthorized", io::ErrorKind::PermissionDenied),
            (404, "the server could not find the requested resource", io::ErrorKind::Unsupported),
            (404, "virtualmachineinstance.kubevirt.io \"vm\" not found", io::ErrorKind::NotConnected),
            (409, "VMI is paused", io::ErrorKind::NotConnected),
            (500, "dialing VM: connection refused", io::ErrorKind::NotConnected),
        ] {
            assert_eq!(refused(code, "", message).await.kind(), kind, "{code} {message}");
        }
    }
}
