//! The body of a request, which can be had back if nobody took any of it.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::body::Body as AnyBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};

/// A handle to a body; clones are the same body. A client consumes the request
/// that it is given, also when it then finds no connection for it; with a
/// second handle the body outlives that.
#[derive(Clone)]
pub(crate) struct KeptBody {
    body: Arc<Mutex<AnyBody>>,
}

impl KeptBody {
    pub(crate) fn new(body: AnyBody) -> Self {
        Self { body: Arc::new(Mutex::new(body)) }
    }

    fn with<R>(&self, use_it: impl FnOnce(Pin<&mut AnyBody>) -> R) -> R {
        use_it(Pin::new(&mut self.body.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Body for KeptBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| body.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}
