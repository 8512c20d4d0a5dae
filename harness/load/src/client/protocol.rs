//! The trait of a client: one connection, one request at a time.

use super::Failure;

/// One connection to the system under test. The generator has as many as may
/// be in flight, and each sends one request at a time.
///
/// What is absent: no clock (the generator takes the times around
/// [`Client::send`]), no retry (it would hide a failure), no deadline (the
/// generator drops the future, then calls [`Client::reset`]). Nothing needs to
/// be `Send`: a connection lives and dies on one thread.
pub trait Client {
    /// Connects, before any load is sent and outside of every measurement.
    fn prepare(&mut self) -> impl Future<Output = Result<(), Failure>>;

    /// Sends the request `index` of the load, counted from 0, and awaits all of
    /// its answer. The first poll should write to the socket: the time between
    /// the call and that write counts as the system's.
    fn send(&mut self, index: u64) -> impl Future<Output = Answer<'_>>;

    /// Forgets a request whose future was dropped: nothing of its answer may be
    /// taken for the next one.
    fn reset(&mut self);

    /// How often a connection was made again since the start.
    fn n_reconnects(&self) -> u64;
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Whether it succeeded.
    pub outcome: Result<(), Failure>,
    /// What the answer says of itself, such as `cold`: the latencies of each
    /// label are recorded apart as well.
    pub label: Option<&'a str>,
}

impl Answer<'_> {
    /// A success that says nothing of itself.
    pub const OK: Answer<'static> = Answer { outcome: Ok(()), label: None };

    /// A failure.
    #[must_use]
    pub fn failed(failure: Failure) -> Answer<'static> {
        Answer { outcome: Err(failure), label: None }
    }
}
