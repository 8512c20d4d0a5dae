//! The knobs of the experiment and its points.

use std::collections::BTreeMap;

use anyhow::ensure;
use clockwork::{
    scheduler::Settings,
    time::{MILLISECOND, SECOND},
    worker::exec::Architecture,
};
use harness::one_or_many;
use jiff::{SignedDuration, fmt::serde::duration::friendly};
use serde::{Deserialize, Serialize};

use crate::support::{
    span::Span,
    system::{Run, Setup},
};

/// The section `[clockwork-executed]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// Networks, one after another.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) variety: Vec<String>,
    /// Copies of it.
    pub(crate) copies: u32,
    /// Requests per second to all of them together, of each network its own: what leaves the
    /// device idle half of the time differs by how long they take.
    pub(crate) rate: BTreeMap<String, f64>,
    /// Their objective, as a multiple of an execution.
    pub(crate) slo_factor: f64,
    /// What no figure shows, at the beginning: estimates are of the last ten executions.
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) lead_in: SignedDuration,
    /// The load after that.
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) duration: SignedDuration,
    /// What rates are means over.
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) bucket: SignedDuration,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// The network.
    pub(crate) variety: String,
}

impl Params {
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        self.span().check()?;
        ensure!(self.copies > 0, "`copies` must be at least 1");
        ensure!(self.slo_factor > 0.0, "`slo-factor` must be above 0");
        let point = |variety: &String| {
            Architecture::by_name(variety)?;
            let rate = self.rate.get(variety);
            ensure!(
                rate.is_some_and(|rate| *rate > 0.0),
                "`rate` needs a number above 0 for {variety}"
            );
            Ok(Point { variety: variety.clone() })
        };
        self.variety.iter().map(point).collect()
    }

    pub(crate) fn span(&self) -> Span {
        Span { lead_in: self.lead_in, duration: self.duration, bucket: self.bucket }
    }

    /// Every network has one: else there are no points.
    pub(crate) fn rate_of(&self, point: &Point) -> f64 {
        self.rate.get(&point.variety).copied().unwrap_or_default()
    }

    /// One worker. Actions are sent further ahead than to a GPU, by about as much as
    /// executions are longer.
    pub(crate) fn setup(&self, point: &Point) -> Setup {
        let setup = Setup::of(Run::Exec, 1);
        let settings =
            Settings { schedule_ahead: 100 * MILLISECOND, max_exec: SECOND, ..setup.settings };
        let varieties = vec![point.variety.clone()];
        Setup { settings, varieties, keeps_rows: true, ..setup }
    }

    /// The words that the client is given: objectives that hold as long as the run.
    pub(crate) fn workload(&self, point: &Point) -> Vec<String> {
        let (objective, factor) = (self.slo_factor.to_string(), "2");
        let period_s = self.span().load().as_secs() + 1;
        let words = ["slo-exp-1", &point.variety, &self.copies.to_string(), "poisson"];
        let mut words = words.map(str::to_owned).to_vec();
        words.push(self.rate_of(point).to_string());
        words.extend([&objective, &objective, factor, "mul"].map(str::to_owned));
        words.push(period_s.to_string());
        words
    }
}
