//! Progress of long work: a bar with an estimate, plain lines without a terminal.

use std::{
    fs::{File, OpenOptions},
    io::{IsTerminal as _, Write as _},
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

/// Says what a run is doing, on the terminal and in its log.
///
/// Standard output belongs to results (and, under `cargo test`, to the test
/// runner), so everything here goes to standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
    log: Mutex<File>,
    began: Instant,
}

impl Progress {
    /// Starts the log and, on a terminal, a bar over `n_trials`.
    ///
    /// # Errors
    /// If the log cannot be opened.
    pub(crate) fn start(log: &Path, n_trials: usize) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("open {}", log.display()))?;
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(n_trials as u64)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
            .context("compile the progress template")?;
        bar.set_style(style);
        Ok(Self { bar, log: Mutex::new(file), began: Instant::now() })
    }

    /// One line, for the terminal and the log.
    pub(crate) fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            to_stderr(line);
        } else {
            self.bar.println(line);
        }
        self.log_only(line);
    }

    /// One line for the log alone.
    pub(crate) fn log_only(&self, line: &str) {
        let at = self.began.elapsed().as_secs_f64();
        self.append(&format!("{at:9.3} {line}"));
    }

    /// Shows what runs now and how long the rest will take.
    pub(crate) fn now(&self, what: &str, remaining: Duration) {
        self.bar.set_message(format!("{what}, about {} left", rough(remaining)));
    }

    /// One trial more is done.
    pub(crate) fn done_one(&self) {
        self.bar.inc(1);
    }

    /// Clears the bar; the log's last line is the outcome.
    pub(crate) fn finish(&self, outcome: &str) {
        self.bar.finish_and_clear();
        self.append(outcome);
    }

    fn append(&self, line: &str) {
        let mut log = self.log.lock().expect("no holder panics");
        if let Err(error) = writeln!(log, "{line}") {
            to_stderr(&format!("cannot write the run's log: {error}"));
        }
    }
}

/// One line to standard error. It may lie on a full disk, and that must not end
/// the run in a panic.
fn to_stderr(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A duration as people say it.
#[must_use]
pub(crate) fn rough(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: u64, expected: &str) {
        assert_eq!(rough(Duration::from_secs(seconds)), expected);
    }

    #[test]
    fn a_duration_is_said_in_its_own_unit() {
        check(59, "59 s");
        check(61, "2 min");
        check(2 * 3600 + 5 * 60, "2 h 5 min");
    }

    #[test]
    fn the_last_line_of_the_log_is_the_outcome() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("run.log");
        let progress = Progress::start(&log, 1).unwrap();
        progress.log_only("a trial");
        progress.finish("Exiting: 1 reproduced");
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(text.lines().next().unwrap().ends_with(" a trial"), "{text}");
        assert!(text.ends_with("\nExiting: 1 reproduced\n"), "{text}");
    }
}
