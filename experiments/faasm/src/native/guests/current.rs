//! The call that this thread runs: host functions take no context, so the
//! thread keeps it.

use std::{cell::RefCell, panic::resume_unwind, sync::Arc};

use anyhow::Context as _;

use super::scratch::Scratch;
use crate::{host::Context, state::Value};

/// Why a host function ended its call.
pub(super) struct Failure(pub(super) anyhow::Error);

/// The call that a thread runs.
pub(super) struct Current {
    pub(super) context: Context,
    /// Values that the guest has addresses of, which stay valid until the call ends.
    shared: Vec<Arc<Value>>,
    scratch: Vec<Scratch>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// Makes `context` the one of this thread's call.
pub(super) fn enter(context: Context) {
    let current = Current { context, shared: Vec::new(), scratch: Vec::new() };
    CURRENT.with_borrow_mut(|slot| *slot = Some(current));
}

/// Ends this thread's call.
pub(super) fn leave() -> Context {
    CURRENT.with_borrow_mut(Option::take).expect("`enter` came before").context
}

/// Acts on this thread's call. An error unwinds through the guest to
/// [`super::run()`], as a trap would.
pub(super) fn with<R>(act: impl FnOnce(&mut Current) -> anyhow::Result<R>) -> R {
    let acted = CURRENT.with_borrow_mut(|slot| {
        act(slot.as_mut().context("a guest may call the host only while it runs a call")?)
    });
    acted.unwrap_or_else(|error| resume_unwind(Box::new(Failure(error))))
}

impl Current {
    /// The address of a value's byte at `offset`, which stays valid until the call ends.
    pub(super) fn share(&mut self, value: Arc<Value>, offset: usize) -> *mut u8 {
        let address = value.address().wrapping_add(offset);
        self.shared.push(value);
        address
    }

    /// The address of memory that stays the guest's until the call ends.
    pub(super) fn scratch(&mut self, scratch: Scratch) -> *mut u8 {
        let address = scratch.address();
        self.scratch.push(scratch);
        address
    }
}
