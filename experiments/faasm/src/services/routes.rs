//! The gateway by HTTP: registrations, and every other request for its service.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::put,
};
use tower::ServiceExt as _;

use super::Registry;

/// `PUT /replicas`, and every other request for the service that its `Host`
/// header names.
pub fn registry_routes(registry: Arc<Registry>) -> Router {
    Router::new().route("/replicas", put(register)).fallback(pass_on).with_state(registry)
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

async fn pass_on(State(registry): State<Arc<Registry>>, request: Request<Body>) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default().to_ascii_lowercase();
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    match registry.routes(name) {
        Some(routes) => routes.oneshot(request).await.into_response(),
        None => {
            let text = format!("there is no service `{name}` (hint: its replicas register first)");
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}
