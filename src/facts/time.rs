//! Wall-clock time: the only place that reads it.

/// The wall-clock time now, in UTC. Durations are measured with tokio's clock instead.
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// `at` as RFC 3339 with whole seconds, the form of Kubernetes objects (`2026-01-02T03:04:05Z`).
pub fn rfc3339(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
