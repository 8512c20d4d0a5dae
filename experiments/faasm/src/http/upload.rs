//! Uploads of functions and state at run time.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, put},
};
use kv::Pool;

use super::blocking;
use crate::{
    faaslet::{Programs, Rejected},
    functions::Functions,
    message::Function,
    state::LocalTier,
};

/// What uploads go through.
pub struct Uploads {
    global: Arc<Pool>,
    functions: Functions,
    /// Compiles functions before they are accepted.
    programs: Arc<Programs>,
    /// Holds values that an upload replaces.
    tier: Option<Arc<LocalTier>>,
}

impl Uploads {
    /// Uploads to `global`, checked by `programs`. A worker that has local
    /// values passes its `tier`, so that an upload is seen there.
    #[must_use]
    pub fn new(global: Arc<Pool>, programs: Arc<Programs>, tier: Option<Arc<LocalTier>>) -> Self {
        Self { functions: Functions::new(Arc::clone(&global)), global, programs, tier }
    }

    fn put_function(&self, function: &Function, wasm: &[u8]) -> anyhow::Result<Response> {
        match self.programs.accept(function, wasm, &self.functions) {
            Ok(()) => Ok(StatusCode::OK.into_response()),
            Err(error) if error.is::<Rejected>() => {
                let text = format!("`{function}` cannot run: {error:#}");
                Ok((StatusCode::UNPROCESSABLE_ENTITY, text).into_response())
            }
            Err(error) => Err(error),
        }
    }

    fn put_state(&self, key: &str, value: &[u8]) -> anyhow::Result<Response> {
        self.global.get()?.set(key, value)?;
        if let Some(tier) = &self.tier {
            tier.forget(key);
        }
        Ok(StatusCode::OK.into_response())
    }

    fn get_state(&self, key: &str) -> anyhow::Result<Response> {
        Ok(match self.global.get()?.get(key)? {
            Some(value) => value.into_response(),
            None => (StatusCode::NOT_FOUND, format!("there is no state `{key}`")).into_response(),
        })
    }
}

/// `PUT /f/USER/FUNCTION`, `PUT /s/USER/KEY` and `GET /s/USER/KEY`.
pub fn upload_routes(uploads: Arc<Uploads>) -> Router {
    Router::new()
        .route("/f/{user}/{name}", put(put_function))
        .route("/s/{user}/{key}", get(get_state).put(put_state))
        .layer(DefaultBodyLimit::disable())
        .with_state(uploads)
}

async fn put_function(
    State(uploads): State<Arc<Uploads>>,
    Path((user, name)): Path<(String, String)>,
    wasm: Bytes,
) -> Response {
    match Function::new(&user, &name) {
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        Ok(function) => blocking(move || uploads.put_function(&function, &wasm)).await,
    }
}

async fn put_state(
    State(uploads): State<Arc<Uploads>>,
    Path((user, key)): Path<(String, String)>,
    value: Bytes,
) -> Response {
    blocking(move || uploads.put_state(&format!("{user}_{key}"), &value)).await
}

async fn get_state(
    State(uploads): State<Arc<Uploads>>,
    Path((user, key)): Path<(String, String)>,
) -> Response {
    blocking(move || uploads.get_state(&format!("{user}_{key}"))).await
}
