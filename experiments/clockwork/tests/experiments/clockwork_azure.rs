//! Replay of the Azure Functions trace to thousands of models (§6.5, Fig. 9 and 10).
//!
//! Every function of the trace asks a model for an inference as often as it was
//! invoked; far more models exist than GPUs can hold, so weights come and go. The
//! paper shows that requests are nevertheless answered within 100 ms, and how well
//! the controller predicts what workers do.

mod analysis;
mod errors;
pub(crate) mod figures;
mod params;

use std::time::Duration;

use clockwork::roles::Observed;
use harness::{
    Bed, Experiment, Measured, analysis::Analysis, async_trait, claim::Evidence, dataset,
};

use self::params::{Params, Point};
use crate::support::trace;

pub(crate) struct ClockworkAzure;

#[async_trait]
impl Experiment for ClockworkAzure {
    type Params = Params;
    type Point = Point;
    type Record = Observed;

    fn name(&self) -> &'static str {
        "clockwork-azure"
    }

    fn points(&self, params: &Params) -> anyhow::Result<Vec<Point>> {
        params.points()
    }

    fn expected(&self, params: &Params, _: &Point) -> Duration {
        params.expected()
    }

    fn evidence(&self, params: &Params) -> Evidence {
        params.run.evidence()
    }

    fn data(
        &self,
        params: &Params,
        cache: &dataset::Cache,
    ) -> anyhow::Result<Vec<dataset::DataUsed>> {
        Ok(vec![trace::ready(params.day(), cache)?])
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Observed> {
        let dir = bed.data(trace::NAME)?;
        params.setup(point).observe(bed, &params.span(), &params.workload(), Some(dir)).await
    }

    fn analyse(&self, trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}
