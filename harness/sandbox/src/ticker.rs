//! The clock that interrupts guests: one thread that advances the engine's epoch.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context as _;
use wasmtime::Engine;

/// A running ticker. It stops, and its thread is joined, when this is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    ticks: Arc<AtomicU64>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine, tick: Duration) -> anyhow::Result<Self> {
        let ticks = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = mpsc::channel();
        let (engine, counted) = (engine.clone(), Arc::clone(&ticks));
        let thread = std::thread::Builder::new()
            .name("sandbox-ticker".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
                    counted.fetch_add(1, Ordering::Relaxed);
                    engine.increment_epoch();
                }
            })
            .context("cannot start the thread that interrupts guests")?;
        Ok(Self { ticks, stop: Some(stop), thread: Some(thread) })
    }

    /// The number of ticks so far, to be read from any thread.
    pub(crate) fn ticks(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.ticks)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to report: a panic in it is already on stderr.
            drop(thread.join());
        }
    }
}
