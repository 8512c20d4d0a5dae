//! Work that blocks, off the threads that serve connections.

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

/// Runs `work` where it may block; its error becomes the answer.
pub(super) async fn blocking(
    work: impl FnOnce() -> anyhow::Result<Response> + Send + 'static,
) -> Response {
    let internal = StatusCode::INTERNAL_SERVER_ERROR;
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => (internal, format!("{error:#}")).into_response(),
        Err(panic) => (internal, panic.to_string()).into_response(),
    }
}
