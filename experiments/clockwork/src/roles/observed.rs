//! What a run came to, as a file.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::{
    live::client::Sent,
    simulation::Outcome,
    telemetry::{Aggregate, GroupSeries, Series, Tails, Totals},
};

/// What the controller saw of a run, live or in virtual time: what `observed.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// Model instances.
    pub n_models: u32,
    /// Requests, answers and actions, of the whole run.
    pub outcome: Outcome,
    /// How long the run took.
    pub wall_s: f64,
    /// How long the load was after the lead-in.
    pub measured_s: f64,
    /// Counts of that time.
    pub totals: Totals,
    /// The series that Fig. 9 shows.
    pub series: Series,
    /// The tails that Fig. 10 shows.
    pub tails: Tails,
    /// The series of each group of models, if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupSeries>,
    /// Workers that were lost meanwhile.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_lost_workers: u32,
    /// What the client saw, if there was a live one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl Observed {
    /// A run of `wall_s` seconds, of which `measured_s` counted.
    pub(super) fn new(
        n_models: u32,
        outcome: Outcome,
        aggregate: &Aggregate,
        wall_s: f64,
        measured_s: f64,
    ) -> Self {
        Self {
            n_models,
            outcome,
            wall_s,
            measured_s,
            totals: aggregate.totals().clone(),
            series: aggregate.series(),
            tails: aggregate.tails(),
            groups: aggregate.groups(),
            n_lost_workers: 0,
            sent: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Writes what was observed into a directory.
pub(super) fn write(dir: &Path, name: &str, what: &impl Serialize) -> anyhow::Result<()> {
    let path = dir.join(name);
    let text = serde_json::to_vec(what).with_context(|| format!("describe {name}"))?;
    std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))
}
