//! Refusals, in the engine's words.

use axum::http::StatusCode;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Status.
    pub(super) status: StatusCode,
    /// In words.
    pub(super) detail: String,
    /// Whether an action failed, which is told in another shape.
    pub(super) action: bool,
}

impl Refusal {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), action: false }
    }

    /// What the path names is not there.
    pub(super) fn not_found(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Entity not found: {id}"))
    }

    /// The request makes no sense.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The engine's checks say no; its words stand in brackets.
    pub(super) fn conflict(words: &str) -> Self {
        Self::new(StatusCode::CONFLICT, format!("[{words}]"))
    }

    /// As the answer of an action: 400, whatever is wrong but that there is no such object.
    #[must_use]
    pub(super) fn of_action(mut self) -> Self {
        if self.status != StatusCode::NOT_FOUND {
            (self.action, self.status) = (true, StatusCode::BAD_REQUEST);
        }
        self
    }
}
