//! What the gateway writes down about its requests and its decisions.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::core::{Action, Event, ReplicaId, RequestId};

/// One request, from its arrival to its end. Times are microseconds since the
/// gateway started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRecord {
    /// The service's host name.
    pub service: String,
    /// The request, numbered by arrival.
    pub request: RequestId,
    /// When it came in.
    pub arrived_us: u64,
    /// When it was sent to a replica, if it was.
    pub dispatched_us: Option<u64>,
    /// When the last byte of its answer was passed on, or its client was gone.
    pub done_us: u64,
    /// The replica that it was sent to.
    pub replica: Option<ReplicaId>,
    /// Whether it waited for that replica to start.
    pub cold: bool,
    /// The status it was answered with; none if the client left before.
    pub status: Option<u16>,
}

/// One step of a service's scheduler; all of them replay its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The service's host name.
    pub service: String,
    /// When.
    pub now_us: u64,
    /// What happened.
    pub event: Event,
    /// What was decided.
    pub actions: Vec<Action>,
}

/// Who is told. Decisions come in their order for each service, under its lock,
/// so these calls return soon.
pub trait Observer: Send + Sync + 'static {
    /// A request has ended.
    fn request(&self, record: &RequestRecord);

    /// A scheduler has decided.
    fn decision(&self, decision: &Decision);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn request(&self, _: &RequestRecord) {}

    fn decision(&self, _: &Decision) {}
}

/// Writes the records of requests to a file, one JSON object on a line.
#[derive(Debug)]
pub struct RequestLog {
    file: Mutex<BufWriter<File>>,
}

impl RequestLog {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// If it cannot be created; the message names it.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path)
            .with_context(|| format!("create the log of requests {}", path.display()))?;
        Ok(Self { file: Mutex::new(BufWriter::new(file)) })
    }

    fn append(&self, record: &RequestRecord) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)?;
        // A role may be killed at any time; what is done is then on disk.
        file.flush()
    }
}

impl Observer for RequestLog {
    fn request(&self, record: &RequestRecord) {
        if let Err(error) = self.append(record) {
            eprintln!("write the log of requests: {error}");
        }
    }

    fn decision(&self, _: &Decision) {}
}
