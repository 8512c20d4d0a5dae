//! The stretches of time of a run.

use std::time::Duration;

use anyhow::ensure;
use jiff::SignedDuration;

use super::system::Run;

/// Requests that a simulation gets through in a second, roughly.
const REQUESTS_PER_S: f64 = 3e5;

/// What starting, loading models and stopping take, live.
const STARTING: Duration = Duration::from_secs(4);

/// The stretches of time of a run, as a profile's keys of these names have them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// What no figure shows, at the beginning.
    pub(crate) lead_in: SignedDuration,
    /// The load after that.
    pub(crate) duration: SignedDuration,
    /// One point of the figures over time.
    pub(crate) bucket: SignedDuration,
}

impl Span {
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        for (key, length) in [("duration", self.duration), ("bucket", self.bucket)] {
            ensure!(length.is_positive(), "`{key}` must be longer than nothing");
        }
        ensure!(!self.lead_in.is_negative(), "`lead-in` must not be negative");
        Ok(())
    }

    /// The load with its lead-in.
    pub(crate) fn load(&self) -> SignedDuration {
        self.lead_in + self.duration
    }

    /// How long a run of so many requests per second takes.
    pub(crate) fn expected(&self, run: Run, rate_per_s: f64) -> Duration {
        let load_s = self.load().as_secs_f64();
        match run {
            Run::Simulated => Duration::from_secs_f64(2.0 + load_s * rate_per_s / REQUESTS_PER_S),
            Run::Live | Run::Exec => STARTING + Duration::from_secs_f64(load_s),
        }
    }

    /// As flags of `simulate` and `controller`.
    pub(crate) fn flags(&self) -> Vec<String> {
        let lengths = [
            ("--lead-in-s", self.lead_in),
            ("--duration-s", self.duration),
            ("--bucket-s", self.bucket),
        ];
        let flags = lengths.map(|(flag, length)| [flag.into(), length.as_secs_f64().to_string()]);
        flags.concat()
    }
}
