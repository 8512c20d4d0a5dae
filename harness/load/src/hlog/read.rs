//! Reads a log back, for reports.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, anyhow};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{
        Deserializer,
        interval_log::{IntervalLogHistogram, IntervalLogIterator, LogEntry},
    },
};

use crate::record::{Recorded, empty};

/// A log in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Its lines, in their order.
    pub intervals: Vec<Interval>,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// When it begins, from the start of the load.
    pub start: Duration,
    /// How long it lasts.
    pub length: Duration,
    /// What its values are; see [`super::tags`].
    pub tag: String,
    /// The values, of which sum and maximum are known to three digits.
    pub recorded: Recorded,
}

impl Log {
    /// Reads a whole log.
    ///
    /// # Errors
    /// If the file cannot be read or is not such a log; the message names the
    /// file and, of a damaged histogram, the interval.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
        let mut deserializer = Deserializer::new();
        let mut intervals = Vec::new();
        for entry in IntervalLogIterator::new(&bytes) {
            let entry = entry
                .map_err(|error| anyhow!("{}: no histogram log ({error:?})", path.display()))?;
            if let LogEntry::Interval(interval) = entry {
                let read = read(&interval, &mut deserializer);
                intervals.push(read.with_context(|| {
                    format!("{}: interval at {:?}", path.display(), interval.start_timestamp())
                })?);
            }
        }
        Ok(Self { intervals })
    }

    /// All values with this tag.
    #[must_use]
    pub fn merged(&self, tag: &str) -> Recorded {
        let mut merged = Recorded::default();
        for interval in self.intervals.iter().filter(|interval| interval.tag == tag) {
            merged.merge(&interval.recorded);
        }
        merged
    }
}

fn read(
    interval: &IntervalLogHistogram<'_>,
    deserializer: &mut Deserializer,
) -> anyhow::Result<Interval> {
    let bytes = STANDARD.decode(interval.encoded_histogram()).context("decode base64")?;
    let histogram: Histogram<u64> = deserializer
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| anyhow!("decode the histogram: {error}"))?;
    // Ours again, whatever its bounds are, or it could not be merged.
    let mut own = empty();
    own.add(&histogram).map_err(|error| anyhow!("its values exceed an hour: {error}"))?;
    Ok(Interval {
        start: interval.start_timestamp(),
        length: interval.duration(),
        tag: interval.tag().map_or_else(String::new, |tag| tag.as_str().to_owned()),
        recorded: Recorded::from(own),
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::{
        hlog::{LATENCY, LogWriter, SERVICE, WARM_UP, of_label},
        record::{Sample, Tally},
    };

    fn tally(n: u64) -> Tally {
        let mut tally = Tally::default();
        for index in 0..n {
            let sample = Sample {
                counted_from: Duration::from_micros(index),
                ready: Duration::from_micros(index),
                sent: Duration::from_micros(index + 2),
                done: Duration::from_micros(index * 3 + 900),
                outcome: Ok(()),
                label: (index % 2 == 0).then_some("cold, very"),
            };
            tally.record(&sample);
            tally.record_warm_up(&sample);
        }
        tally
    }

    #[test]
    fn what_is_written_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latency.hlog");
        let mut log = LogWriter::create(&path, SystemTime::UNIX_EPOCH).unwrap();
        let (first, third) = (tally(1_000), tally(10));
        log.write(0, &first).unwrap();
        log.write(2, &third).unwrap();
        log.finish().unwrap();

        let log = Log::read(&path).unwrap();
        let latencies: Vec<_> =
            log.intervals.iter().filter(|interval| interval.tag == LATENCY).collect();
        let starts: Vec<_> = latencies.iter().map(|interval| interval.start.as_secs()).collect();
        assert_eq!(starts, [0, 2]);
        assert_eq!(latencies[0].recorded.histogram(), first.latency.histogram());
        let mut both = first.service;
        both.merge(&third.service);
        assert_eq!(log.merged(SERVICE).histogram(), both.histogram());
        assert_eq!(log.merged(WARM_UP).n(), 1_010);
        assert_eq!(log.merged(&of_label("cold, very")).n(), 505);
        assert_eq!(log.merged("label-warm").n(), 0);
    }

    #[test]
    fn the_head_is_the_one_of_the_format() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latency.hlog");
        LogWriter::create(&path, SystemTime::UNIX_EPOCH).unwrap().finish().unwrap();
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap(), @r#"
        #[Histogram log format version 1.3]
        #[Values are nanoseconds]
        #[StartTime: 0.000 (seconds since epoch)]
        #[BaseTime: 0.000 (seconds since epoch)]
        "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
        "#);
    }

    #[test]
    fn what_is_no_log_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latency.hlog");
        let errors = ["nonsense\n", "Tag=latency,0.000,1.000,1.000,AAAA\n"].map(|text| {
            fs::write(&path, text).unwrap();
            let error = format!("{:#}", Log::read(&path).unwrap_err());
            error.replace(&dir.path().display().to_string(), "DIR")
        });
        insta::assert_snapshot!(errors.join("\n"), @r"
        DIR/latency.hlog: no histogram log (ParseError { offset: 0 })
        DIR/latency.hlog: interval at 0ns: decode the histogram: An i/o operation failed: failed to fill whole buffer
        ");
    }
}
