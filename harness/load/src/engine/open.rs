//! The open loop: the schedule decides when a request is sent.
//!
//! Connections take their turns in the order in which they became free. Who has
//! the turn waits for the next arrival, passes the turn on and sends. So no
//! send waits for an answer as long as one connection is free, and when none
//! is, arrivals wait in the schedule itself, which needs no memory.

use std::{rc::Rc, time::Duration};

use tokio::sync::Mutex;

use super::shard::{Job, Shard};
use crate::{client::Client, schedule::Arrivals};

/// The arrivals of one thread: each `n_shards`-th of the schedule.
pub(super) struct Turns {
    shard: Rc<Shard>,
    wait_limit: Duration,
    arrivals: Mutex<Ahead>,
}

/// The arrivals to come.
struct Ahead {
    arrivals: Arrivals,
    n_shards: usize,
    index: u64,
    next: Option<Duration>,
}

/// Which part of the arrivals is a thread's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) shard: usize,
    pub(super) n_shards: usize,
}

impl Turns {
    pub(super) fn new(
        shard: Rc<Shard>,
        wait_limit: Duration,
        mut arrivals: Arrivals,
        part: Part,
    ) -> Self {
        let next = arrivals.nth(part.shard);
        let ahead = Ahead { arrivals, n_shards: part.n_shards, index: part.shard as u64, next };
        Self { shard, wait_limit, arrivals: Mutex::new(ahead) }
    }

    /// Sends with one connection until the schedule ends.
    pub(super) async fn run(&self, mut client: impl Client) {
        let mut free = Duration::ZERO;
        while let Some(job) = self.next(free).await {
            free = self.shard.send(&mut client, job).await;
        }
    }

    /// The next request for a connection that became free at `free`.
    async fn next(&self, free: Duration) -> Option<Job> {
        let mut ahead = self.arrivals.lock().await;
        loop {
            let due = ahead.next.filter(|due| *due < self.shard.end)?;
            self.shard.timer.sleep_until(due).await;
            let index = ahead.advance();
            let sent = self.shard.clock.now();
            if sent.saturating_sub(due) <= self.wait_limit {
                return Some(Job { index, counted_from: due, ready: due.max(free), sent });
            }
            self.shard.drop_request(index, due);
        }
    }
}

impl Ahead {
    /// Goes on to the next arrival; returns the index of this one.
    fn advance(&mut self) -> u64 {
        let index = self.index;
        self.next = self.arrivals.nth(self.n_shards - 1);
        self.index += self.n_shards as u64;
        index
    }
}
