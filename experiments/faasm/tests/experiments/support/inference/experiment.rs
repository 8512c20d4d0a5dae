//! An experiment of this kind: it has a name, and draws its own figure.

use std::time::Duration;

use harness::{Bed, Experiment, Measured, analysis::Analysis, async_trait, dataset};

use super::{
    Params, Point, Record, Trials,
    analysis::by_point,
    data::ready,
    trial::{expected, trial},
};

/// Image classification under load.
pub(crate) struct Inference {
    /// What people type.
    pub(crate) name: &'static str,
    /// From records to the paper's figure and the measures.
    pub(crate) analyse: fn(&Trials<'_>) -> anyhow::Result<Analysis>,
}

#[async_trait]
impl Experiment for Inference {
    type Params = Params;
    type Point = Point;
    type Record = Record;

    fn name(&self) -> &'static str {
        self.name
    }

    fn points(&self, params: &Params) -> anyhow::Result<Vec<Point>> {
        params.points()
    }

    fn expected(&self, params: &Params, _: &Point) -> Duration {
        expected(params)
    }

    fn data(
        &self,
        params: &Params,
        cache: &dataset::Cache,
    ) -> anyhow::Result<Vec<dataset::DataUsed>> {
        ready(params, cache).map(|used| vec![used])
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Record> {
        trial(params, point, bed).await
    }

    fn analyse(&self, trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
        (self.analyse)(&by_point(trials))
    }
}
