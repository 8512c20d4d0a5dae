//! Goodput of a growing cluster (§6.6, Fig. 11).
//!
//! The trace is replayed at loads that grow with the number of workers, step by step
//! until they are far more than the cluster can do; what counts is the largest goodput
//! of any step. In the paper it grows with the workers until the controller has no time
//! left. In virtual time a controller has all the time it needs: then only whether its
//! decisions let workers add up is found, not how far it can go.

mod analysis;
mod params;

use std::time::Duration;

use clockwork::roles::Observed;
use harness::{
    Bed, Experiment, Measured, analysis::Analysis, async_trait, claim::Evidence, dataset,
};

use self::params::{Params, Point};
use crate::support::trace;

pub(crate) struct ClockworkScalability;

#[async_trait]
impl Experiment for ClockworkScalability {
    type Params = Params;
    type Point = Point;
    type Record = Observed;

    fn name(&self) -> &'static str {
        "clockwork-scalability"
    }

    fn points(&self, params: &Params) -> anyhow::Result<Vec<Point>> {
        params.points()
    }

    fn expected(&self, params: &Params, point: &Point) -> Duration {
        params.expected(point)
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
        let workload = params.workload(point);
        params.setup(point).observe(bed, &params.span(), &workload, Some(dir)).await
    }

    fn analyse(&self, trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}
