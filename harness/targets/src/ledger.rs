//! The write-ahead ledger: what a run means to create is on disk before it
//! exists, so that nothing can outlive the run unnoticed.
//!
//! One JSON object per line, only ever appended. A header opens each session
//! of the run (a resumed run has several); each further line says of one
//! resource that it is intended, created or removed. Readers tolerate a torn
//! last line, unknown fields and unknown events, because the checkout that
//! cleans up may be older or newer than the one that wrote.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    label::RunLabel,
    process::Incarnation,
    registry::{Registered, Registry},
    target::Target,
};

/// The version of the format that this code writes.
pub const VERSION: u64 = 1;

/// A run's ledger, open for appending. Clones share the file.
///
/// The file stays locked while it is open. A child between fork and exec
/// still holds a copy of the descriptor, so whoever gets the lock knows that
/// the driver is dead and that every child it forked carries its label by now.
#[derive(Debug, Clone)]
pub struct Ledger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tail: Mutex<Tail>,
    path: PathBuf,
    label: RunLabel,
    registry: Registry,
}

/// The end of the file, where the next line goes.
#[derive(Debug)]
struct Tail {
    file: File,
    /// Whether half a line stands there, of a driver that was killed or of a
    /// disk that was full; the next line must not be glued to it.
    is_torn: bool,
}

/// Something that a target makes and has to remove again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// What it is, such as `process-group` or `directory`.
    pub kind: String,
    /// Its name, unique for its kind within the run.
    pub name: String,
    /// What else its removal needs to know, such as a process id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, Value>,
}

/// Who wrote a session of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub version: u64,
    /// The run's label.
    pub run: RunLabel,
    /// The target's name, such as `local`.
    pub target: String,
    /// What that target needs to be found again.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub settings: Value,
    /// The driver's process.
    pub driver: Incarnation,
}

/// The target of a ledger: its name, and what it needs to be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// [`crate::target::Target::name`].
    pub target: String,
    /// [`crate::target::Target::settings`].
    pub settings: Value,
}

impl Destination {
    /// That of a target.
    pub fn of(target: &dyn Target) -> Self {
        Self { target: target.name().to_owned(), settings: target.settings() }
    }
}

impl From<&str> for Destination {
    /// A target that needs no settings.
    fn from(target: &str) -> Self {
        Self { target: target.to_owned(), settings: Value::Null }
    }
}

/// What a ledger says when it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The headers of all sessions; the last is the current one.
    pub headers: Vec<Header>,
    /// Resources that were intended and not removed, oldest first, with
    /// everything known of them.
    pub outstanding: Vec<Resource>,
    /// Whether the last session ended by itself with nothing left.
    pub ended: bool,
    /// Lines that this version does not understand.
    pub n_unknown_lines: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line {
    Header(Header),
    Intent(Resource),
    Created(Resource),
    Removed(Resource),
    Ended,
}

impl Resource {
    /// A resource of which nothing but its name is known yet.
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), name: name.into(), detail: BTreeMap::new() }
    }

    /// Adds one detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }

    fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }
}

impl Contents {
    /// The current session's header.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.headers.last().expect("`read` refuses a ledger without a header")
    }
}

impl Ledger {
    /// Begins the ledger of a run, and enters the run in the registry.
    ///
    /// # Errors
    /// If the file cannot be written, or there is one already.
    pub fn create(
        path: &Path,
        label: &RunLabel,
        destination: impl Into<Destination>,
        registry: &Registry,
    ) -> anyhow::Result<Self> {
        ensure!(!path.exists(), "{} exists (hint: resume that run)", path.display());
        Self::begin_session(path, label, destination.into(), registry)
    }

    /// Continues the ledger of a run that was interrupted, as its new driver.
    ///
    /// # Errors
    /// If it cannot be read or written, or another driver holds it.
    pub fn reopen(path: &Path, registry: &Registry) -> anyhow::Result<Self> {
        let header = Contents::read(path)?.header().clone();
        let destination = Destination { target: header.target, settings: header.settings };
        Self::begin_session(path, &header.run, destination, registry)
    }

    fn begin_session(
        path: &Path,
        label: &RunLabel,
        destination: Destination,
        registry: &Registry,
    ) -> anyhow::Result<Self> {
        let Some(ledger) = Self::lock(path, label, registry)? else {
            bail!("{} is in use: another driver runs this run", path.display());
        };
        let driver = Incarnation::current()?;
        let header = Header {
            version: VERSION,
            run: label.clone(),
            target: destination.target,
            settings: destination.settings,
            driver: driver.clone(),
        };
        ledger.append(&[Line::Header(header)], Durability::Disk)?;
        let path = ledger.0.path.clone();
        registry.enter(&Registered { label: label.clone(), ledger: path, driver })?;
        Ok(ledger)
    }

    /// Opens the file for appending; `None` while its driver, or a child that
    /// the driver has just forked, holds it.
    pub(crate) fn lock(
        path: &Path,
        label: &RunLabel,
        registry: &Registry,
    ) -> anyhow::Result<Option<Self>> {
        let open = || {
            let path = std::path::absolute(path)?;
            let mut file = OpenOptions::new().create(true).read(true).append(true).open(&path)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(None),
                outcome => outcome?,
            }
            let is_torn = ends_in_half_a_line(&mut file)?;
            Ok::<_, std::io::Error>(Some((path, Mutex::new(Tail { file, is_torn }))))
        };
        let opened = open().with_context(|| format!("open the ledger {}", path.display()))?;
        Ok(opened.map(|(path, tail)| {
            let (label, registry) = (label.clone(), registry.clone());
            Self(Arc::new(Inner { tail, path, label, registry }))
        }))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The run's label.
    #[must_use]
    pub fn label(&self) -> &RunLabel {
        &self.0.label
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Writes, before they are created, that these resources will be. On disk
    /// when it returns.
    ///
    /// # Errors
    /// If the line cannot be written: then do not create them.
    pub fn intend(&self, resources: &[Resource]) -> anyhow::Result<()> {
        let lines: Vec<_> = resources.iter().cloned().map(Line::Intent).collect();
        self.append(&lines, Durability::Disk)
    }

    /// Writes that a resource exists, with all that is known of it.
    ///
    /// Not forced to disk: the intent already is, which suffices to clean up
    /// after a lost machine, and after a lost process the kernel has the line.
    ///
    /// # Errors
    /// If the line cannot be written.
    pub fn created(&self, resource: &Resource) -> anyhow::Result<()> {
        self.append(&[Line::Created(resource.clone())], Durability::Kernel)
    }

    /// Writes that a resource is gone.
    ///
    /// # Errors
    /// If the line cannot be written.
    pub fn removed(&self, resource: &Resource) -> anyhow::Result<()> {
        self.append(
            &[Line::Removed(Resource::new(&resource.kind, &resource.name))],
            Durability::Kernel,
        )
    }

    /// Ends the run cleanly: nothing is outstanding, and `gc` need not know it.
    ///
    /// # Errors
    /// If something is outstanding, or the line cannot be written.
    pub fn close(&self) -> anyhow::Result<()> {
        let left = Contents::read(&self.0.path)?.outstanding;
        if let Some(resource) = left.first() {
            bail!(
                "cannot end run {}: {} `{}` and {} more are not removed (hint: cargo xtask gc)",
                self.0.label,
                resource.kind,
                resource.name,
                left.len() - 1
            );
        }
        self.append(&[Line::Ended], Durability::Disk)?;
        self.0.registry.leave(&self.0.label)
    }

    fn append(&self, lines: &[Line], durability: Durability) -> anyhow::Result<()> {
        let mut tail = self.0.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = if tail.is_torn { vec![b'\n'] } else { vec![] };
        for line in lines {
            serde_json::to_writer(&mut text, line).context("encode a line of the ledger")?;
            text.push(b'\n');
        }
        tail.is_torn = true;
        tail.file
            .write_all(&text)
            .and_then(|()| {
                tail.is_torn = false;
                match durability {
                    Durability::Disk => tail.file.sync_data(),
                    Durability::Kernel => Ok(()),
                }
            })
            .with_context(|| format!("write to the ledger {}", self.0.path.display()))
    }
}

/// How far a line has to get before the caller goes on.
#[derive(Clone, Copy)]
enum Durability {
    Disk,
    Kernel,
}

impl Contents {
    /// Reads a ledger that any version of this code wrote.
    ///
    /// # Errors
    /// If the file cannot be read, or no line of it is a header.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read(path).with_context(|| format!("read the ledger {}", path.display()))?;
        let contents = Self::of(&String::from_utf8_lossy(&text));
        if contents.headers.is_empty() {
            bail!("{} is no ledger: it has no header line", path.display());
        }
        Ok(contents)
    }

    fn of(text: &str) -> Self {
        let mut contents =
            Self { headers: vec![], outstanding: vec![], ended: false, n_unknown_lines: 0 };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str(line) {
                Ok(line) => contents.apply(line),
                Err(_) => contents.n_unknown_lines += 1,
            }
        }
        contents
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::Header(header) => {
                self.headers.push(header);
                self.ended = false;
            }
            Line::Intent(resource) | Line::Created(resource) => {
                match self.outstanding.iter_mut().find(|known| known.is(&resource)) {
                    Some(known) => known.detail.extend(resource.detail),
                    None => self.outstanding.push(resource),
                }
            }
            Line::Removed(resource) => self.outstanding.retain(|known| !known.is(&resource)),
            Line::Ended => self.ended = true,
        }
    }
}

fn ends_in_half_a_line(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
