//! One steady model beside ever more others, on one GPU (§6.2, Fig. 6).
//!
//! After a lead-in in which only the *minor* model is asked, a constant rate of requests
//! is shared by the *majors*, of which there is one more each second. At first they all
//! fit into the GPU's memory, and smaller batches are what more models cost; then weights
//! come and go, and the link to the GPU is what is short.

mod analysis;
mod figures;
mod params;

use std::time::Duration;

use clockwork::roles::Observed;
use harness::{
    Bed, Experiment, Measured, analysis::Analysis, async_trait, claim::Evidence, dataset,
};

use self::params::{Params, Point};

pub(crate) struct ClockworkBursty;

#[async_trait]
impl Experiment for ClockworkBursty {
    type Params = Params;
    type Point = Point;
    type Record = Observed;

    fn name(&self) -> &'static str {
        "clockwork-bursty"
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

    fn data(&self, _: &Params, _: &dataset::Cache) -> anyhow::Result<Vec<dataset::DataUsed>> {
        Ok(vec![])
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Observed> {
        params.setup(point).observe(bed, &params.span(), &params.workload(), None).await
    }

    fn analyse(&self, trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}
