//! One thread of a generator: its connections, its clock, its records.

use std::{cell::RefCell, rc::Rc, time::Duration};

use tokio::time::timeout;

use super::{clock::Clock, load::Load, timer::Timer};
use crate::{
    client::{Answer, Client, Failure},
    record::{Recorder, Sample, Tally},
};

/// How often the generator looks whether it runs at all.
const PULSE: Duration = Duration::from_millis(10);

/// What the connections of one thread share.
pub(super) struct Shard {
    pub(super) load: Load,
    pub(super) end: Duration,
    pub(super) clock: Clock,
    pub(super) timer: Rc<Timer>,
    pub(super) recorder: RefCell<Recorder>,
}

/// One request that is about to be sent; times since the start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) index: u64,
    /// From when its latency counts.
    pub(super) counted_from: Duration,
    /// When it could have been sent.
    pub(super) ready: Duration,
    /// When it is.
    pub(super) sent: Duration,
}

impl Shard {
    /// Sends a request and records how it ended; returns when.
    pub(super) async fn send(&self, client: &mut impl Client, job: Job) -> Duration {
        let n_reconnects = client.n_reconnects();
        let done = match timeout(self.load.timeout, client.send(job.index)).await {
            Ok(answer) => self.record(job, answer),
            Err(_elapsed) => {
                client.reset();
                self.record(job, Answer::failed(Failure::Timeout))
            }
        };
        let n_again = client.n_reconnects() - n_reconnects;
        if n_again > 0 {
            self.tally_at(done, |tally| tally.n_reconnects += n_again);
        }
        done
    }

    /// Counts a request that is never sent.
    pub(super) fn drop_request(&self, index: u64, due: Duration) {
        let is_warm_up = self.load.is_warm_up(index, due);
        self.tally_at(self.clock.now(), |tally| {
            let n_dropped =
                if is_warm_up { &mut tally.warm_up.n_dropped } else { &mut tally.n_dropped };
            *n_dropped += 1;
        });
    }

    /// Looks again and again whether this thread runs when it should. It also
    /// hands on the records of a second in which nothing ends.
    pub(super) async fn pulse(&self) {
        let mut due = Duration::ZERO;
        while due < self.end {
            self.timer.sleep_until(due).await;
            let now = self.clock.now();
            let late = now.saturating_sub(due);
            let is_measured = !self.load.is_warm_up(u64::MAX, due);
            self.tally_at(now, |tally| {
                if is_measured {
                    tally.pulse_max = tally.pulse_max.max(late);
                }
            });
            due = now.max(due + PULSE);
        }
    }

    fn record(&self, job: Job, answer: Answer<'_>) -> Duration {
        let done = self.clock.now();
        let Job { index, counted_from, ready, sent } = job;
        let Answer { outcome, label } = answer;
        let sample = Sample { counted_from, ready, sent, done, outcome, label };
        let is_warm_up = self.load.is_warm_up(index, counted_from);
        self.tally_at(done, |tally| {
            if is_warm_up {
                return tally.record_warm_up(&sample);
            }
            tally.record(&sample);
            tally.n_in_window += u64::from(outcome.is_ok() && done < self.end);
        });
        done
    }

    fn tally_at(&self, now: Duration, change: impl FnOnce(&mut Tally)) {
        change(self.recorder.borrow_mut().at(now));
    }
}
