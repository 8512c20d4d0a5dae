//! What isolation costs (Table 3, Fig. 10): a function that does nothing.
//!
//! The time, the processor time and the cycles to start an instance, the memory
//! of one that is idle, how many there can be, and the latency of starts at
//! growing rates: for what the testbed starts for a role (`instance`, a container
//! or a process), for a Faaslet that initialises itself (`faaslet`) and for one
//! that is restored from its Proto-Faaslet (`proto-faaslet`).

mod analysis;
mod idle;
mod instances;
mod params;
mod quantity;

use std::time::Duration;

use faasm::overheads::{Costs, Kind};
use harness::{Bed, Experiment, Measured, Role, analysis::Analysis, async_trait, dataset};

use self::params::{Mode, Params, Point};
use crate::support::{deployment::Deployable, results::read_json};

pub(crate) struct Overheads;

/// The function that does nothing.
const NOOP: Deployable =
    Deployable { user: "demo", name: "noop", native_service: "faasm-noop.faasm.example.com" };

/// The longest that the Faaslets of a trial may take before they count as hung.
const LIMIT: Duration = Duration::from_secs(3600);

#[async_trait]
impl Experiment for Overheads {
    type Params = Params;
    type Point = Point;
    type Record = Costs;

    fn name(&self) -> &'static str {
        "overheads"
    }

    fn points(&self, params: &Params) -> anyhow::Result<Vec<Point>> {
        params.points()
    }

    fn expected(&self, params: &Params, point: &Point) -> Duration {
        params.expected(point)
    }

    fn data(&self, _: &Params, _: &dataset::Cache) -> anyhow::Result<Vec<dataset::DataUsed>> {
        Ok(vec![])
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Costs> {
        match point.mode {
            Mode::Instance => instances::measure(params, bed).await,
            Mode::Faaslet => faaslets(Kind::Faaslet, params, point, bed).await,
            Mode::ProtoFaaslet => faaslets(Kind::ProtoFaaslet, params, point, bed).await,
        }
    }

    fn analyse(&self, trials: &[Measured<Point, Costs>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}

/// Faaslets measure themselves, in one process.
async fn faaslets(kind: Kind, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Costs> {
    let wasm = NOOP.wasm()?;
    let guest = wasm.display().to_string();
    let starts = params.starts.of(point.mode).to_string();
    let capacity_max = params.capacity_max.of(point.mode).to_string();
    let rates: Vec<_> = params.churn_per_s.of(point.mode).iter().map(f64::to_string).collect();
    let (rates, churn_s) = (rates.join(","), params.churn_s.to_string());
    let mut args = vec!["--kind", kind.name(), "--guest", &guest, "--out", "{dir}"];
    args.extend(["--starts", &starts, "--capacity-max", &capacity_max]);
    args.extend(["--churn-per-s", &rates, "--churn-s", &churn_s]);
    let files = bed.run(&Role::job("overheads", &args).reading([&wasm]), LIMIT).await?;
    read_json(&files.join("overheads.json"))
}
