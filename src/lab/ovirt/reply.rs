//! Answers, in the language that the client asked for.

use super::fault::Refusal;
use super::item::{Item, Part, list_xml};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

/// What is answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// An object of that word.
    Item(StatusCode, &'static str, Box<Item>),
    /// A collection: its words in XML, for all and for one.
    List((&'static str, &'static str), Vec<Item>),
}

impl Reply {
    /// An object that is there.
    pub(super) fn item(word: &'static str, item: Item) -> Self {
        Self::Item(StatusCode::OK, word, Box::new(item))
    }

    /// An action that is done.
    pub(super) fn done() -> Self {
        Self::item("action", Item::default().with("status", "complete"))
    }
}

/// The language of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Xml,
    Json,
}

impl Language {
    /// XML, unless JSON is asked for.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accept.contains("json") { Self::Json } else { Self::Xml }
    }

    /// An answer as it is sent.
    pub(super) fn write(self, answer: Result<Reply, Refusal>) -> Response {
        let reply = answer.unwrap_or_else(|refusal| {
            let fault = Item::default().with("detail", &refusal.detail).with("reason", "Operation Failed");
            if refusal.action {
                let action = Item::default().with("status", "failed").with("fault", fault);
                return Reply::Item(refusal.status, "action", Box::new(action));
            }
            Reply::Item(refusal.status, "fault", Box::new(fault))
        });
        match (self, reply) {
            (Self::Json, Reply::Item(status, _, item)) => json(status, &item.json()),
            (Self::Json, Reply::List((_, word), items)) => {
                let list = Item::default().with("list", Part::List(word, items)).json();
                json(StatusCode::OK, &list["list"])
            }
            (Self::Xml, Reply::Item(status, word, item)) => xml(status, word, *item),
            (Self::Xml, Reply::List((words, word), items)) => {
                let mut text = DECLARATION.to_owned();
                list_xml(words, word, &items, &mut text);
                respond(StatusCode::OK, "application/xml;charset=UTF-8", text)
            }
        }
    }
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

fn xml(status: StatusCode, word: &str, item: Item) -> Response {
    let mut text = DECLARATION.to_owned();
    item.xml(word, &mut text);
    respond(status, "application/xml;charset=UTF-8", text)
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, value: &Value) -> Response {
    respond(status, "application/json", value.to_string())
}

fn respond(status: StatusCode, kind: &'static str, text: String) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
