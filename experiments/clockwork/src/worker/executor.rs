//! One thing after another, each not before its time.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::time::Nanos;

/// A queue ordered by (earliest, arrival), and what is being done. Tasks are the
/// caller's, here they are numbers.
#[derive(Debug, Default)]
pub(super) struct Executor {
    waiting: BinaryHeap<Reverse<Waiting>>,
    n_arrived: u64,
    running: Option<Running>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    earliest: Nanos,
    arrival: u64,
    task: u32,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    end: Nanos,
    task: u32,
}

impl Executor {
    pub(super) fn push(&mut self, earliest: Nanos, task: u32) {
        self.waiting.push(Reverse(Waiting { earliest, arrival: self.n_arrived, task }));
        self.n_arrived += 1;
    }

    /// When something ends or, if nothing runs, may begin.
    pub(super) fn next_wake(&self) -> Option<Nanos> {
        match &self.running {
            Some(running) => Some(running.end),
            None => self.waiting.peek().map(|Reverse(waiting)| waiting.earliest),
        }
    }

    /// Takes what ran, if its end has come.
    pub(super) fn take_ended(&mut self, now: Nanos) -> Option<u32> {
        self.running.take_if(|running| running.end <= now).map(|running| running.task)
    }

    /// Takes what may begin, if nothing runs.
    pub(super) fn take_ready(&mut self, now: Nanos) -> Option<u32> {
        let Reverse(first) = self.waiting.peek()?;
        if self.running.is_some() || first.earliest > now {
            return None;
        }
        self.waiting.pop().map(|Reverse(waiting)| waiting.task)
    }

    /// Keeps it busy until `end` with what `take_ready` gave.
    pub(super) fn run(&mut self, task: u32, end: Nanos) {
        debug_assert!(self.running.is_none(), "one at a time");
        self.running = Some(Running { end, task });
    }
}
