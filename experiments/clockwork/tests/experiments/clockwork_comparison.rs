//! Goodput under ever tighter objectives, beside two simpler schedulers (§6.2, Fig. 5).
//!
//! Fifteen models on one GPU, each asked by sixteen clients that ask again as soon as
//! they are answered. The paper compares Clockwork with Clipper and INFaaS; here it is
//! compared with schedulers of our own that lack its global windows: one that adapts
//! its batches as Clipper does, and one that takes requests as they come. All have the
//! same workers and the same load.

mod analysis;
mod params;

use std::time::Duration;

use clockwork::roles::Observed;
use harness::{
    Bed, Experiment, Measured, analysis::Analysis, async_trait, claim::Evidence, dataset,
};

use self::params::{Params, Point};

pub(crate) struct ClockworkComparison;

#[async_trait]
impl Experiment for ClockworkComparison {
    type Params = Params;
    type Point = Point;
    type Record = Observed;

    fn name(&self) -> &'static str {
        "clockwork-comparison"
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
