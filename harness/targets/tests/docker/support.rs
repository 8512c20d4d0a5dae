//! A run of its own for every test, and the toy system as its roles.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use libtest_mimic::{Failed, Trial};
use targets::{
    docker::Docker,
    label::RunLabel,
    ledger::Ledger,
    registry::Registry,
    role::{Instance, Probe, Program, Resources, RoleSpec},
    settings::DockerSettings,
    target::{Site, Target as _, Testbed},
};

/// Long enough for the slowest machine; no test waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A run in a temporary directory.
pub(crate) struct Run {
    pub(crate) root: tempfile::TempDir,
    pub(crate) label: RunLabel,
    pub(crate) ledger: Ledger,
    pub(crate) target: Docker,
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

/// Where no daemon answers, the trials are shown as ignored with the reason.
pub(crate) fn ignored_without_daemon(trials: Vec<Trial>) -> Vec<Trial> {
    let shortfalls = runtime().block_on(Docker::new(&settings()).shortfalls());
    let Some(shortfall) = shortfalls.first() else { return trials };
    let ignore = |trial: Trial| trial.with_kind(&shortfall.missing).with_ignored_flag(true);
    trials.into_iter().map(ignore).collect()
}

/// The daemon of DOCKER_HOST, or this machine's.
pub(crate) fn settings() -> DockerSettings {
    DockerSettings::default()
}

/// The daemon's API, without our help.
pub(crate) fn api() -> anyhow::Result<bollard::Docker> {
    Ok(bollard::Docker::connect_with_defaults()?)
}

impl Run {
    pub(crate) fn begin() -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let label = fresh_label();
        let registry = Registry::in_dir(root.path());
        let ledger =
            Ledger::create(&root.path().join("ledger.jsonl"), &label, "docker", &registry)?;
        Ok(Self { root, label, ledger, target: Docker::new(&settings()) })
    }

    /// A testbed for the length of `body`, gone again however that ends.
    pub(crate) async fn with_testbed<T>(
        &self,
        body: impl AsyncFnOnce(&dyn Testbed) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let (label, ledger) = (self.label.clone(), self.ledger.clone());
        let site = Site { label, ledger, dir: self.root.path().join("trial") };
        let testbed = self.target.provision(site).await?;
        let outcome = body(testbed.as_ref()).await;
        testbed.tear_down().await?;
        outcome
    }

    /// What the daemon says about the container of an instance.
    pub(crate) async fn inspect(
        &self,
        instance: &Instance,
    ) -> anyhow::Result<bollard::models::ContainerInspectResponse> {
        let options = bollard::query_parameters::ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&std::collections::HashMap::from([("name", vec![self.label.to_string()])]))
            .build();
        let api = api()?;
        let end = format!("-{}", instance.id);
        let is_it = |names: &Vec<String>| names.iter().any(|name| name.ends_with(&end));
        let containers = api.list_containers(Some(options)).await?;
        let mut of_it = containers.into_iter().filter(|it| it.names.as_ref().is_some_and(is_it));
        let id = of_it.next().and_then(|it| it.id).expect("the instance has a container");
        Ok(api.inspect_container(&id, None).await?)
    }
}

/// The toy system in the role that `args` name.
pub(crate) fn toy(args: &[&str]) -> anyhow::Result<RoleSpec> {
    let args = [&["toy"], args].concat().into_iter().map(str::to_owned).collect();
    Ok(RoleSpec {
        role: "worker".to_owned(),
        program: Program::Own { binary: std::env::current_exe()?, args },
        env: BTreeMap::new(),
        ports: vec![],
        ready: Probe::Started,
        ready_within: PATIENCE,
        metrics: None,
        resources: Resources::default(),
        inputs: vec![],
    })
}

/// A toy that listens on `http` and is ready when it says so.
pub(crate) fn toy_server(args: &[&str]) -> anyhow::Result<RoleSpec> {
    let mut spec = toy(&[args, &["{addr:http}"]].concat())?;
    spec.ports = vec!["http".to_owned()];
    spec.ready = Probe::Http { port: "http".to_owned(), path: "/readyz".to_owned() };
    spec.metrics = Some("http".to_owned());
    Ok(spec)
}

/// A label that no other test has.
fn fresh_label() -> RunLabel {
    static N_LABELS: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    let n = N_LABELS.fetch_add(1, Ordering::Relaxed);
    let bits = now.as_nanos() as u64 ^ u64::from(std::process::id()) << 40 ^ n << 20;
    RunLabel::from_bits(bits.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
}
