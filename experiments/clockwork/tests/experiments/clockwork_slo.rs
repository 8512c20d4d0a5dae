//! How tight objectives can be, alone and beside others (§6.3 and §6.4, Fig. 7 and 8).
//!
//! The objective is a multiple of the time in which the model executes once, and is
//! loosened step by step: for copies that are asked at several rates, and for a few
//! copies while others are asked in closed loops without an objective of note.

mod analysis;
mod objectives;
mod params;
mod record;

use std::time::Duration;

use harness::{
    Bed, Experiment, Measured, analysis::Analysis, async_trait, claim::Evidence, dataset,
};

use self::{
    params::{Params, Point},
    record::Record,
};

pub(crate) struct ClockworkSlo;

#[async_trait]
impl Experiment for ClockworkSlo {
    type Params = Params;
    type Point = Point;
    type Record = Record;

    fn name(&self) -> &'static str {
        "clockwork-slo"
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

    fn data(&self, _: &Params, _: &dataset::Cache) -> anyhow::Result<Vec<dataset::DataUsed>> {
        Ok(vec![])
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Record> {
        let (span, workload) = (params.span(), params.workload(point));
        let observed = params.setup(point).observe(bed, &span, &workload, None).await?;
        Ok(Record { objectives: params.objectives(), observed })
    }

    fn analyse(&self, trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}
