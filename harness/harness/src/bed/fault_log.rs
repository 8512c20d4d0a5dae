//! What a trial did to its instances, and when: one line per fault in a file
//! beside the trial's record.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde::Serialize;
use targets::{
    fault::{BitRate, Means},
    role::Instance,
};

use crate::run_dir::{RunDir, write_durably};

/// The faults of one trial. The file is whole after every step, so that a trial
/// that is cut off leaves what it did.
#[derive(Debug)]
pub(super) struct FaultLog {
    path: PathBuf,
    began: Instant,
    records: Mutex<Vec<Record>>,
}

/// What is done to instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Kill,
    Pause,
    Restart,
    Partition,
    Throttle,
    Delay,
    DiskFull,
}

/// By how much, for the faults that have a measure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Amount {
    #[serde(rename = "limit_bit_per_s", skip_serializing_if = "Option::is_none")]
    limit: Option<BitRate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_way_s: Option<f64>,
}

/// One line. Times are seconds since the trial began; what has not happened,
/// or failed, is null.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Record {
    fault: Kind,
    instances: Vec<String>,
    amount: Option<Amount>,
    means: Option<Means>,
    asked_s: f64,
    in_force_s: Option<f64>,
    undo_asked_s: Option<f64>,
    undone_s: Option<f64>,
}

/// The number of a fault's line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry(usize);

impl Amount {
    pub(super) fn limit(limit: BitRate) -> Option<Self> {
        Some(Self { limit: Some(limit), ..Self::default() })
    }

    pub(super) fn delay(one_way: Duration) -> Option<Self> {
        Some(Self { one_way_s: Some(one_way.as_secs_f64()), ..Self::default() })
    }
}

impl FaultLog {
    /// The log of a trial that begins now.
    pub(super) fn begin(trial: &Path) -> Self {
        let path = RunDir::faults(trial);
        Self { path, began: Instant::now(), records: Mutex::default() }
    }

    /// Notes that a fault is asked for.
    ///
    /// # Errors
    /// If the same is in force already, or the file cannot be written.
    pub(super) fn asked(
        &self,
        fault: Kind,
        instances: &[&Instance],
        amount: Option<Amount>,
    ) -> anyhow::Result<Entry> {
        let (asked_s, instances) = (self.now_s(), names(instances));
        let mut records = self.records();
        if records.iter().any(|record| record.is_in_force(fault, &instances)) {
            bail!("{}: already {} (hint: undo that first)", instances.join(" and "), fault.state());
        }
        records.push(Record {
            fault,
            instances,
            amount,
            means: None,
            asked_s,
            in_force_s: None,
            undo_asked_s: None,
            undone_s: None,
        });
        self.write(&records)?;
        Ok(Entry(records.len() - 1))
    }

    /// Notes that its effect was seen.
    pub(super) fn in_force(&self, entry: Entry, means: Option<Means>) -> anyhow::Result<()> {
        let now_s = self.now_s();
        let mut records = self.records();
        records[entry.0].in_force_s = Some(now_s);
        records[entry.0].means = means;
        self.write(&records)
    }

    /// Notes that the fault that is in force is to be undone.
    ///
    /// # Errors
    /// If it is not in force, or the file cannot be written.
    pub(super) fn undo_asked(&self, fault: Kind, instances: &[&Instance]) -> anyhow::Result<Entry> {
        let instances = names(instances);
        let entry = self.find(fault, &instances).with_context(|| {
            format!("{}: not {}, so nothing is to undo", instances.join(" and "), fault.state())
        })?;
        self.undoing(entry)?;
        Ok(entry)
    }

    /// The faults that end with a restart of the instance, if it is under them.
    pub(super) fn restart_asked(&self, instance: &Instance) -> anyhow::Result<Vec<Entry>> {
        let instances = names(&[instance]);
        let ending = [Kind::Kill, Kind::Pause].into_iter();
        let entries: Vec<_> = ending.filter_map(|kind| self.find(kind, &instances)).collect();
        entries.iter().try_for_each(|entry| self.undoing(*entry))?;
        Ok(entries)
    }

    /// Notes that its end was seen.
    pub(super) fn undone(&self, entry: Entry) -> anyhow::Result<()> {
        let now_s = self.now_s();
        let mut records = self.records();
        records[entry.0].undone_s = Some(now_s);
        self.write(&records)
    }

    fn undoing(&self, entry: Entry) -> anyhow::Result<()> {
        let now_s = self.now_s();
        let mut records = self.records();
        // An attempt that failed may be repeated; the first one counts.
        records[entry.0].undo_asked_s.get_or_insert(now_s);
        self.write(&records)
    }

    fn find(&self, fault: Kind, instances: &[String]) -> Option<Entry> {
        self.records().iter().position(|record| record.is_in_force(fault, instances)).map(Entry)
    }

    fn write(&self, records: &[Record]) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for record in records {
            serde_json::to_writer(&mut lines, record).context("encode a fault")?;
            lines.push(b'\n');
        }
        write_durably(&self.path, &lines)
    }

    fn now_s(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().expect("no holder panics")
    }
}

impl Record {
    fn is_in_force(&self, fault: Kind, instances: &[String]) -> bool {
        // A restart is over as soon as it has happened.
        let lasts = self.fault != Kind::Restart;
        let is_it = self.fault == fault && self.instances == instances;
        lasts && is_it && self.in_force_s.is_some() && self.undone_s.is_none()
    }
}

impl Kind {
    fn state(self) -> &'static str {
        match self {
            Self::Kill => "killed",
            Self::Pause => "paused",
            Self::Restart => "restarted",
            Self::Partition => "cut off from each other",
            Self::Throttle => "throttled",
            Self::Delay => "delayed",
            Self::DiskFull => "out of disk space",
        }
    }
}

/// A cut has no direction.
fn names(instances: &[&Instance]) -> Vec<String> {
    let mut names: Vec<_> = instances.iter().map(|instance| instance.id.clone()).collect();
    names.sort();
    names
}
