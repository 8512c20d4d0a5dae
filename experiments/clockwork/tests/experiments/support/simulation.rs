//! Trials in virtual time: the role `simulate` as a job.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use clockwork::roles::Observed;
use harness::{Bed, Role};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The longest that a simulation may take before it counts as hung.
const LIMIT: Duration = Duration::from_secs(12 * 3600);

/// Requests that a simulation gets through in a second, roughly.
const REQUESTS_PER_S: f64 = 3e5;

/// How the system runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Run {
    /// All of it in one process and in virtual time.
    Observed,
}

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

    /// How long a simulation of so many requests per second takes.
    pub(crate) fn expected(&self, rate_per_s: f64) -> Duration {
        let length_s = (self.lead_in + self.duration).as_secs_f64();
        Duration::from_secs_f64(2.0 + length_s * rate_per_s / REQUESTS_PER_S)
    }

    fn flags(&self) -> Vec<String> {
        let lengths = [
            ("--lead-in-s", self.lead_in),
            ("--duration-s", self.duration),
            ("--bucket-s", self.bucket),
        ];
        let flags = lengths.map(|(flag, length)| [flag.into(), length.as_secs_f64().to_string()]);
        flags.concat()
    }
}

/// Runs a workload, by its name and parameters as the original's client takes them.
///
/// A trial without a request is invalid.
///
/// # Errors
/// If the simulation fails.
pub(crate) async fn simulate(
    bed: &Bed,
    span: &Span,
    flags: &[String],
    workload: &[String],
    trace: Option<&Path>,
) -> anyhow::Result<Observed> {
    let mut args = [span.flags(), flags.to_vec()].concat();
    args.extend(["--seed".to_owned(), bed.seed().to_string(), "--out".into(), "{dir}".into()]);
    if let Some(dir) = trace {
        args.extend(["--trace-dir".to_owned(), dir.display().to_string()]);
    }
    args.extend_from_slice(workload);
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let job = Role::job("simulate", &args).reading(trace);
    let path = bed.run(&job, LIMIT).await?.join("simulated.json");
    let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let simulated: Simulated =
        serde_json::from_slice(&text).with_context(|| format!("parse {}", path.display()))?;
    if simulated.totals.requests == 0 {
        // Of nothing, everything is true.
        bed.invalidate("no request was answered after the lead-in");
    }
    Ok(simulated)
}
