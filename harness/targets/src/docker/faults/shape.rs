//! What an instance sends, shaped by the kernel: the queueing disciplines of its
//! interface, always set up anew as a whole.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::{helper::Place, network::INTERFACE, state::Faults, tools::Tool};
use crate::{
    docker::instance::Running,
    fault::BitRate,
    helper::{Outcome, Step},
};

/// How long packets may wait for their turn under a limit, before some are lost.
const QUEUE_MS: u64 = 100;

/// The smallest burst that is let through at once: a few large packets, which
/// the kernel does not split any further without need.
const BURST_BYTES_MIN: u64 = 16 << 10;

/// Bursts of a faster limit: a thread's turn on a busy processor.
const BURST_MS: u64 = 5;

/// Packets that the emulator holds, more than any link here fills.
const N_EMULATED: &str = "100000";

/// How what is sent is shaped; nothing if not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) limit: Option<BitRate>,
    pub(super) one_way: Option<Duration>,
}

/// A discipline, as `tc -j qdisc show` has it.
#[derive(Debug, Deserialize)]
struct Discipline {
    kind: String,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
struct Options {
    /// The limit, in bytes per second.
    #[serde(default)]
    rate: Option<u64>,
    #[serde(default)]
    delay: Option<EmulatedDelay>,
}

#[derive(Debug, Deserialize)]
struct EmulatedDelay {
    #[serde(rename = "delay")]
    delay_s: f64,
}

impl Faults {
    /// Shapes what the instance sends, and reads back that it is so.
    pub(super) async fn shape(&self, running: &Running, shape: Shape) -> anyhow::Result<()> {
        let outcomes = self.take(Place::NetworkOf(&running.container), shape.steps()?).await?;
        let Some(Outcome::Printed(shown)) = outcomes.last() else {
            anyhow::bail!("a helper did not show the disciplines of {INTERFACE}")
        };
        shape.check(shown).with_context(|| format!("shape what {} sends", running.instance.id))
    }
}

impl Shape {
    fn steps(self) -> anyhow::Result<Vec<Step>> {
        let tc = |args: &[&str]| Tool::Tc.words(args);
        // There may be none to delete.
        let mut steps = vec![Step::Attempt(tc(&["qdisc", "del", "dev", INTERFACE, "root"])?)];
        let mut parent = vec!["root", "handle", "1:"];
        let add = ["qdisc", "add", "dev", INTERFACE];
        if let Some(one_way) = self.one_way {
            let delay = format!("{}us", one_way.as_micros());
            let emulate = ["netem", "limit", N_EMULATED, "delay", &delay];
            steps.push(Step::Run(tc(&[&add[..], &parent, &emulate].concat())?));
            parent = vec!["parent", "1:", "handle", "2:"];
        }
        if let Some(BitRate(bit_per_s)) = self.limit {
            let rate = format!("{bit_per_s}bit");
            let burst = BURST_BYTES_MIN.max(bit_per_s / 8 * BURST_MS / 1000).to_string();
            let latency = format!("{QUEUE_MS}ms");
            let filter = ["tbf", "rate", &rate, "burst", &burst, "latency", &latency];
            steps.push(Step::Run(tc(&[&add[..], &parent, &filter].concat())?));
        }
        steps.push(Step::Run(tc(&["-j", "qdisc", "show", "dev", INTERFACE])?));
        Ok(steps)
    }

    fn check(self, shown: &str) -> anyhow::Result<()> {
        let shown: Vec<Discipline> = serde_json::from_str(shown)
            .with_context(|| format!("read what tc shows: `{}`", shown.trim_end()))?;
        let options = |kind: &str| shown.iter().find(|it| it.kind == kind).map(|it| &it.options);
        let rate = options("tbf").map(|options| options.rate);
        let wanted = self.limit.map(|limit| Some(limit.0 / 8));
        ensure!(rate == wanted, "the limit ought to be {wanted:?} bytes/s and is {rate:?}");
        let delay = options("netem").and_then(|options| options.delay.as_ref());
        let delay_us = delay.map(|delay| (delay.delay_s * 1e6).round() as u128);
        let wanted = self.one_way.map(|one_way| one_way.as_micros());
        ensure!(delay_us == wanted, "the delay ought to be {wanted:?} µs and is {delay_us:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITED: &str = r#"[{"kind":"tbf","handle":"1:","root":true,"refcnt":9,
        "options":{"rate":1000000,"burst":16384,"lat":100000}}]"#;

    const DELAYED: &str = r#"[{"kind":"netem","handle":"1:","root":true,"refcnt":9,
        "options":{"limit":100000,"delay":{"delay":0.005,"jitter":0,"correlation":0}}}]"#;

    #[test]
    fn a_limit_that_is_shown_is_in_force() {
        let limited = Shape { limit: Some(BitRate(8_000_000)), one_way: None };
        limited.check(LIMITED).unwrap();
        let error = Shape::default().check(LIMITED).unwrap_err().to_string();
        assert_eq!(error, "the limit ought to be None bytes/s and is Some(Some(1000000))");
        assert!(Shape { limit: Some(BitRate(9_000_000)), ..limited }.check(LIMITED).is_err());
    }

    #[test]
    fn a_delay_that_is_shown_is_in_force() {
        let delayed = Shape { limit: None, one_way: Some(Duration::from_millis(5)) };
        delayed.check(DELAYED).unwrap();
        assert!(Shape::default().check(DELAYED).is_err());
        assert!(delayed.check("[]").is_err());
    }
}
