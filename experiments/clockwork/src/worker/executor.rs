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
    /// Nothing if only its completion tells.
    end: Option<Nanos>,
    task: u32,
}

impl Executor {
    pub(super) fn push(&mut self, earliest: Nanos, task: u32) {
        self.waiting.push(Reverse(Waiting { earliest, arrival: self.n_arrived, task }));
        self.n_arrived += 1;
    }

    /// When something ends or, if nothing runs, may begin; nothing while something
    /// runs that reports its completion.
    pub(super) fn next_wake(&self) -> Option<Nanos> {
        match &self.running {
            Some(running) => running.end,
            None => self.waiting.peek().map(|Reverse(waiting)| waiting.earliest),
        }
    }

    /// Takes what ran, if its end has come.
    pub(super) fn take_ended(&mut self, now: Nanos) -> Option<u32> {
        let ended = |running: &mut Running| running.end.is_some_and(|end| end <= now);
        self.running.take_if(ended).map(|running| running.task)
    }

    /// Takes what ran until its completion was reported, if that is what runs.
    pub(super) fn take_completed(&mut self) -> Option<u32> {
        self.running.take_if(|running| running.end.is_none()).map(|running| running.task)
    }

    /// Takes what may begin, if nothing runs.
    pub(super) fn take_ready(&mut self, now: Nanos) -> Option<u32> {
        let Reverse(first) = self.waiting.peek()?;
        if self.running.is_some() || first.earliest > now {
            return None;
        }
        self.waiting.pop().map(|Reverse(waiting)| waiting.task)
    }

    /// Keeps it busy with what `take_ready` gave, until `end` or, if that is not
    /// known, its completion.
    pub(super) fn run(&mut self, task: u32, end: Option<Nanos>) {
        debug_assert!(self.running.is_none(), "one at a time");
        self.running = Some(Running { end, task });
    }
}
