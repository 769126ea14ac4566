//! Several ways to trust, tried in order: for hosts of which it is not known who signed their certificate.

use super::{HttpClient, HttpError, Network, RequestCounter, TlsPolicy, Transport};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sends by the first transport that trusts the server. A refused handshake has sent nothing, so nothing is sent twice.
struct InOrder {
    transports: Vec<Arc<dyn Transport>>,
    /// Which one was answered last: it is tried first, so that later requests cost no refused handshake.
    good: AtomicUsize,
}

impl HttpClient {
    /// A client that trusts a server which any of `policies` trusts; they are tried in order. What fails for a passing
    /// reason is not tried by the next.
    ///
    /// # Errors
    /// As [`Network::open`], when no policy can be opened.
    pub fn open_in_order(
        network: &dyn Network,
        policies: &[TlsPolicy],
        counter: RequestCounter,
    ) -> Result<Self, HttpError> {
        let mut failed = None;
        let mut transports = Vec::new();
        for policy in policies {
            match network.open(policy) {
                Ok(transport) => transports.push(transport),
                // A machine without roots of its own may still know the cluster's CA.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match (transports.is_empty(), failed) {
            (true, Some(error)) => Err(error),
            _ => Ok(Self::over(Arc::new(InOrder { transports, good: AtomicUsize::new(0) }), counter)),
        }
    }
}

#[async_trait]
impl Transport for InOrder {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let good = self.good.load(Ordering::Relaxed);
        let mut order: Vec<(usize, &Arc<dyn Transport>)> = self.transports.iter().enumerate().collect();
        order.sort_by_key(|(at, _)| *at != good);
        let mut refused = None;
        for (at, transport) in order {
            match transport.send(request.clone()).await {
                Ok(answer) => {
                    self.good.store(at, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) if error.transient => return Err(error),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or_else(|| HttpError::about(&request, "there is no policy to trust by", false)))
    }
}
