//! The toy's one experiment: a red toy and a blue one, and how much work each is.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use harness::{Bed, Experiment, Measured, Role, analysis::Analysis, async_trait, dataset};
use serde::{Deserialize, Serialize};

use crate::{analysis, behaviour::Behaviour};

pub(crate) struct Toy;

/// The knobs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    toys: Vec<Colour>,
    /// How far a trial's work may be from its mean, as a share of it.
    noise: f64,
    /// What the red toy's work is multiplied by.
    slowdown: f64,
    /// Where the trials behave as said; everywhere else all goes well.
    afflicted: Vec<Colour>,
    behaviour: Behaviour,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    pub(crate) toy: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Colour {
    Blue,
    Red,
}

/// What a trial measured, as its job wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) work: f64,
    pub(crate) failed_requests: u64,
}

/// Long enough for any machine; only a trial that never ends meets it.
const JOB_LIMIT: Duration = Duration::from_secs(600);

/// Short, because a test waits for it to pass.
const UNREADY_FOR: Duration = Duration::from_millis(300);

#[async_trait]
impl Experiment for Toy {
    type Params = Params;
    type Point = Point;
    type Record = Record;

    fn name(&self) -> &'static str {
        "toy"
    }

    fn points(&self, params: &Params) -> anyhow::Result<Vec<Point>> {
        anyhow::ensure!(params.noise >= 0.0, "noise = {}: it cannot be negative", params.noise);
        Ok(params.toys.iter().map(|toy| Point { toy: *toy }).collect())
    }

    fn expected(&self, _: &Params, _: &Point) -> Duration {
        Duration::from_millis(100)
    }

    fn data(&self, _: &Params, _: &dataset::Cache) -> anyhow::Result<Vec<dataset::DataUsed>> {
        Ok(Vec::new())
    }

    async fn trial(&self, params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Record> {
        let behaviour = params.behaviour_at(point);
        let server = bed.start(&server(behaviour)).await?;
        let address = server.addresses["http"].to_string();
        let files = bed.run(&job(params, point, bed.seed(), &address), JOB_LIMIT).await?;
        let record = read(&files)?;
        if record.failed_requests > 0 {
            bed.invalidate(format!("{} requests failed", record.failed_requests));
        }
        Ok(record)
    }

    fn analyse(&self, trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
        analysis::analyse(trials)
    }
}

impl Params {
    fn behaviour_at(&self, point: &Point) -> &Behaviour {
        if self.afflicted.contains(&point.toy) { &self.behaviour } else { &Behaviour::Plain }
    }
}

fn server(behaviour: &Behaviour) -> Role {
    let asked = serde_json::to_string(behaviour).expect("a behaviour is plain data");
    let role = Role::server("serve", &["--behaviour", &asked]);
    match behaviour {
        Behaviour::NeverReady => Role { ready_within: UNREADY_FOR, ..role },
        _ => role,
    }
}

fn job(params: &Params, point: &Point, seed: u64, server: &str) -> Role {
    let mean = match point.toy {
        Colour::Blue => 100.0,
        Colour::Red => 80.0 * params.slowdown,
    };
    let asked = params.behaviour_at(point);
    let args = [
        ("--mean", mean.to_string()),
        ("--noise", params.noise.to_string()),
        ("--seed", seed.to_string()),
        ("--server", server.to_owned()),
        ("--into", "{dir}".to_owned()),
        ("--behaviour", serde_json::to_string(asked).expect("it is plain data")),
    ];
    let args: Vec<&str> = args.iter().flat_map(|(flag, value)| [flag, value.as_str()]).collect();
    Role::job("job", &args)
}

fn read(files: &Path) -> anyhow::Result<Record> {
    let path = files.join("work.json");
    let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("parse {}", path.display()))
}
