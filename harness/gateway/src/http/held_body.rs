//! The body of an answer, which keeps the request's place until it is through.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use crate::ticket::Ticket;

/// A replica's body, and the ticket that ends with it: at its last byte, at an
/// error, or when the client goes away and the body is dropped.
pub(super) struct HeldBody {
    body: Incoming,
    ticket: Option<Ticket>,
}

impl HeldBody {
    pub(super) fn new(body: Incoming, ticket: Ticket) -> Self {
        Self { body, ticket: Some(ticket) }
    }
}

impl Body for HeldBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.ticket = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
