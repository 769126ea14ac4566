//! The host: an archive for each system that the lab's virtctl can run on.

use super::archive::{script, tar_gz, zip};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The paths of the object's links; those for IBM Z and Windows lead nowhere.
pub(in crate::lab) fn router() -> Router {
    // A program that does not know its own file cannot be called.
    let program = std::env::current_exe().unwrap_or_default();
    let archive = |make: fn(&str) -> io::Result<Vec<u8>>| {
        get(move |State(program): State<Arc<Path>>| async move { answer(make(&script(&program))) })
    };
    Router::new()
        .route("/amd64/linux/virtctl.tar.gz", archive(tar_gz))
        .route("/arm64/linux/virtctl.tar.gz", archive(tar_gz))
        .route("/amd64/mac/virtctl.zip", archive(zip))
        .route("/arm64/mac/virtctl.zip", archive(zip))
        .with_state(Arc::from(program))
}

fn answer(archive: io::Result<Vec<u8>>) -> Response {
    match archive {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
