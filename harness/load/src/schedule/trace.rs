//! Arrivals read from a file: one offset from the start per line, in order.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

/// The unit of a trace's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceUnit {
    /// Whole microseconds.
    Microseconds,
    /// Seconds, with decimals.
    Seconds,
}

/// A trace in memory, 16 bytes an arrival: nothing is read while load is sent,
/// and nobody can change it meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Where it was read.
    pub path: PathBuf,
    /// What its numbers mean.
    pub unit: TraceUnit,
    offsets: Arc<[Duration]>,
}

impl Trace {
    /// Reads the whole file.
    ///
    /// # Errors
    /// If it cannot be read, is empty, or has a line that is no number or
    /// lies before the one above it; the message names file and line.
    pub fn read(path: &Path, unit: TraceUnit) -> anyhow::Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("read trace {}", path.display()))?;
        let offsets = parse(&text, unit)
            .map_err(|Fault { line, what }| anyhow::anyhow!("{}:{line}: {what}", path.display()))?;
        ensure!(!offsets.is_empty(), "{}: no arrival\n(hint: one offset per line)", path.display());
        Ok(Self { path: path.to_owned(), unit, offsets: offsets.into() })
    }

    /// The offsets from the start, ascending; never empty.
    #[must_use]
    pub fn offsets(&self) -> &Arc<[Duration]> {
        &self.offsets
    }
}

/// What is wrong with a line, counted from 1.
struct Fault {
    line: usize,
    what: anyhow::Error,
}

fn parse(text: &str, unit: TraceUnit) -> Result<Vec<Duration>, Fault> {
    let mut offsets = Vec::new();
    for (index, text) in text.lines().enumerate() {
        let fault = |what| Fault { line: index + 1, what };
        let offset = offset(text, unit).map_err(fault)?;
        if let Some(earlier) = offsets.last().filter(|earlier| **earlier > offset) {
            let what = anyhow::anyhow!(
                "{offset:?} lies before {earlier:?} of the line above\n(hint: sort -n)"
            );
            return Err(fault(what));
        }
        offsets.push(offset);
    }
    Ok(offsets)
}

fn offset(text: &str, unit: TraceUnit) -> anyhow::Result<Duration> {
    let is_plain = |extra: &str| {
        !text.is_empty() && text.chars().all(|at| at.is_ascii_digit() || extra.contains(at))
    };
    match unit {
        TraceUnit::Microseconds if is_plain("") => {
            Ok(Duration::from_micros(text.parse().context("too large")?))
        }
        TraceUnit::Microseconds => {
            bail!("`{text}` is no whole number of microseconds\n(hint: trace-s:PATH reads seconds)")
        }
        TraceUnit::Seconds if is_plain(".") => {
            let seconds: f64 = text.parse().with_context(|| format!("`{text}` is no number"))?;
            Duration::try_from_secs_f64(seconds).context("too large")
        }
        TraceUnit::Seconds => bail!("`{text}` is no number of seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, unit: TraceUnit) -> Result<Vec<Duration>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace");
        fs::write(&path, text).unwrap();
        let trace = Trace::read(&path, unit).map_err(|error| {
            format!("{error:#}").replace(&dir.path().display().to_string(), "DIR")
        })?;
        Ok(trace.offsets.to_vec())
    }

    #[test]
    fn a_trace_is_in_microseconds_or_in_seconds() {
        let expected = [0, 250, 250, 1_000_000].map(Duration::from_micros).to_vec();
        let us = read("0\n250\n250\n1000000\n", TraceUnit::Microseconds);
        assert_eq!(us, Ok(expected.clone()));
        assert_eq!(read("0\n0.00025\n0.00025\n1\n", TraceUnit::Seconds), Ok(expected));
    }

    #[test]
    fn a_fault_is_named_with_its_line() {
        let faults = [
            ("1\n2\n1\n", TraceUnit::Microseconds),
            ("1\n2.5\n", TraceUnit::Microseconds),
            ("1\n\n2\n", TraceUnit::Seconds),
            ("1\n1.2.3\n", TraceUnit::Seconds),
            ("", TraceUnit::Seconds),
        ];
        let errors = faults.map(|(text, unit)| read(text, unit).unwrap_err());
        insta::assert_snapshot!(errors.join("\n"), @r"
        DIR/trace:3: 1µs lies before 2µs of the line above
        (hint: sort -n)
        DIR/trace:2: `2.5` is no whole number of microseconds
        (hint: trace-s:PATH reads seconds)
        DIR/trace:2: `` is no number of seconds
        DIR/trace:2: `1.2.3` is no number
        DIR/trace: no arrival
        (hint: one offset per line)
        ");
    }
}
