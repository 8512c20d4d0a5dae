//! A run of its own for every test.

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use libtest_mimic::{Failed, Trial};
use targets::{
    label::RunLabel,
    ledger::Ledger,
    registry::Registry,
    target::{Site, Target, Testbed},
};

/// Long enough for the slowest machine; no test waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A run on a target, in a temporary directory.
pub(crate) struct Run<T> {
    pub(crate) root: tempfile::TempDir,
    pub(crate) label: RunLabel,
    pub(crate) ledger: Ledger,
    pub(crate) target: T,
}

impl<T: Target> Run<T> {
    pub(crate) fn begin_on(target: T) -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let label = fresh_label();
        let registry = Registry::in_dir(root.path());
        let path = root.path().join("ledger.jsonl");
        let ledger = Ledger::create(&path, &label, target.name(), &registry)?;
        Ok(Self { root, label, ledger, target })
    }

    pub(crate) async fn testbed(&self) -> anyhow::Result<Box<dyn Testbed>> {
        let (label, ledger) = (self.label.clone(), self.ledger.clone());
        self.target.provision(Site { label, ledger, dir: self.root.path().join("trial") }).await
    }
}

/// One test as a trial of the runner, on a runtime of its own.
pub(crate) fn test<F>(name: &str, body: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = anyhow::Result<()>>,
{
    Trial::test(name, move || {
        runtime().block_on(body()).map_err(|error| Failed::from(format!("{error:?}")))
    })
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
}

/// A label that no other test has.
pub(crate) fn fresh_label() -> RunLabel {
    static N_LABELS: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    let n = N_LABELS.fetch_add(1, Ordering::Relaxed);
    let bits = now.as_nanos() as u64 ^ u64::from(std::process::id()) << 40 ^ n << 20;
    RunLabel::from_bits(bits.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The message of what must not succeed.
pub(crate) fn refusal<T>(outcome: anyhow::Result<T>) -> anyhow::Result<String> {
    match outcome {
        Ok(_) => anyhow::bail!("it succeeded"),
        Err(error) => Ok(format!("{error:#}")),
    }
}
