//! Writes a log: a line per second and kind, of what the second has.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, anyhow};
use hdrhistogram::serialization::{
    V2DeflateSerializer,
    interval_log::{IntervalLogWriterBuilder, Tag},
};

use super::tags;
use crate::record::{Recorded, Tally};

/// The line that HdrHistogram's own tools expect above the intervals.
const LEGEND: &str =
    r#""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#;

/// Writes a log of nanoseconds.
pub struct LogWriter {
    path: PathBuf,
    file: BufWriter<File>,
    serializer: V2DeflateSerializer,
}

impl LogWriter {
    /// Creates the log of a load that started at `started`.
    ///
    /// # Errors
    /// If the file cannot be written; the message names it.
    pub fn create(path: &Path, started: SystemTime) -> anyhow::Result<Self> {
        let context = || format!("write {}", path.display());
        let mut file = BufWriter::new(File::create(path).with_context(context)?);
        IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment("[Values are nanoseconds]")
            .with_start_time(started)
            .with_base_time(started)
            .begin_log_with(&mut file, &mut V2DeflateSerializer::new())
            .with_context(context)?;
        writeln!(file, "{LEGEND}").with_context(context)?;
        Ok(Self { path: path.to_owned(), file, serializer: V2DeflateSerializer::new() })
    }

    /// Writes what the second `second` from the start has.
    ///
    /// # Errors
    /// If the file cannot be written; the message names it.
    pub fn write(&mut self, second: u64, tally: &Tally) -> anyhow::Result<()> {
        let kinds = [
            (tags::LATENCY, &tally.latency),
            (tags::SERVICE, &tally.service),
            (tags::LAG, &tally.lag),
            (tags::FAILED, &tally.failed),
            (tags::WARM_UP, &tally.warm_up.latency),
        ];
        for (tag, recorded) in kinds {
            self.line(second, tag, recorded)?;
        }
        for (label, recorded) in &tally.labels {
            self.line(second, &tags::of_label(label), recorded)?;
        }
        Ok(())
    }

    /// Writes what is left in memory.
    ///
    /// # Errors
    /// If the file cannot be written; the message names it.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.file.flush().with_context(|| format!("write {}", self.path.display()))
    }

    fn line(&mut self, second: u64, tag: &str, recorded: &Recorded) -> anyhow::Result<()> {
        if recorded.n() == 0 {
            return Ok(());
        }
        let tag = Tag::new(tag).expect("no tag has a comma or a space");
        let (start, length) = (Duration::from_secs(second), Duration::from_secs(1));
        IntervalLogWriterBuilder::new()
            .begin_log_with(&mut self.file, &mut self.serializer)
            .with_context(|| format!("write {}", self.path.display()))?
            .write_histogram(recorded.histogram(), start, length, Some(tag))
            .map_err(|error| anyhow!("write {}: {error}", self.path.display()))
    }
}
