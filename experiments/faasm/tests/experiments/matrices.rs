//! Multiplication of matrices by chained calls (Fig. 8).
//!
//! One call divides its product into eight smaller ones and chains a call for
//! each, twice over: 64 calls multiply, 9 merge. Blocks and intermediate results
//! travel through the state tier, in containers (`native`) from each to each, in
//! Faaslets (`wasm`) once to their common memory. The paper compares duration
//! and bytes on the network. Unlike the original we check every product.

mod analysis;
mod data;
mod params;

use std::time::Duration;

use faasm::client::MultiplicationRun;
use harness::{Bed, Experiment, Measured, Role, analysis::Analysis, async_trait, dataset};

pub(crate) use self::data::Blocks;
use self::params::{Params, Point, Record};
use crate::support::{
    billing::{memory_peak_bytes, network_bytes},
    deployment::{Deployable, Deployment, Storage},
    results::read_json,
};

pub(crate) struct Matrices;

/// The function that multiplies. The original's is Python, and so is its user.
const MAT_MUL: Deployable = Deployable {
    user: "python",
    name: "mat_mul",
    native_service: "faasm-python.faasm.example.com",
};

/// The longest a multiplication may take before it counts as hung.
const LIMIT: Duration = Duration::from_secs(4 * 3600);

#[async_trait]
impl Experiment for Matrices {
    type Params = Params;
    type Point = Point;
    type Record = Record;

    fn name(&self) -> &'static str {
        "matrices"
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
        data::ready(params, cache)
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Record> {
        let storage = Storage::start(bed).await?;
        let n_replicas = params.replicas.of(point.mode, params.workers);
        let deployment =
            Deployment::start(bed, &storage, MAT_MUL, point.mode, n_replicas, &[]).await?;

        let blocks = bed.data(&data::name(point.size))?;
        bed.run(&storage.load_job(MAT_MUL, "--state", blocks)?, LIMIT).await?;

        let (upload, seed) = (storage.upload_url(), bed.seed().to_string());
        let (data, mut args) = (blocks.display().to_string(), vec!["multiply", "--out", "{dir}"]);
        let flags = deployment.flags();
        args.extend(flags.iter().map(String::as_str));
        args.extend(["--upload", &upload, "--data", &data, "--seed", &seed]);
        let processes = deployment.processes();
        args.extend(["--count", &processes]);
        let multiplication = Role::job("client", &args).reading([blocks]);

        let before = bed.usage(&deployment.functions()).await?;
        let files = bed.run_billed(&multiplication, LIMIT).await?;
        let after = bed.usage(&deployment.functions()).await?;
        let run: MultiplicationRun = read_json(&files.join("run.json"))?;
        Ok(Record {
            duration_s: run.duration_s,
            n_executed: run.n_executed,
            checked: run.checked,
            network_bytes: network_bytes(&before, &after)?,
            memory_peak_bytes: memory_peak_bytes(&after),
        })
    }

    fn analyse(&self, trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}
