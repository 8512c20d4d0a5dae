//! Distributed training of an SVM on RCV1 by HOGWILD (Fig. 6).
//!
//! N parallel functions train on their share of the documents, 20 epochs over,
//! and share the weights through the state tier. In containers (`native`) each
//! function has its own copy of the state, refreshed over the network; Faaslets
//! of one runtime (`wasm`) share one copy in memory. The paper compares
//! training time, bytes on the network and billable memory.

mod analysis;
mod data;
mod params;

use std::time::Duration;

use harness::{Bed, Experiment, Measured, Role, analysis::Analysis, async_trait, dataset};

pub(crate) use self::data::Rcv1;
use self::params::{Params, Point, Record};
use crate::support::deployment::{Deployable, Deployment, Storage};

pub(crate) struct Sgd;

/// The function that trains.
const REUTERS_SVM: Deployable = Deployable {
    user: "sgd",
    name: "reuters_svm",
    native_service: "faasm-reuters-svm.faasm.example.com",
};

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
        let storage = Storage::start(bed).await?;
        let n_replicas = params.replicas.of(point.mode, point.workers);
        let deployment =
            Deployment::start(bed, &storage, REUTERS_SVM, point.mode, n_replicas, &[]).await?;

        let data = bed.data("rcv1")?;
        bed.run(&storage.load_job(REUTERS_SVM, "--data", data)?, TRAINING_LIMIT).await?;

        let n_documents = data::n_documents(data)?;
        let training = training_job(params, point, n_documents, bed.seed(), &deployment);
        let before = bed.usage(&deployment.functions()).await?;
        let files = bed.run_billed(&training, TRAINING_LIMIT).await?;
        let after = bed.usage(&deployment.functions()).await?;
        Record::read(&files, &before, &after)
    }

    fn analyse(&self, trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}

/// Clears the state of the training and trains.
fn training_job(
    params: &Params,
    point: &Point,
    documents: usize,
    seed: u64,
    deployment: &Deployment,
) -> Role {
    let (workers, interval) = (point.workers.to_string(), params.interval.to_string());
    let (documents, features) = (documents.to_string(), faasm::rcv1::N_FEATURES.to_string());
    let (epochs, seed) = (params.epochs.to_string(), seed.to_string());
    let mut args = vec!["train", "--out", "{dir}"];
    let flags = deployment.flags();
    args.extend(flags.iter().map(String::as_str));
    args.extend(["--workers", &workers, "--interval", &interval, "--epochs", &epochs]);
    args.extend(["--documents", &documents, "--features", &features, "--seed", &seed]);
    Role::job("client", &args)
}
