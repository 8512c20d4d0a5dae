//! A run of its own for every promise.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use anyhow::ensure;
use targets::{
    audit::{Audit, Listing},
    gc,
    label::RunLabel,
    ledger::{Destination, Ledger},
    registry::Registry,
    role::Instance,
    target::{Site, Target, Testbed},
};

/// Long enough for the slowest machine; no promise that is kept waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A run in a temporary directory.
pub(crate) struct Run {
    root: tempfile::TempDir,
    pub(crate) label: RunLabel,
    pub(crate) ledger: Ledger,
    pub(crate) target: Arc<dyn Target>,
    before: Listing,
}

impl Run {
    /// Begins one, and remembers what there was before.
    pub(crate) async fn begin(target: &Arc<dyn Target>) -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let label = fresh_label();
        let registry = Registry::in_dir(root.path());
        let path = root.path().join("ledger.jsonl");
        let destination = Destination::of(target.as_ref());
        let ledger = Ledger::create(&path, &label, destination, &registry)?;
        let before = target.listing(&label).await?;
        Ok(Self { root, label, ledger, target: Arc::clone(target), before })
    }

    /// Its one testbed.
    pub(crate) async fn testbed(&self) -> anyhow::Result<Arc<dyn Testbed>> {
        let (label, ledger) = (self.label.clone(), self.ledger.clone());
        let site = Site { label, ledger, dir: self.path("trial") };
        Ok(Arc::from(self.target.provision(site).await?))
    }

    /// What has been left since the run began.
    pub(crate) async fn audit(&self) -> anyhow::Result<Audit> {
        Ok(Listing::compare(&self.before, &self.target.listing(&self.label).await?))
    }

    /// The ledger has nothing open and nothing of the run exists.
    pub(crate) async fn end(&self) -> anyhow::Result<()> {
        self.ledger.close()?;
        let audit = self.audit().await?;
        ensure!(audit.is_clean(), "left behind: {:?}", audit.leaks);
        Ok(())
    }

    /// Removes what a promise that was broken has left.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        let left = self.audit().await?.leaks.into_iter().map(|leak| leak.resource);
        let left: Vec<_> = left.collect();
        let resisting = gc::remove_all(self.target.as_ref(), &self.ledger, &left).await;
        ensure!(resisting.is_empty(), "cannot be removed: {resisting:?}");
        Ok(())
    }

    /// A path in the run's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

/// A label that no other trial has.
pub(crate) fn fresh_label() -> RunLabel {
    static N_LABELS: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    let n = N_LABELS.fetch_add(1, Ordering::Relaxed);
    let bits = now.as_nanos() as u64 ^ (u64::from(std::process::id()) << 40) ^ (n << 20);
    RunLabel::from_bits(bits.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The message of what must not succeed.
pub(crate) fn refusal<T>(outcome: anyhow::Result<T>) -> anyhow::Result<String> {
    match outcome {
        Ok(_) => anyhow::bail!("it succeeded"),
        Err(error) => Ok(format!("{error:#}")),
    }
}

/// The same text on every machine: paths and addresses are named.
pub(crate) fn redact(text: &str, run: &Run, instance: &Instance) -> String {
    let mut text = text.replace(&run.path("").display().to_string(), "[run]/");
    for (name, address) in &instance.addresses {
        text = text.replace(&address.to_string(), &format!("[{name}]"));
    }
    text
}
