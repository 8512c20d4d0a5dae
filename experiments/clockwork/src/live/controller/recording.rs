//! What happened to a scheduler and what it decided, line by line; and whether it
//! decides the same again.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, BufWriter, Write},
    path::Path,
};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::{
    message::{Action, Response},
    scheduler::{Cluster, Effect, Event, Policy, Scheduler, ServedModel, Settings},
    time::Nanos,
};

/// The first line: all that a scheduler is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beginning {
    pub(super) policy: Policy,
    pub(super) settings: Settings,
    pub(super) cluster: Cluster,
    pub(super) served: Vec<ServedModel>,
}

/// Every other line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    now: Nanos,
    event: Event,
    sent: Vec<Action>,
    answered: Vec<Response>,
}

/// A recording that is being made.
pub(super) struct Recording {
    out: BufWriter<File>,
}

/// What a recording came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Events in it.
    pub n_events: u64,
    /// Actions that were decided, the same as before.
    pub n_actions: u64,
}

impl Recording {
    /// Begins a file.
    pub(super) fn create(path: &Path, beginning: &Beginning) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
        let mut recording = Self { out: BufWriter::new(file) };
        recording.line(beginning)?;
        Ok(recording)
    }

    /// Adds what was decided.
    pub(super) fn add(
        &mut self,
        now: Nanos,
        event: Event,
        effects: &[Effect],
    ) -> anyhow::Result<()> {
        self.line(&Decision::new(now, event, effects))
    }

    /// Completes the file.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.out.flush().context("write the recording")
    }

    fn line(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.out, line).context("write the recording")?;
        self.out.write_all(b"\n").context("write the recording")
    }
}

impl Decision {
    fn new(now: Nanos, event: Event, effects: &[Effect]) -> Self {
        let (mut sent, mut answered) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Send(action) => sent.push(*action),
                Effect::Answer(response, _) => answered.push(*response),
                Effect::Log(_) => {}
            }
        }
        Self { now, event, sent, answered }
    }
}

/// Has another scheduler decide on what was recorded, and compares line by line, byte by
/// byte.
///
/// # Errors
/// If the file is no recording, or a decision differs; the message says where.
pub fn replay(path: &Path) -> anyhow::Result<Replayed> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut lines = BufReader::new(file).lines();
    let first = lines.next().context("the recording is empty")??;
    let beginning: Beginning = serde_json::from_str(&first)
        .with_context(|| format!("{}, line 1: not a recording", path.display()))?;
    let Beginning { policy, settings, cluster, served } = beginning;
    let mut scheduler = policy.scheduler(settings, cluster, &served)?;
    let mut replayed = Replayed { n_events: 0, n_actions: 0 };
    for (index, line) in lines.enumerate() {
        let place = || format!("{}, line {}", path.display(), index + 2);
        replay_line(&line?, scheduler.as_mut(), &mut replayed).with_context(place)?;
    }
    ensure!(replayed.n_events > 0, "{}: nothing happened in it", path.display());
    Ok(replayed)
}

fn replay_line(
    line: &str,
    scheduler: &mut dyn Scheduler,
    replayed: &mut Replayed,
) -> anyhow::Result<()> {
    let recorded: Decision = serde_json::from_str(line).context("not a decision")?;
    let mut effects = Vec::new();
    scheduler.on(recorded.now, recorded.event, &mut effects);
    let decision = Decision::new(recorded.now, recorded.event, &effects);
    let again = serde_json::to_string(&decision).context("write the decision")?;
    if again != line {
        bail!("another decision than before:\n  before {line}\n  now    {again}");
    }
    replayed.n_events += 1;
    replayed.n_actions += decision.sent.len() as u64;
    Ok(())
}
