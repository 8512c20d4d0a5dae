//! Requests as they come in: find the service, wait for a place, pass on.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Request, Response, StatusCode, header, uri::Authority},
    response::IntoResponse as _,
};

use super::{
    Upstream,
    forward::{Failure, Outgoing, forward, pass_on},
};
use crate::{
    core::Rejection,
    gateway::Inner,
    service::{Service, Verdict},
};

/// To how many replicas a request is offered that cannot be reached.
const MOST_TRIES: u32 = 3;

/// Every path, for whichever service the `Host` header names.
pub(crate) fn routes(gateway: Arc<Inner>) -> Router {
    Router::new().fallback(handle).with_state(gateway)
}

/// The host that a request is for, without a port, in lower case; none if it
/// names none, or what it names is no host.
#[must_use]
pub fn requested_host(request: &Request<Body>) -> Option<String> {
    let header = || {
        let value = request.headers().get(header::HOST)?;
        Authority::try_from(value.as_bytes()).ok()
    };
    let authority = request.uri().authority().cloned().or_else(header)?;
    Some(authority.host().to_ascii_lowercase())
}

async fn handle(State(gateway): State<Arc<Inner>>, request: Request<Body>) -> Response<Body> {
    let host = requested_host(&request).unwrap_or_default();
    match gateway.service(&host) {
        Ok(service) => serve(&gateway.upstream, &service, request).await,
        Err(error) => (StatusCode::NOT_FOUND, format!("{error}\n")).into_response(),
    }
}

/// Serves a request. If its client goes away meanwhile, this is dropped, and
/// with it the ticket, which frees the place.
async fn serve(
    upstream: &Upstream,
    service: &Arc<Service>,
    request: Request<Body>,
) -> Response<Body> {
    let request = Outgoing::new(request);
    let (mut ticket, mut verdict) = service.enter();
    let mut n_tries_left = MOST_TRIES;
    let (status, text) = loop {
        let assignment = match verdict.await {
            Ok(Verdict::Assigned(assignment)) => assignment,
            Ok(Verdict::Rejected(reason)) => break describe(service, reason),
            Err(_) => break (StatusCode::SERVICE_UNAVAILABLE, "it is being stopped".to_owned()),
        };
        ticket.assigned(&assignment);
        n_tries_left -= 1;
        match forward(upstream, &request, &assignment).await {
            Ok(response) => return pass_on(response, &assignment, ticket),
            Err(Failure { why, is_unreachable: true }) if n_tries_left > 0 => {
                verdict = service.put_back(&ticket, assignment.replica, why);
            }
            Err(Failure { why, .. }) => break (StatusCode::BAD_GATEWAY, why),
        }
    };
    ticket.answered(status);
    (status, format!("service `{}`: {text}\n", service.host())).into_response()
}

fn describe(service: &Service, reason: Rejection) -> (StatusCode, String) {
    match reason {
        Rejection::QueueFull => (
            StatusCode::TOO_MANY_REQUESTS,
            "as many requests wait as may (hint: try again later)".to_owned(),
        ),
        Rejection::NoReplica => {
            let why = service.last_failure().unwrap_or_else(|| "no reason is known".to_owned());
            (StatusCode::BAD_GATEWAY, format!("no replica could be started: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, header: Option<&str>, expected: Option<&str>) {
        let mut request = Request::get(uri);
        if let Some(header) = header {
            request = request.header("host", header);
        }
        let request = request.body(Body::empty()).unwrap();
        assert_eq!(requested_host(&request).as_deref(), expected);
    }

    #[test]
    fn the_host_is_named_without_its_port_and_in_any_case() {
        check("/", Some("echo.example.com"), Some("echo.example.com"));
        check("/", Some("ECHO.Example.com:8080"), Some("echo.example.com"));
        check("http://echo.example.com:80/x", Some("other"), Some("echo.example.com"));
        check("/", None, None);
        check("/", Some("not a host"), None);
    }
}
