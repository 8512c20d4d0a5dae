//! The recording side of one thread: a tally per second, handed on when full.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use super::Tally;

/// One second of one thread.
#[derive(Debug)]
pub(super) struct Slice {
    /// The thread.
    pub(super) shard: usize,
    /// The second, from the start.
    pub(super) second: u64,
    /// The next second that this thread will report; none when it has ended.
    pub(super) next_second: Option<u64>,
    pub(super) tally: Box<Tally>,
}

/// Where full tallies go, and where empty ones come from: as many exist as are
/// on the way at one time, whatever the length of a run.
#[derive(Debug, Clone)]
pub struct Slices {
    full: Sender<Slice>,
    spare: Spare,
}

/// Empty tallies, to be used again.
pub(super) type Spare = Arc<Mutex<Vec<Box<Tally>>>>;

/// Records what one thread sees. Serialising and merging happen elsewhere, once
/// a second, so that no request waits for them.
#[derive(Debug)]
pub struct Recorder {
    shard: usize,
    second: u64,
    tally: Box<Tally>,
    slices: Slices,
}

impl Slices {
    /// The two ends.
    pub(super) fn new() -> (Self, Receiver<Slice>, Spare) {
        let (full, slices) = channel();
        let spare = Spare::default();
        (Self { full, spare: Arc::clone(&spare) }, slices, spare)
    }

    fn spare(&self) -> Box<Tally> {
        // A tally is whole whoever panicked: it is cleared before it comes here.
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }
}

impl Recorder {
    /// The recorder of the thread `shard`.
    #[must_use]
    pub fn new(shard: usize, slices: Slices) -> Self {
        Self { shard, second: 0, tally: slices.spare(), slices }
    }

    /// The tally to which belongs what happens `now`, since the start.
    pub fn at(&mut self, now: Duration) -> &mut Tally {
        if now.as_secs() > self.second {
            self.hand_on(Some(now.as_secs()));
        }
        &mut self.tally
    }

    /// Hands on what the last second has; nothing may follow.
    pub fn finish(&mut self) {
        self.hand_on(None);
    }

    fn hand_on(&mut self, next_second: Option<u64>) {
        let tally = std::mem::replace(&mut self.tally, self.slices.spare());
        let slice = Slice { shard: self.shard, second: self.second, next_second, tally };
        self.second = next_second.unwrap_or(self.second);
        // Without a collector nobody wants the numbers any more.
        let _ = self.slices.full.send(slice);
    }
}
