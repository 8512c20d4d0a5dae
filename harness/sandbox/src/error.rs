//! Why a call failed, in terms that a caller can branch on.

use std::time::Duration;

use wasmtime::{PoolConcurrencyLimitError, Trap};

/// Why a guest could not start or a call into it failed. The sandbox and all
/// other guests go on; the failed guest should be dropped.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The module has no such function.
    #[error("no function `{export}` to call: {reason}")]
    NoSuchExport {
        /// The name asked for.
        export: String,
        /// What is there instead.
        reason: String,
    },
    /// The guest did what wasm forbids: out of bounds, unreachable, stack overflow.
    #[error("guest trapped: {reason}")]
    Trap {
        /// The trap and, where known, the guest functions that led to it.
        reason: String,
    },
    /// The guest ran for longer than its call's limit.
    #[error("guest ran for longer than its limit of {limit:?}")]
    Deadline {
        /// The limit of the call.
        limit: Duration,
    },
    /// The guest asked for more memory than the sandbox allows.
    #[error("guest asked for {wanted_bytes} bytes of memory, its limit is {limit_bytes}")]
    OutOfMemory {
        /// The private memory that it would have had.
        wanted_bytes: usize,
        /// What it may have.
        limit_bytes: usize,
    },
    /// A [`Stopper`](crate::Stopper) stopped the guest.
    #[error("guest was stopped")]
    Stopped,
    /// The guest ended itself through a host function, by [`Host::exit`](crate::Host::exit).
    #[error("guest exited with status {status}")]
    Exited {
        /// The status it gave.
        status: i32,
    },
    /// A host function failed.
    #[error("host function failed: {0:#}")]
    HostError(anyhow::Error),
    /// A host function panicked.
    #[error("host function panicked: {message}")]
    HostPanic {
        /// The panic's message.
        message: String,
    },
    /// The engine itself failed, as when the system has no mappings left.
    #[error("the engine cannot run the guest: {reason}")]
    Engine {
        /// What it says.
        reason: String,
    },
    /// All slots of the sandbox are taken.
    #[error("all slots of the sandbox are taken (hint: raise its `slots`, or drop idle guests)")]
    NoSlot,
}

/// An access outside a region or a guest's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{len_bytes} bytes at offset {offset} are outside a memory of {memory_bytes} bytes")]
pub struct OutOfBounds {
    /// Where the access began.
    pub offset: usize,
    /// How long it was.
    pub len_bytes: usize,
    /// The length of the region or memory.
    pub memory_bytes: usize,
}

impl OutOfBounds {
    /// Checks that `len_bytes` at `offset` lie inside `memory_bytes`.
    pub(crate) fn check(offset: usize, len_bytes: usize, memory_bytes: usize) -> Result<(), Self> {
        match offset.checked_add(len_bytes) {
            Some(end) if end <= memory_bytes => Ok(()),
            _ => Err(Self { offset, len_bytes, memory_bytes }),
        }
    }
}

/// What ends a guest from outside its own code, on its way through the engine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interrupt {
    #[error("deadline of {limit:?}")]
    Deadline { limit: Duration },
    #[error("out of memory")]
    OutOfMemory { wanted_bytes: usize, limit_bytes: usize },
    #[error("stopped")]
    Stopped,
    #[error("exit {status}")]
    Exited { status: i32 },
    #[error("host function failed: {0:#}")]
    Host(anyhow::Error),
    #[error("host function panicked: {message}")]
    Panic { message: String },
}

impl From<Interrupt> for CallError {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Deadline { limit } => Self::Deadline { limit },
            Interrupt::OutOfMemory { wanted_bytes, limit_bytes } => {
                Self::OutOfMemory { wanted_bytes, limit_bytes }
            }
            Interrupt::Stopped => Self::Stopped,
            Interrupt::Exited { status } => Self::Exited { status },
            Interrupt::Panic { message } => Self::HostPanic { message },
            Interrupt::Host(error) => Self::from_host(error),
        }
    }
}

impl CallError {
    /// What the engine reports, whether from an instantiation or a call.
    pub(crate) fn from_engine(error: wasmtime::Error) -> Self {
        let error = match error.downcast::<Interrupt>() {
            Ok(interrupt) => return interrupt.into(),
            Err(error) => error,
        };
        if error.is::<PoolConcurrencyLimitError>() {
            return Self::NoSlot;
        }
        if error.is::<Trap>() {
            return Self::Trap { reason: format!("{error:#}") };
        }
        Self::Engine { reason: format!("{error:#}") }
    }

    /// A host function's error, which may carry an [`Interrupt`] raised inside
    /// it, or the guest's own bad pointer.
    fn from_host(error: anyhow::Error) -> Self {
        let error = match error.downcast::<Interrupt>() {
            Ok(interrupt) => return interrupt.into(),
            Err(error) => error,
        };
        if error.is::<BadPointer>() {
            return Self::Trap { reason: format!("{error:#}") };
        }
        Self::HostError(error)
    }
}

/// A range that a guest passed to a host function and that is not in its memory.
#[derive(Debug, thiserror::Error)]
#[error("bad pointer passed to the host")]
pub(crate) struct BadPointer(#[from] pub(crate) OutOfBounds);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_checked_without_overflow() {
        assert!(OutOfBounds::check(0, 0, 0).is_ok());
        assert!(OutOfBounds::check(90, 10, 100).is_ok());
        assert!(OutOfBounds::check(90, 11, 100).is_err());
        assert!(OutOfBounds::check(usize::MAX, 1, 100).is_err());
        assert!(OutOfBounds::check(1, usize::MAX, 100).is_err());
    }

    #[test]
    fn an_interrupt_is_found_under_what_was_said_about_it() {
        let exit =
            anyhow::Error::new(Interrupt::Exited { status: 3 }).context("in a host function");
        let error = wasmtime::Error::new(Interrupt::Host(exit)).context("while calling");
        assert!(matches!(CallError::from_engine(error), CallError::Exited { status: 3 }));
    }

    #[test]
    fn a_failure_of_the_engine_is_nobody_elses() {
        let error = CallError::from_engine(wasmtime::Error::msg("mmap failed"));
        assert_eq!(error.to_string(), "the engine cannot run the guest: mmap failed");
    }
}
