//! The threads of a worker, and the locks between them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// Starts a thread.
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .expect("the system has threads for the few that the settings allow")
}

/// Waits until the threads have ended.
pub(super) fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        // A thread that panicked has said so; the others still have to be joined.
        let _ = thread.join();
    }
}

/// Locks what stays consistent when a holder panics: each change of it is one step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits before another try.
#[expect(
    clippy::disallowed_methods,
    reason = "the state tier is unreachable: there is nothing to wait for but time"
)]
pub(super) fn pause(duration: Duration) {
    thread::sleep(duration);
}
