//! How long a connection of a closed loop waits before each request.

use std::{fmt, str::FromStr, time::Duration};

use anyhow::{Context as _, bail};
use rand::RngExt as _;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use super::span::Span;

/// How long a connection of a closed loop waits before each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Think {
    /// It does not: the next request follows the answer at once.
    None,
    /// Always the same time.
    Constant(Span),
    /// A whole number of milliseconds, from 0 to this one, all alike: the
    /// `delay()` of wrk's scripts.
    UniformMs(u32),
}

/// The waits of one connection, an endless sequence that its seed fixes.
#[derive(Debug, Clone)]
pub struct Thinking {
    think: Think,
    random: Pcg64,
}

impl Think {
    /// The waits of the connection number `connection`.
    #[must_use]
    pub fn thinking(self, seed: u64, connection: u64) -> Thinking {
        // Each connection has a stream of its own, so none repeats another.
        Thinking { think: self, random: Pcg64::new(seed.into(), connection.into()) }
    }
}

impl Iterator for Thinking {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(match self.think {
            Think::None => Duration::ZERO,
            Think::Constant(span) => span.duration(),
            Think::UniformMs(max) => {
                Duration::from_millis(self.random.random_range(0..=max).into())
            }
        })
    }
}

impl FromStr for Think {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if text == "none" {
            return Ok(Self::None);
        }
        match text.split_once(':') {
            Some(("constant", span)) => Ok(Self::Constant(span.parse()?)),
            Some(("uniform", span)) => {
                uniform(span).with_context(|| format!("think time `{text}`"))
            }
            _ => bail!("`{text}` is no think time\n(hint: none, constant:5ms or uniform:30ms)"),
        }
    }
}

impl TryFrom<String> for Think {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<Think> for String {
    fn from(think: Think) -> Self {
        think.to_string()
    }
}

impl fmt::Display for Think {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::Constant(span) => write!(formatter, "constant:{span}"),
            Self::UniformMs(max) => write!(formatter, "uniform:{max}ms"),
        }
    }
}

fn uniform(span: &str) -> anyhow::Result<Think> {
    let max = span.parse::<Span>()?.duration();
    let max_ms = u32::try_from(max.as_millis()).context("at most 49 days")?;
    if Duration::from_millis(max_ms.into()) != max {
        bail!("uniform waits are whole milliseconds\n(hint: uniform:{}ms)", max_ms + 1);
    }
    Ok(Think::UniformMs(max_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn think(text: &str) -> Think {
        text.parse().unwrap()
    }

    #[test]
    fn a_think_time_prints_as_it_parses() {
        for text in ["none", "constant:5ms", "uniform:30ms"] {
            assert_eq!(think(text).to_string(), text);
        }
        insta::assert_snapshot!("sometimes".parse::<Think>().unwrap_err(), @r"
        `sometimes` is no think time
        (hint: none, constant:5ms or uniform:30ms)
        ");
    }

    #[test]
    fn a_uniform_wait_is_any_whole_millisecond_up_to_its_end() {
        let mut counts = [0_u32; 31];
        for wait in think("uniform:30ms").thinking(7, 0).take(31_000) {
            assert_eq!(wait.subsec_nanos() % 1_000_000, 0);
            counts[wait.as_millis() as usize] += 1;
        }
        // 1,000 each are expected, with a standard deviation of 31.
        assert!(counts.iter().all(|count| (840..1160).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_fraction_of_a_millisecond_is_refused_where_waits_are_whole() {
        let error = "uniform:1500us".parse::<Think>().unwrap_err();
        insta::assert_snapshot!(format!("{error:#}"), @r"
        think time `uniform:1500us`: uniform waits are whole milliseconds
        (hint: uniform:2ms)
        ");
    }

    #[test]
    fn connections_wait_differently_and_each_again_the_same() {
        let waits = |seed, connection| -> Vec<_> {
            think("uniform:1000ms").thinking(seed, connection).take(20).collect()
        };
        assert_eq!(waits(1, 0), waits(1, 0));
        assert_ne!(waits(1, 0), waits(1, 1));
        assert_ne!(waits(1, 0), waits(2, 0));
    }
}
