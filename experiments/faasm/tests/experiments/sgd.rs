//! Distributed training of an SVM on RCV1 by HOGWILD (Fig. 6).
//!
//! N parallel functions train on their share of the documents, 20 epochs over,
//! and share the weights through the state tier. In containers (`native`) each
//! function has its own copy of the state, refreshed over the network; Faaslets
//! of one runtime (`wasm`) share one copy in memory. The paper compares
//! training time, bytes on the network and billable memory.

mod analysis;
mod data;
mod deploy;
mod params;

use std::time::Duration;

use harness::{Bed, Experiment, Measured, Role, analysis::Analysis, async_trait, dataset};

pub(crate) use self::data::Rcv1;
use self::{
    deploy::{deploy, load_job, training_job},
    params::{Params, Point, Record},
};

pub(crate) struct Sgd;

/// The longest a trial's training may take before it counts as hung.
const TRAINING_LIMIT: Duration = Duration::from_secs(4 * 3600);

#[async_trait]
impl Experiment for Sgd {
    type Params = Params;
    type Point = Point;
    type Record = Record;

    fn name(&self) -> &'static str {
        "sgd"
    }

    fn points(&self, params: &Params) -> anyhow::Result<Vec<Point>> {
        params.points()
    }

    fn expected(&self, params: &Params, point: &Point) -> Duration {
        params.expected(point)
    }

    fn data(
        &self,
        params: &Params,
        cache: &dataset::Cache,
    ) -> anyhow::Result<Vec<dataset::DataUsed>> {
        data::ready(params, cache).map(|used| vec![used])
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Record> {
        let kv =
            Role { ports: &["http", "resp"], ..Role::server("kv", &["--resp", "{addr:resp}"]) };
        let kv = bed.start(&kv).await?.addresses["resp"].to_string();
        let upload = bed.start(&Role::server("upload", &["--kv", &kv])).await?;
        let deployment = deploy(params, point, bed, &kv).await?;

        let data = bed.data("rcv1")?;
        bed.run(&load_job(&upload, data)?, TRAINING_LIMIT).await?;

        let n_documents = data::n_documents(data)?;
        let training = training_job(params, point, n_documents, bed.seed(), &deployment);
        let before = bed.usage(&deployment.functions()).await?;
        let files = bed.run(&training, TRAINING_LIMIT).await?;
        let after = bed.usage(&deployment.functions()).await?;
        Record::read(&files, &before, &after)
    }

    fn analyse(&self, trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}
