//! The schedule of an open loop, as people write it.
//!
//! `constant:5000`, `poisson:200`, `step:100x10s,200x10s` (constant within a
//! step), `poisson-step:100x10s,200x10s`, `trace:PATH` (microseconds) and
//! `trace-s:PATH` (seconds).

use std::{fmt, path::Path, str::FromStr, time::Duration};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::{Rate, Span, Trace, TraceUnit};

/// When the requests of an open loop are due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Schedule {
    /// At equal distances.
    Constant(Rate),
    /// At exponential distances: independent users, many of them.
    Poisson(Rate),
    /// A rate that changes at given times.
    Steps {
        /// How the requests of a step are spaced.
        gaps: Gaps,
        /// The steps in their order; never empty.
        steps: Vec<Step>,
    },
    /// At the times of a recording.
    Trace(Trace),
}

/// How the requests of a step are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// At equal distances.
    Constant,
    /// At exponential distances.
    Exponential,
}

/// A rate for some time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The rate.
    pub rate: Rate,
    /// How long it lasts.
    pub length: Span,
}

impl Schedule {
    /// When it ends by itself; a constant or Poisson rate does not.
    #[must_use]
    pub fn length(&self) -> Option<Duration> {
        match self {
            Self::Constant(_) | Self::Poisson(_) => None,
            Self::Steps { steps, .. } => {
                Some(steps.iter().map(|step| step.length.duration()).sum())
            }
            // The end lies just behind the last arrival, which belongs to it.
            Self::Trace(trace) => {
                trace.offsets().last().map(|last| *last + Duration::from_nanos(1))
            }
        }
    }
}

impl FromStr for Schedule {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let parsed = match kind {
            "constant" => rest.parse().map(Self::Constant),
            "poisson" => rest.parse().map(Self::Poisson),
            "step" => steps(Gaps::Constant, rest),
            "poisson-step" => steps(Gaps::Exponential, rest),
            "trace" => Trace::read(Path::new(rest), TraceUnit::Microseconds).map(Self::Trace),
            "trace-s" => Trace::read(Path::new(rest), TraceUnit::Seconds).map(Self::Trace),
            _ => bail!(
                "`{text}` is no schedule\n(hint: constant:5000, poisson:200, \
                 step:100x10s,200x10s, poisson-step:…, trace:PATH or trace-s:PATH)"
            ),
        };
        parsed.with_context(|| format!("schedule `{text}`"))
    }
}

impl TryFrom<String> for Schedule {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.to_string()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(rate) => write!(formatter, "constant:{rate}"),
            Self::Poisson(rate) => write!(formatter, "poisson:{rate}"),
            Self::Steps { gaps, steps } => {
                let kind = match gaps {
                    Gaps::Constant => "step",
                    Gaps::Exponential => "poisson-step",
                };
                let steps: Vec<_> = steps.iter().map(Step::to_string).collect();
                write!(formatter, "{kind}:{}", steps.join(","))
            }
            Self::Trace(Trace { path, unit: TraceUnit::Microseconds, .. }) => {
                write!(formatter, "trace:{}", path.display())
            }
            Self::Trace(Trace { path, .. }) => write!(formatter, "trace-s:{}", path.display()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.rate, self.length)
    }
}

fn steps(gaps: Gaps, text: &str) -> anyhow::Result<Schedule> {
    let steps = text.split(',').map(step).collect::<anyhow::Result<_>>()?;
    Ok(Schedule::Steps { gaps, steps })
}

fn step(text: &str) -> anyhow::Result<Step> {
    let (rate, length) = text
        .split_once('x')
        .with_context(|| format!("`{text}` is no step\n(hint: RATExTIME, such as 100x10s)"))?;
    let step = Step { rate: rate.parse()?, length: length.parse()? };
    ensure!(!step.length.duration().is_zero(), "step `{text}` has no length");
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_prints_as_it_parses() {
        for text in
            ["constant:5000", "poisson:0.5", "step:100x10s,200x500ms", "poisson-step:1x1m,2x1m"]
        {
            let schedule: Schedule = text.parse().unwrap();
            assert_eq!(schedule.to_string(), text);
            let json = serde_json::to_string(&schedule).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
        }
    }

    #[test]
    fn only_steps_and_traces_end_by_themselves() {
        let length = |text: &str| text.parse::<Schedule>().unwrap().length();
        assert_eq!(length("constant:1"), None);
        assert_eq!(length("poisson:1"), None);
        assert_eq!(length("step:1x10s,1x2500ms"), Some(Duration::from_millis(12_500)));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_do() {
        let wrong = [
            "constant",
            "constant:fast",
            "poisson:0",
            "steps:1x1s",
            "step:100",
            "step:100x0s",
            "step:100x10",
            "trace:/nowhere",
        ];
        let errors = wrong.map(|text| format!("{:#}", text.parse::<Schedule>().unwrap_err()));
        insta::assert_snapshot!(errors.join("\n"), @r"
        schedule `constant`: `` is no rate
        (hint: requests per second, such as 200 or 0.5)
        schedule `constant:fast`: `fast` is no rate
        (hint: requests per second, such as 200 or 0.5)
        schedule `poisson:0`: `0` is no rate
        (hint: requests per second, above 0 and at most 1e9)
        `steps:1x1s` is no schedule
        (hint: constant:5000, poisson:200, step:100x10s,200x10s, poisson-step:…, trace:PATH or trace-s:PATH)
        schedule `step:100`: `100` is no step
        (hint: RATExTIME, such as 100x10s)
        schedule `step:100x0s`: step `100x0s` has no length
        schedule `step:100x10`: `10` is no length of time
        (hint: a number and a unit: 250us, 10ms, 1.5s, 2m, 1h)
        schedule `trace:/nowhere`: read trace /nowhere: No such file or directory (os error 2)
        ");
    }
}
