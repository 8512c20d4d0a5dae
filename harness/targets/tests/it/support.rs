//! A testbed of its own for every test, and the toy system as its roles.

use std::{
    collections::BTreeMap,
    future::Future,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use libtest_mimic::{Failed, Trial};
use targets::{
    label::RunLabel,
    ledger::Ledger,
    local::Local,
    registry::Registry,
    role::{Probe, Program, Resources, RoleSpec},
    target::{Site, Target as _, Testbed},
    wait::{self, Interval},
};

/// Long enough for the slowest machine; no test waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A run in a temporary directory.
pub(crate) struct Run {
    pub(crate) root: tempfile::TempDir,
    pub(crate) label: RunLabel,
    pub(crate) registry: Registry,
    pub(crate) ledger: Ledger,
    pub(crate) target: Local,
}

/// One test as a trial of the runner, on a runtime of its own.
pub(crate) fn test<F>(name: &str, body: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = anyhow::Result<()>>,
{
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(body()).map_err(|error| Failed::from(format!("{error:?}")))
    })
}

/// A label that no other test has.
pub(crate) fn fresh_label() -> RunLabel {
    static N_LABELS: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    let n = N_LABELS.fetch_add(1, Ordering::Relaxed);
    let bits = now.as_nanos() as u64 ^ u64::from(std::process::id()) << 40 ^ n << 20;
    RunLabel::from_bits(bits.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

impl Run {
    pub(crate) fn begin() -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let label = fresh_label();
        let registry = Registry::in_dir(root.path());
        let path = root.path().join("ledger.jsonl");
        let ledger = Ledger::create(&path, &label, "local", &registry)?;
        Ok(Self { root, label, registry, ledger, target: Local::new() })
    }

    pub(crate) async fn testbed(&self) -> anyhow::Result<Box<dyn Testbed>> {
        let (label, ledger) = (self.label.clone(), self.ledger.clone());
        self.target.provision(Site { label, ledger, dir: self.root.path().join("trial") }).await
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

/// The toy system in the role that `args` name.
pub(crate) fn toy(args: &[&str]) -> anyhow::Result<RoleSpec> {
    let this = std::env::current_exe()?.display().to_string();
    let words = [this, "toy".to_owned()].into_iter().chain(args.iter().map(|&arg| arg.to_owned()));
    Ok(command(words.collect()))
}

/// A toy that listens on `http` and is ready when it says so.
pub(crate) fn toy_server(args: &[&str]) -> anyhow::Result<RoleSpec> {
    let mut spec = toy(&[args, &["{addr:http}"]].concat())?;
    spec.ports = vec!["http".to_owned()];
    spec.ready = Probe::Http { port: "http".to_owned(), path: "/readyz".to_owned() };
    spec.metrics = Some("http".to_owned());
    Ok(spec)
}

/// Any command, as a job.
pub(crate) fn command(words: Vec<String>) -> RoleSpec {
    RoleSpec {
        role: "worker".to_owned(),
        program: Program::Command { words, include: vec![] },
        env: BTreeMap::new(),
        ports: vec![],
        ready: Probe::Started,
        ready_within: PATIENCE,
        metrics: None,
        resources: Resources::default(),
        inputs: vec![],
    }
}

/// A shell script, as a job.
pub(crate) fn shell(script: &str) -> RoleSpec {
    command(["sh", "-c", script].map(str::to_owned).to_vec())
}

/// The message of what must not succeed.
pub(crate) fn refusal<T>(outcome: anyhow::Result<T>) -> anyhow::Result<String> {
    match outcome {
        Ok(_) => anyhow::bail!("it succeeded"),
        Err(error) => Ok(format!("{error:#}")),
    }
}

/// Waits for a condition that must come true.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) -> anyhow::Result<()> {
    let look = || {
        let holds = condition();
        async move { holds }
    };
    Ok(wait::until(what, PATIENCE, Interval::BACKING_OFF, look).await?)
}

/// Living processes that carry this label, found without the library's help.
pub(crate) fn processes_of(label: &RunLabel) -> Vec<u32> {
    processes_with(&format!("REPRISE_RUN={label}"))
}

/// Living processes with this variable, `NAME=value`, in their environment.
pub(crate) fn processes_with(variable: &str) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc is mounted");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
        })
        .collect()
}

/// Control groups whose name holds this text.
pub(crate) fn cgroups_with(text: &str) -> Vec<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
    let dirs = mounts.lines().filter(|line| line.contains(" - cgroup")).filter_map(|line| {
        line.split(' ').nth(4).and_then(|dir| std::fs::read_dir(Path::new(dir)).ok())
    });
    dirs.flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.display().to_string().contains(text))
        .collect()
}
