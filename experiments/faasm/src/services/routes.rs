//! The gateway by HTTP: registrations, flushes, and every other request for its
//! service.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{post, put},
};

use super::Registry;
use crate::http::FLUSH_PATH;

/// `PUT /replicas`, `POST /flush` for all replicas of the service that the
/// `Host` header names, and every other request for one of them.
pub fn registry_routes(registry: Arc<Registry>) -> Router {
    let services = registry.routes();
    Router::new()
        .route("/replicas", put(register))
        .route(FLUSH_PATH, post(flush))
        .with_state(registry)
        .fallback_service(services)
}

async fn register(State(registry): State<Arc<Registry>>, body: Bytes) -> Response {
    let registration = match serde_json::from_slice(&body) {
        Ok(registration) => registration,
        Err(error) => {
            let text = format!("not a registration: {error}");
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
    };
    match registry.register(&registration).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => (StatusCode::CONFLICT, format!("{error:#}")).into_response(),
    }
}

async fn flush(State(registry): State<Arc<Registry>>, request: Request<Body>) -> Response {
    let host = gateway::requested_host(&request).unwrap_or_default();
    match registry.flush(&host).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}
