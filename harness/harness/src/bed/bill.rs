//! What the testbed's hosts use while a job runs.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde::Serialize;
use targets::{
    host::{HostBill, HostReading},
    target::Testbed,
};
use tokio::time::MissedTickBehavior;

use crate::run_dir::{RunDir, write_durably};

/// The distance of readings: a tenth of a percent of a processor, and still a
/// few within the shortest job.
const INTERVAL: Duration = Duration::from_millis(250);

/// One host at one time; a line of the attempt's file.
#[derive(Debug, Serialize)]
struct Sample {
    /// Since the job began.
    at_s: f64,
    #[serde(flatten)]
    reading: HostReading,
}

/// Reads the hosts' counters before `work`, while it goes on, and after it.
/// The readings are a file of the attempt, the sums its bills.
pub(super) async fn bill<T>(
    testbed: &dyn Testbed,
    attempt: &Path,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(T, Vec<HostBill>)> {
    let mut samples = Vec::new();
    let began = Instant::now();
    let mut read = async || {
        let readings = testbed.hosts().await.context("read what the hosts use")?;
        let at_s = began.elapsed().as_secs_f64();
        samples.extend(readings.into_iter().map(|reading| Sample { at_s, reading }));
        anyhow::Ok(())
    };
    read().await?;
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // The first tick is at once, and that reading is made.
    ticks.tick().await;
    let mut work = std::pin::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done?,
            _ = ticks.tick() => read().await?,
        }
    };
    read().await?;
    store(attempt, &samples)?;
    Ok((done, bills(&samples)))
}

fn store(attempt: &Path, samples: &[Sample]) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for sample in samples {
        serde_json::to_writer(&mut lines, sample).context("describe what the hosts used")?;
        lines.push(b'\n');
    }
    write_durably(&RunDir::hosts(attempt), &lines)
}

/// A bill for each host, by name.
fn bills(samples: &[Sample]) -> Vec<HostBill> {
    let mut by_host = BTreeMap::<&str, Vec<&Sample>>::new();
    for sample in samples {
        by_host.entry(&sample.reading.host).or_default().push(sample);
    }
    let bill = |samples: Vec<&Sample>| {
        let duration_s = samples.last()?.at_s - samples.first()?.at_s;
        let readings: Vec<_> = samples.iter().map(|sample| &sample.reading).collect();
        HostBill::of(&readings, duration_s)
    };
    by_host.into_values().filter_map(bill).collect()
}
