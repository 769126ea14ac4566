//! Redirects, statuses and limits.

use super::*;
use crate::http::testing::answered_by;
use crate::http::{HttpError, RequestCounter};
use http::Response;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

type Answer = Result<(u16, &'static str), bool>;

/// What fetching says when the host answers this, and which URLs were asked.
async fn fetched(answers: impl IntoIterator<Item = Answer>) -> (Result<String, String>, Vec<String>) {
    let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::new(Mutex::new(answers.into_iter().collect()));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let answer = move |request: Request<Bytes>| {
        seen.lock().unwrap().push(request.uri().to_string());
        assert!(request.headers().get("authorization").is_none());
        assert_eq!(request.extensions().get::<Bulk>(), Some(&BULK));
        match answers.lock().unwrap().pop_front().unwrap() {
            Ok((200, text)) => Ok(Response::new(Bytes::from(text))),
            Ok((status, place)) => {
                let builder = Response::builder().status(status);
                let builder = if place.is_empty() { builder } else { builder.header(LOCATION, place) };
                Ok(builder.body(Bytes::new()).unwrap())
            }
            Err(transient) => Err(HttpError::about(&request, "refused", transient)),
        }
    };
    let http = answered_by(answer, RequestCounter::default());
    let text = fetch(&http, "https://host.test:8443/amd64/linux/virtctl.tar.gz").await;
    let text = text.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).map_err(|error| error.to_string());
    let asked = asked.lock().unwrap().clone();
    (text, asked)
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed_over_https_only() {
    let (text, asked) = fetched([
        Ok((302, "/moved/virtctl.tar.gz")),
        Ok((307, "other.tar.gz?x=1#part")),
        Ok((301, "//mirror.test/virtctl")),
        Ok((308, "https://last.test/virtctl")),
        Ok((200, "archive")),
    ])
    .await;
    assert_eq!(text.as_deref(), Ok("archive"));
    assert_eq!(
        asked[1..],
        [
            "https://host.test:8443/moved/virtctl.tar.gz",
            "https://host.test:8443/moved/other.tar.gz?x=1",
            "https://mirror.test/virtctl",
            "https://last.test/virtctl",
        ]
    );
    let (text, asked) = fetched([Ok((302, "http://host.test/virtctl"))]).await;
    assert!(text.unwrap_err().contains("http://host.test/virtctl: it is no https URL"));
    assert_eq!(asked.len(), 1);
    let (text, _) = fetched([Ok((302, ""))]).await;
    assert!(text.unwrap_err().contains("no place"));
    let (text, asked) = fetched((0..10).map(|_| Ok((302, "/again")))).await;
    assert!(text.unwrap_err().contains("more than 5 redirects"));
    assert_eq!(asked.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn passing_trouble_is_tried_again_and_other_is_told() {
    assert_eq!(fetched([Err(true), Ok((503, "")), Ok((200, "archive"))]).await.0.as_deref(), Ok("archive"));
    let (text, asked) = fetched([Err(true), Err(true), Ok((502, ""))]).await;
    assert!(text.unwrap_err().contains("the host answers 502"));
    assert_eq!(asked.len(), 3);
    let (text, asked) = fetched([Ok((404, ""))]).await;
    assert!(text.unwrap_err().ends_with("virtctl.tar.gz: the host answers 404 Not Found"));
    assert_eq!(asked.len(), 1);
    assert_eq!(fetched([Err(false)]).await.1.len(), 1);
}
