//! Goodput of a growing cluster (§6.6, Fig. 11).
//!
//! The trace is replayed at loads that grow with the number of workers, step by step
//! until they are far more than the cluster can do; what counts is the largest goodput
//! of any step. In the paper it grows with the workers until the controller has no time
//! left. So far in virtual time, in which a controller has all the time it needs: how
//! far it can go is not found here, only whether its decisions let workers add up.

mod analysis;
mod params;

use std::time::Duration;

use clockwork::roles::Observed;
use harness::{
    Bed, Experiment, Measured, analysis::Analysis, async_trait, claim::Evidence, dataset,
};

use self::params::{Params, Point};
use crate::support::{simulation::simulate, trace};

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

    fn evidence(&self, _: &Params) -> Evidence {
        Evidence::Simulated
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
        let (flags, workload) = (params.flags(point), params.workload(point));
        simulate(bed, &params.span(), &flags, &workload, Some(dir)).await
    }

    fn analyse(&self, trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}
