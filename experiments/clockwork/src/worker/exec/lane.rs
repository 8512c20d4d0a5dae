//! A thread that does one thing after another, and reports each.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use super::device::Report;
use crate::{
    message::ActionStatus,
    time::Nanos,
    worker::{Completion, Stage},
};

/// Says why something failed: with a status for the controller and a text for whoever
/// reads the worker's log.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: ActionStatus,
    pub(super) why: String,
}

impl From<candle_core::Error> for Failure {
    fn from(error: candle_core::Error) -> Self {
        Self { status: ActionStatus::Other(RUNTIME_ERROR), why: error.to_string() }
    }
}

type Job = Box<dyn FnOnce() -> Result<(), Failure> + Send>;

/// A thread for a stage. It ends, once its work is done, when this is dropped.
#[derive(Debug)]
pub(super) struct Lane {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Lane {
    pub(super) fn new(stage: Stage, report: Arc<Report>) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        let name = format!("gpu-{stage:?}").to_lowercase();
        let thread = thread::Builder::new().name(name);
        let thread = thread.spawn(move || work(stage, &queue, &*report))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does this after all that it was given before.
    pub(super) fn run(&self, job: impl FnOnce() -> Result<(), Failure> + Send + 'static) {
        let jobs = self.jobs.as_ref().expect("there is a queue until it is dropped");
        jobs.send(Box::new(job)).expect("the thread outlives its queue");
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            eprintln!("clockwork: a device's thread panicked while it reported");
        }
    }
}

fn work(stage: Stage, queue: &Receiver<Job>, report: &Report) {
    for job in queue {
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|panic| {
            Err(Failure { status: ActionStatus::Other(RUNTIME_ERROR), why: text(&*panic) })
        });
        let duration = began.elapsed().as_nanos() as Nanos;
        let outcome = outcome.map_err(|Failure { status, why }| {
            eprintln!("clockwork: {stage:?} failed: {why}");
            status
        });
        report(Completion { stage, duration, outcome });
    }
}

/// `actionErrorRuntimeError` of the original.
pub(super) const RUNTIME_ERROR: u32 = 2;

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}
