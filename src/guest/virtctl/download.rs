//! The archive from the cluster's download host: verified TLS, a size limit, and redirects followed by hand.

use super::error::DownloadError;
use crate::http::{Bulk, HttpClient};
use crate::wait::pause;
use bytes::Bytes;
use http::header::LOCATION;
use http::{Request, StatusCode, Uri};
use std::time::Duration;

/// What a download may be: virtctl's archives have some 25 MiB, and lines may be slow.
const BULK: Bulk = Bulk { bytes_max: 512 << 20, limit: Duration::from_secs(10 * 60) };
/// Redirects that are followed.
const HOPS: usize = 5;
/// Pauses before what failed for a passing reason is asked again.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// The whole archive at `url`. No credential is sent along.
pub(super) async fn fetch(http: &HttpClient, url: &str) -> Result<Bytes, DownloadError> {
    let mut pauses = AGAIN_AFTER.into_iter();
    loop {
        match follow(http, url).await {
            Err(error) if error.transient => match pauses.next() {
                Some(time) => pause(time).await,
                None => return Err(error),
            },
            done => return done,
        }
    }
}

async fn follow(http: &HttpClient, url: &str) -> Result<Bytes, DownloadError> {
    let mut at = url.to_owned();
    for _ in 0..=HOPS {
        let fail = |problem: String, transient| DownloadError { url: at.clone(), problem, transient };
        let uri: Uri = at.parse().map_err(|error| fail(format!("it is no URL: {error}"), false))?;
        if uri.scheme_str() != Some("https") || uri.host().is_none() {
            return Err(fail("it is no https URL, and what comes is run".to_owned(), false));
        }
        let mut request = Request::get(&uri).body(Bytes::new()).map_err(|error| fail(error.to_string(), false))?;
        request.extensions_mut().insert(BULK);
        let answer = http.send(request).await.map_err(|error| fail(error.problem, error.transient))?;
        let status = answer.status();
        if status == StatusCode::OK {
            let body = answer.into_body();
            let fits = body.len() as u64 <= BULK.bytes_max;
            return if fits { Ok(body) } else { Err(fail("it is too large".to_owned(), false)) };
        }
        if !status.is_redirection() {
            let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            return Err(fail(format!("the host answers {status}"), passing));
        }
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| fail(format!("the host answers {status} and no place"), false))?;
        at = resolve(&uri, location);
    }
    let problem = format!("it leads through more than {HOPS} redirects");
    Err(DownloadError { url: url.to_owned(), problem, transient: false })
}

/// The URL that `location` means on a page at `base`.
fn resolve(base: &Uri, location: &str) -> String {
    let place = location.split('#').next().unwrap_or_default();
    let origin = format!("https://{}", base.authority().map_or("", http::uri::Authority::as_str));
    if place.contains("://") {
        place.to_owned()
    } else if place.starts_with("//") {
        format!("https:{place}")
    } else if place.starts_with('/') {
        format!("{origin}{place}")
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{origin}{folder}/{place}")
    }
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
