//! Which part of a run counts, as flags.

use anyhow::ensure;

use crate::{
    telemetry::{Groups, Window},
    time::{Nanos, SECOND},
};

/// The flags.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct WindowArgs {
    /// Seconds at the beginning that no figure shows.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    pub(super) lead_in_s: f64,
    /// Seconds of load after that; all that come, if it is left out.
    #[arg(long, value_name = "SECONDS")]
    pub(super) duration_s: Option<f64>,
    /// Seconds of each point of the figures.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    bucket_s: f64,
    /// Models that have series of their own, such as `majors=0..3600,minor=3600`.
    #[arg(long, value_name = "NAME=MODELS,...")]
    pub(super) groups: Option<Groups>,
}

impl WindowArgs {
    /// The part that counts, of a run that begins at 0.
    ///
    /// # Errors
    /// If a length of time is none.
    pub(super) fn window(&self) -> anyhow::Result<Window> {
        let duration_s = self.duration_s.unwrap_or(1.0);
        for (flag, seconds) in [("--duration-s", duration_s), ("--bucket-s", self.bucket_s)] {
            ensure!(
                seconds.is_finite() && nanos(seconds) > 0,
                "{flag} {seconds}: not a length of time"
            );
        }
        ensure!(
            self.lead_in_s.is_finite() && self.lead_in_s >= 0.0,
            "--lead-in-s {}: not a length of time",
            self.lead_in_s
        );
        Ok(Window {
            start: 0,
            lead_in: nanos(self.lead_in_s),
            duration: self.duration_s.map(nanos),
            bucket: nanos(self.bucket_s),
        })
    }
}

pub(super) fn nanos(seconds: f64) -> Nanos {
    (seconds * SECOND as f64).round() as Nanos
}
