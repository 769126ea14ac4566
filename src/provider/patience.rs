//! How long one request to a source may take, and which are sent again.
//!
//! Owns the limits that every kind of source shares. It knows no API: what an answer means is the caller's.

use crate::http::{HttpClient, HttpError};
use crate::wait::pause;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use std::time::Duration;

/// Longest single call; a server that lost an object's lock never answers (source-providers.md section 7.3).
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(120);
/// Pauses before a read is sent again.
const PAUSES_BEFORE_REPEATS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Sends once, and not longer than [`CALL_LIMIT`].
pub(super) async fn bounded(http: &HttpClient, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let late = HttpError::about(&request, format!("no answer within {} s", CALL_LIMIT.as_secs()), true);
    tokio::time::timeout(CALL_LIMIT, http.send(request)).await.map_err(|_| late)?
}

/// Sends; what only reads is sent again, after pauses, as long as no answer comes for a passing reason or a proxy tells
/// that the server is not there. The last outcome counts.
pub(super) async fn repeating_reads<F: Future<Output = Result<Response<Bytes>, HttpError>>>(
    reads: bool,
    mut send: impl FnMut() -> F,
) -> Result<Response<Bytes>, HttpError> {
    let mut outcome = send().await;
    let pauses = if reads { &PAUSES_BEFORE_REPEATS[..] } else { &[] };
    for before in pauses {
        if !may_pass(&outcome) {
            break;
        }
        pause(*before).await;
        outcome = send().await;
    }
    outcome
}

/// A status of a proxy before a server that is not there yet.
pub(super) fn is_unavailable(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

fn may_pass(outcome: &Result<Response<Bytes>, HttpError>) -> bool {
    match outcome {
        Ok(answer) => is_unavailable(answer.status()),
        Err(error) => error.transient,
    }
}
