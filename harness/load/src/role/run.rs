//! Sends the load that the flags describe, and writes what it brought.

use std::{fs, sync::Arc};

use anyhow::Context as _;
use node::Meter;

use super::Args;
use crate::{
    calibrate::calibrate,
    engine::generate,
    http::{Address, Endpoint, HttpClient},
    report::Report,
    validity::{Sources, Thresholds},
};

/// The report, in the directory `--out`.
const REPORT: &str = "load.json";

/// The histograms over time, beside it.
const LOG: &str = "latency.hlog";

/// Sends the load, and writes `load.json` and `latency.hlog`. Blocks until it
/// has ended: a role that runs on an asynchronous runtime gives it a thread of
/// its own (`tokio::task::spawn_blocking`).
///
/// # Errors
/// If the flags make no sense, a target cannot be reached before the start, or
/// a file cannot be written. A disturbed load is no error; the report says so.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let load = args.load()?;
    let request = args.request()?;
    let meter = Meter::shared();
    let endpoint = |address: &Address| {
        Endpoint::new(address, &request, args.label_header.clone(), Arc::clone(&meter))
    };
    let endpoints = args.target.iter().map(endpoint).collect::<anyhow::Result<Vec<_>>>()?;
    fs::create_dir_all(&args.out).with_context(|| format!("create {}", args.out.display()))?;
    let floor = args.calibrate.then(calibrate).transpose()?;

    let client = |number: usize| HttpClient::new(Arc::clone(&endpoints[number % endpoints.len()]));
    let log = args.out.join(LOG);
    let run = generate(&load, client, Some(&log), &Sources::default())
        .with_context(|| format!("load {}", targets(args).join(", ")))?;

    let mut report = Report::new(&load, &run, &Thresholds::USUAL);
    report.origin.targets = targets(args);
    report.network = Some(meter.read());
    if let Some(floor) = floor {
        report = report.with_floor(floor);
    }
    for finding in &report.disturbances {
        eprintln!("{finding}");
    }
    let path = args.out.join(REPORT);
    let json = serde_json::to_string_pretty(&report).context("describe the load")?;
    fs::write(&path, json).with_context(|| format!("write {}", path.display()))
}

fn targets(args: &Args) -> Vec<String> {
    args.target.iter().map(Address::to_string).collect()
}
