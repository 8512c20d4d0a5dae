//! One trial: deploy, load the model, send requests.

use std::time::Duration;

use anyhow::Context as _;
use harness::{Bed, Role};
use load::{
    hlog::{LATENCY, Log},
    report::Report,
};

use super::{Params, Point, Record};
use crate::support::{
    billing::{memory_peak_bytes, network_bytes},
    deployment::{Deployable, Deployment, Storage},
    results::read_json,
};

/// The function that classifies; `image` in the original.
const MOBILENET: Deployable =
    Deployable { user: "tf", name: "mobilenet", native_service: "faasm-image.faasm.example.com" };

/// What an answer says of its start.
const START_HEADER: &str = "x-call-start";
const COLD: &str = "cold";

/// The longest that loading may take.
const LOAD_LIMIT: Duration = Duration::from_secs(600);

/// About two seconds to start and to load, then what the profile says.
pub(super) fn expected(params: &Params) -> Duration {
    Duration::from_secs(2 + params.warm_up_s + params.duration_s)
}

/// Deploys the functions and measures them under the point's load.
pub(super) async fn trial(params: &Params, point: &Point, bed: &Bed) -> anyhow::Result<Record> {
    let storage = Storage::start(bed).await?;
    let n_replicas = params.replicas.of(point.mode, params.connections);
    let (delay_ms, seed) = (params.cold_start_delay_ms.to_string(), bed.seed().to_string());
    let options = ["--cold-start-delay-ms", &delay_ms, "--seed", &seed];
    let deployment =
        Deployment::start(bed, &storage, MOBILENET, point.mode, n_replicas, &options).await?;
    bed.run(&storage.load_job(MOBILENET, "--state", bed.data("mobilenet")?)?, LOAD_LIMIT).await?;

    let before = bed.usage(&deployment.functions()).await?;
    let limit = expected(params) + Duration::from_secs(60 + params.timeout_s);
    let files = bed.run_billed(&drive_job(params, point, bed.seed(), &deployment), limit).await?;
    let after = bed.usage(&deployment.functions()).await?;

    let report: Report = read_json(&files.join("load.json"))?;
    bed.judge_load(&report);
    let latencies = Log::read(&files.join("latency.hlog"))?.merged(LATENCY);
    let percentile_us = |percent: u32| {
        let at = latencies.quantile(f64::from(percent) / 100.0)?;
        Some(at.as_secs_f64() * 1e6)
    };
    Ok(Record {
        throughput_per_s: report.achieved_per_s,
        latency: report.latency.context("no request succeeded")?,
        floor: report.floor,
        cold: report.labels.get(COLD).copied(),
        percentiles_us: (1..=99).filter_map(percentile_us).collect(),
        network_bytes: network_bytes(&before, &after)?,
        memory_peak_bytes: memory_peak_bytes(&after),
    })
}

/// The client machine's load: as the original's `wrk`, each connection waits for
/// its answer, and then at random before it asks again.
fn drive_job(params: &Params, point: &Point, seed: u64, deployment: &Deployment) -> Role {
    let body = format!(
        r#"{{"user":"{}","function":"{}","cold_start_interval":"{}"}}"#,
        MOBILENET.user, MOBILENET.name, point.interval
    );
    let duration = format!("{}s", params.warm_up_s + params.duration_s);
    let (warm_up, timeout) = (format!("{}s", params.warm_up_s), format!("{}s", params.timeout_s));
    let (connections, seed) = (params.connections.to_string(), seed.to_string());
    let think = format!("uniform:{}ms", point.think_ms);
    let flags = deployment.flags();
    let mut args = vec!["drive", "--out", "{dir}", "--body", &body];
    args.extend(flags.iter().map(String::as_str));
    args.extend(["--connections", &connections, "--think", &think, "--seed", &seed]);
    args.extend(["--duration", &duration, "--warm-up", &warm_up, "--timeout", &timeout]);
    args.extend(["--label-header", START_HEADER, "--calibrate"]);
    Role::job("client", &args)
}
