//! `POST /`: calls, polls and flushes, as the original's protocol has them; and
//! `POST /flush`, which a gateway can tell from a call.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use crate::{
    message::{Call, CallId, Invocation, Outcome, Request, Status},
    results::Results,
};

/// Set on the answer to a call that was executed, whether it succeeded or
/// not: without it, the request never reached a function.
pub const OUTCOME_HEADER: HeaderName = HeaderName::from_static("x-call-outcome");

/// Set beside it: `cold` if the call started cold because its interval asked
/// for it, else `warm`.
pub const START_HEADER: HeaderName = HeaderName::from_static("x-call-start");

/// A flush on a path of its own. A gateway answers it for all replicas of a
/// service, whereas a flush by `POST /` is, like any call, routed to one.
pub const FLUSH_PATH: &str = "/flush";

/// Where a process says how many calls it executed.
pub const CALLS_PATH: &str = "/calls";

/// Inputs are small: what is large belongs into the state.
const BODY_MAX_BYTES: usize = 64 << 20;

/// What runs the calls that come in by HTTP.
pub trait Runtime: Send + Sync + 'static {
    /// Where the ends of calls are kept.
    fn results(&self) -> &Results;

    /// Starts a call; its end goes to the results.
    ///
    /// # Errors
    /// If it cannot be started.
    fn submit(&self, call: Call) -> anyhow::Result<()>;

    /// Runs a call and waits for its end.
    ///
    /// # Errors
    /// If it cannot be started.
    fn invoke(&self, call: Call) -> anyhow::Result<Outcome>;

    /// Forgets local values and, where functions are uploaded, programs.
    fn flush(&self);

    /// Calls that ended here, whether they succeeded or not.
    fn n_executed(&self) -> u64;
}

/// The answer to `GET /calls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallCounts {
    /// Calls that ended on this process, whether they succeeded or not.
    pub executed: u64,
}

/// The routes for calls and flushes.
pub fn call_routes(runtime: Arc<dyn Runtime>) -> Router {
    Router::new()
        .route("/", post(answer))
        .route(FLUSH_PATH, post(flush))
        .route(CALLS_PATH, get(calls))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(runtime)
}

async fn answer(State(runtime): State<Arc<dyn Runtime>>, body: Bytes) -> Response {
    let request = match Request::from_json(&body) {
        Ok(request) => request,
        Err(error) => return (StatusCode::BAD_REQUEST, error).into_response(),
    };
    super::blocking(move || serve(&*runtime, request)).await
}

async fn calls(State(runtime): State<Arc<dyn Runtime>>) -> Json<CallCounts> {
    Json(CallCounts { executed: runtime.n_executed() })
}

async fn flush(State(runtime): State<Arc<dyn Runtime>>) -> Response {
    super::blocking(move || serve(&*runtime, Request::Flush)).await
}

fn serve(runtime: &dyn Runtime, request: Request) -> anyhow::Result<Response> {
    match request {
        Request::Flush => {
            runtime.flush();
            Ok(StatusCode::OK.into_response())
        }
        Request::Status(id) => status(runtime, id),
        Request::Call(invocation) => call(runtime, invocation),
    }
}

fn status(runtime: &dyn Runtime, id: CallId) -> anyhow::Result<Response> {
    let status = runtime.results().status(id)?;
    Ok(match status {
        Some(status) => status.to_text().into_response(),
        None => {
            let unknown = Outcome::failed(format!("there is no call {id}"));
            (StatusCode::NOT_FOUND, Status::Ended(unknown).to_text()).into_response()
        }
    })
}

fn call(runtime: &dyn Runtime, invocation: Invocation) -> anyhow::Result<Response> {
    let results = runtime.results();
    let Invocation { function, index, input, is_async, id: awaited_as, seed, cold_start_interval } =
        invocation;
    let id = awaited_as.map_or_else(|| results.new_id(), Ok)?;
    let call = Call { id, function, index, input, seed, hops: 0, depth: 0, cold_start_interval };
    if is_async {
        results.announce(id)?;
        runtime.submit(call)?;
        return Ok(id.to_string().into_response());
    }
    let outcome = runtime.invoke(call)?;
    if awaited_as.is_some() {
        results.publish(id, &outcome)?;
    }
    let (status, word) = if outcome.is_success() {
        (StatusCode::OK, "success")
    } else {
        (StatusCode::INTERNAL_SERVER_ERROR, "failure")
    };
    let start = if outcome.is_cold { "cold" } else { "warm" };
    let headers = [(OUTCOME_HEADER, word), (START_HEADER, start)];
    Ok((status, headers, outcome.output).into_response())
}
