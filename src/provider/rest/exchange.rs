//! One request and its answer, bounded in time.

use crate::http::{HttpClient, HttpError};
use crate::provider::ProviderError;
use crate::provider::patience::{bounded, repeating_reads};
use bytes::Bytes;
use http::{Request, Response};

/// Sends requests, without any mark of a session: what a login is made with.
#[derive(Clone)]
pub(in crate::provider) struct Exchange {
    http: HttpClient,
}

impl Exchange {
    pub(super) fn new(http: HttpClient) -> Self {
        Self { http }
    }

    /// Sends `request`, whose URI is absolute; `operation` and `object` name it in errors. One that `reads` is sent
    /// again when no answer came. Any status is an answer.
    ///
    /// # Errors
    /// [`ProviderError::Unreachable`]: no answer came.
    pub(in crate::provider) async fn send(
        &self,
        request: &Request<Bytes>,
        reads: bool,
        (operation, object): (&str, &str),
    ) -> Result<Response<Bytes>, ProviderError> {
        let sent = repeating_reads(reads, || bounded(&self.http, request.clone())).await;
        sent.map_err(|source| unreachable(operation, object, source))
    }
}

fn unreachable(operation: &str, object: &str, source: HttpError) -> ProviderError {
    let source = Box::new(source);
    ProviderError::Unreachable { operation: operation.to_owned(), object: object.to_owned(), source }
}
