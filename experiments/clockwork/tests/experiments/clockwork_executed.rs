//! How well executions are predicted that really take place (the abstract's
//! observation; Fig. 10's error, measured).
//!
//! Copies of a network are asked at a rate that leaves the device idle half of the time.
//! The paper's premise is that inference is deterministic: that how long an execution
//! took says how long the next one will take. Its V100s have locked clocks; a processor
//! that other programs share has not.

mod analysis;
mod executions;
mod params;

use std::time::Duration;

use harness::{Bed, Experiment, Measured, analysis::Analysis, async_trait, dataset};

use self::{
    executions::Record,
    params::{Params, Point},
};
use crate::support::system::Run;

pub(crate) struct ClockworkExecuted;

#[async_trait]
impl Experiment for ClockworkExecuted {
    type Params = Params;
    type Point = Point;
    type Record = Record;

    fn name(&self) -> &'static str {
        "clockwork-executed"
    }

    fn points(&self, params: &Params) -> anyhow::Result<Vec<Point>> {
        params.points()
    }

    fn expected(&self, params: &Params, point: &Point) -> Duration {
        params.span().expected(Run::Exec, params.rate_of(point))
    }

    // It is measured wherever it runs: nothing of it is in virtual time.
    fn data(&self, _: &Params, _: &dataset::Cache) -> anyhow::Result<Vec<dataset::DataUsed>> {
        Ok(vec![])
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Record> {
        let (setup, span, workload) = (params.setup(point), params.span(), params.workload(point));
        let (observed, files) = setup.observe_files(bed, &span, &workload, None).await?;
        Ok(Record { observed, executions: executions::logged(&files, &span)? })
    }

    fn analyse(&self, trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}
