//! Brings the seconds of all threads together: into the log, and into a total.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, mpsc::Receiver},
};

use super::{
    Slices, Tally,
    recorder::{Slice, Spare},
};
use crate::hlog::LogWriter;

/// Brings the seconds of all threads together.
pub struct Collector {
    slices: Receiver<Slice>,
    spare: Spare,
    /// For each thread the next second that it will report, until it has ended.
    next_seconds: Vec<Option<u64>>,
    open: BTreeMap<u64, Box<Tally>>,
    total: Tally,
    log: Option<LogWriter>,
    failed: Option<anyhow::Error>,
}

impl Collector {
    /// A collector of `n_shards` threads, with what their recorders need.
    #[must_use]
    pub fn new(n_shards: usize, log: Option<LogWriter>) -> (Self, Slices) {
        let (sender, slices, spare) = Slices::new();
        let collector = Self {
            slices,
            spare,
            next_seconds: vec![Some(0); n_shards],
            open: BTreeMap::new(),
            total: Tally::default(),
            log,
            failed: None,
        };
        (collector, sender)
    }

    /// Collects until every [`Slices`] and every recorder is gone; returns the total.
    ///
    /// # Errors
    /// If the log could not be written. It is told only now, because the
    /// recorders must not fill the memory meanwhile.
    pub fn collect(mut self) -> anyhow::Result<Tally> {
        while let Ok(slice) = self.slices.recv() {
            self.take(slice);
        }
        self.close_until(u64::MAX);
        let finished = self.log.map_or(Ok(()), LogWriter::finish);
        match self.failed {
            Some(error) => Err(error),
            None => finished.map(|()| self.total),
        }
    }

    fn take(&mut self, slice: Slice) {
        self.next_seconds[slice.shard] = slice.next_second;
        match self.open.get_mut(&slice.second) {
            Some(tally) => {
                tally.merge(&slice.tally);
                self.recycle(slice.tally);
            }
            None => {
                self.open.insert(slice.second, slice.tally);
            }
        }
        // A second is over once no thread may add to it.
        let limit = self.next_seconds.iter().flatten().min();
        self.close_until(limit.copied().unwrap_or(u64::MAX));
    }

    fn close_until(&mut self, limit: u64) {
        while let Some(entry) = self.open.first_entry().filter(|entry| *entry.key() < limit) {
            let (second, tally) = entry.remove_entry();
            self.total.merge(&tally);
            if let Some(log) = self.log.as_mut().filter(|_| self.failed.is_none()) {
                self.failed = log.write(second, &tally).err();
            }
            self.recycle(tally);
        }
    }

    fn recycle(&self, mut tally: Box<Tally>) {
        tally.clear();
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(tally);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::record::{Recorder, Sample};

    fn sample(done_ms: u64) -> Sample<'static> {
        let done = Duration::from_millis(done_ms);
        let started = Duration::from_millis(done_ms.saturating_sub(3));
        Sample {
            counted_from: started,
            ready: started,
            sent: started,
            done,
            outcome: Ok(()),
            label: None,
        }
    }

    fn record(recorder: &mut Recorder, done_ms: u64) {
        let sample = sample(done_ms);
        recorder.at(sample.done).record(&sample);
    }

    #[test]
    fn the_seconds_of_all_threads_add_up() {
        let (collector, slices) = Collector::new(2, None);
        let (mut one, mut other) = (Recorder::new(0, slices.clone()), Recorder::new(1, slices));
        for done_ms in [10, 20, 1_500, 1_600, 7_000] {
            record(&mut one, done_ms);
        }
        for done_ms in [900, 3_100] {
            record(&mut other, done_ms);
        }
        for mut recorder in [one, other] {
            recorder.finish();
        }
        assert_eq!(collector.collect().unwrap().latency.n(), 7);
    }

    #[test]
    fn a_second_is_open_until_every_thread_has_passed_it() {
        let (mut collector, slices) = Collector::new(2, None);
        let (mut fast, mut slow) = (Recorder::new(0, slices.clone()), Recorder::new(1, slices));
        record(&mut fast, 10);
        record(&mut fast, 2_500);
        collector.take(collector.slices.recv().unwrap());
        assert_eq!(collector.total.latency.n(), 0);
        record(&mut slow, 20);
        record(&mut slow, 1_700);
        collector.take(collector.slices.recv().unwrap());
        assert_eq!(collector.total.latency.n(), 2);
    }
}
