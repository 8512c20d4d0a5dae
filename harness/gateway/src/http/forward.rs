//! Passing a request on to a replica, and its answer back.

use std::net::SocketAddr;

use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, Uri, Version, request::Parts, uri::Scheme},
};
use hyper::body::Incoming;

use super::{KeptBody, Upstream, headers::remove_hop_by_hop, held_body::HeldBody};
use crate::{service::Assignment, ticket::Ticket};

/// Says in an answer whether the request waited for its replica to start.
const COLD_START: &str = "x-cold-start";

/// Says in an answer which replica gave it.
const REPLICA: &str = "x-replica";

/// A request that can be sent again as long as no replica took any of it.
pub(super) struct Outgoing {
    parts: Parts,
    body: KeptBody,
}

/// Why there is no answer.
pub(super) struct Failure {
    pub(super) why: String,
    /// Whether the replica could not even be reached.
    pub(super) is_unreachable: bool,
}

impl Outgoing {
    /// The same request but for the headers of the hop that it came by. The
    /// `Host` header stays what the client said.
    pub(super) fn new(request: Request<Body>) -> Self {
        let (mut parts, body) = request.into_parts();
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        remove_hop_by_hop(&mut parts.headers);
        Self { parts, body: KeptBody::new(body) }
    }

    fn to(&self, address: SocketAddr) -> Request<KeptBody> {
        let mut parts = self.parts.clone();
        let path = parts.uri.path_and_query().cloned();
        let path = path.unwrap_or_else(|| "/".parse().expect("a slash is a path"));
        parts.uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(address.to_string())
            .path_and_query(path)
            .build()
            .expect("a scheme, an address and a path make a URI");
        Request::from_parts(parts, self.body.clone())
    }
}

/// Sends a request to the replica that it was assigned.
pub(super) async fn forward(
    upstream: &Upstream,
    request: &Outgoing,
    assignment: &Assignment,
) -> Result<Response<Incoming>, Failure> {
    let Assignment { replica, address, .. } = *assignment;
    upstream.send(request.to(address)).await.map_err(|error| {
        let is_unreachable = error.is_connect();
        let error = anyhow::Error::from(error);
        Failure {
            why: format!("replica {replica} at {address} gave no answer: {error:#}"),
            is_unreachable,
        }
    })
}

/// A replica's answer as the client gets it; its body holds the ticket.
pub(super) fn pass_on(
    response: Response<Incoming>,
    assignment: &Assignment,
    mut ticket: Ticket,
) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    remove_hop_by_hop(&mut parts.headers);
    let cold = HeaderValue::from_static(if assignment.cold { "true" } else { "false" });
    parts.headers.insert(COLD_START, cold);
    parts.headers.insert(REPLICA, HeaderValue::from(assignment.replica));
    parts.version = Version::HTTP_11;
    ticket.answered(parts.status);
    Response::from_parts(parts, Body::new(HeldBody::new(body, ticket)))
}
