//! What a trial works with: it starts roles by name and reads their files.

mod bill;
mod fault_log;
mod faults;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use anyhow::Context as _;
use futures_util::future::{join_all, try_join_all};
use load::report::Report;
use targets::{
    host::HostBill,
    role::{Instance, Probe, Program, RoleSpec},
    target::Testbed,
    usage::Usage,
};

use self::fault_log::FaultLog;
use crate::{
    dataset::DataUsed,
    profile::{Environment, RoleLimits, RoleOverride},
    run::validity::Reason,
};

/// The testbed as one trial sees it.
pub struct Bed {
    testbed: Box<dyn Testbed>,
    binary: PathBuf,
    environment: Environment,
    data: Vec<DataUsed>,
    dir: PathBuf,
    seed: u64,
    limits: RoleLimits,
    started: Mutex<Vec<Instance>>,
    disturbances: Mutex<Vec<Reason>>,
    bills: Mutex<Vec<HostBill>>,
    faults: FaultLog,
}

/// A role to start: what differs from the defaults of [`Role::new`].
#[derive(Debug, Clone)]
pub struct Role {
    /// The role's name, a subcommand of the system's binary.
    pub name: &'static str,
    /// Arguments after the subcommand; `{addr:NAME}`, `{port:NAME}` and
    /// `{dir}` are filled in by the target.
    pub args: Vec<String>,
    /// Names of the TCP ports.
    pub ports: &'static [&'static str],
    /// How to see that it is ready.
    pub ready: Probe,
    /// The longest wait until it is.
    pub ready_within: Duration,
    /// The port with `/metrics`, if the role counts its network bytes.
    pub metrics: Option<&'static str>,
    /// Files and directories of this machine that the role reads; it finds them
    /// at the same paths.
    pub inputs: Vec<PathBuf>,
}

impl Role {
    /// A server with an HTTP endpoint of `node`: it listens on `--listen`, is
    /// ready when `/readyz` says so, and counts its network bytes.
    pub fn server(name: &'static str, args: &[&str]) -> Self {
        let mut all = vec!["--listen".to_owned(), "{addr:http}".to_owned()];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        Self {
            name,
            args: all,
            ports: &["http"],
            ready: Probe::Http { port: "http".into(), path: "/readyz".into() },
            ready_within: READY_WITHIN,
            metrics: Some("http"),
            inputs: vec![],
        }
    }

    /// A job that runs to its end and leaves its files in `{dir}`.
    pub fn job(name: &'static str, args: &[&str]) -> Self {
        Self {
            name,
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            ports: &[],
            ready: Probe::Started,
            ready_within: READY_WITHIN,
            metrics: None,
            inputs: vec![],
        }
    }

    /// The role reads these files and directories too.
    #[must_use]
    pub fn reading<P: AsRef<Path>>(mut self, inputs: impl IntoIterator<Item = P>) -> Self {
        self.inputs.extend(inputs.into_iter().map(|path| path.as_ref().to_owned()));
        self
    }
}

/// How long an instance may take until it is ready, unless its role says.
const READY_WITHIN: Duration = Duration::from_secs(60);

impl Bed {
    /// A bed on a provisioned testbed.
    pub(crate) fn new(
        testbed: Box<dyn Testbed>,
        binary: PathBuf,
        environment: Environment,
        data: Vec<DataUsed>,
        dir: PathBuf,
        seed: u64,
    ) -> Self {
        let faults = FaultLog::begin(&dir);
        Self {
            testbed,
            binary,
            environment,
            data,
            dir,
            seed,
            limits: RoleLimits::new(),
            started: Mutex::default(),
            disturbances: Mutex::default(),
            bills: Mutex::default(),
            faults,
        }
    }

    /// The same, with these limits on what instances may use.
    pub(crate) fn with_limits(self, limits: RoleLimits) -> Self {
        Self { limits, ..self }
    }

    /// The seed of this trial's random choices.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What the testbed starts for a role, in a word: `process`, `container`.
    /// For a table's heading, not to decide by.
    #[must_use]
    pub fn instances_are(&self) -> &'static str {
        self.testbed.instances_are()
    }

    /// The directory of a data set that the experiment readied.
    ///
    /// # Errors
    /// If the experiment readied none of that name.
    pub fn data(&self, name: &str) -> anyhow::Result<&Path> {
        let used = self.data.iter().find(|used| used.name == name);
        Ok(&used.with_context(|| format!("no data set `{name}` was readied"))?.dir)
    }

    /// Starts one instance and waits until it is ready.
    ///
    /// # Errors
    /// If it does not start or is not ready in time; with its last log lines.
    pub async fn start(&self, role: &Role) -> anyhow::Result<Instance> {
        let instance = self.begin(&self.spec(role)).await?;
        self.testbed.ready(&instance).await?;
        Ok(instance)
    }

    /// Starts `n` instances at once, and waits until all are ready.
    ///
    /// # Errors
    /// See [`Bed::start`]; the first instance that has one.
    pub async fn start_many(&self, role: &Role, n: u32) -> anyhow::Result<Vec<Instance>> {
        let spec = self.spec(role);
        // Instances are numbered in the order of the first polls. The failure of
        // one does not cut the others' start off: they exist, and are known.
        let starting = join_all((0..n).map(|_| self.testbed.start(&spec))).await;
        self.started().extend(starting.iter().flatten().cloned());
        let instances = starting.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        try_join_all(instances.iter().map(|instance| self.testbed.ready(instance))).await?;
        Ok(instances)
    }

    /// Stops one instance: asks first, forces after a grace period. At the end
    /// of the trial all are stopped anyway.
    ///
    /// # Errors
    /// If it does not end.
    pub async fn stop(&self, instance: &Instance) -> anyhow::Result<()> {
        self.testbed.stop(instance).await
    }

    /// Stops one instance and returns the directory with its files, such as logs that
    /// are complete once it has ended.
    ///
    /// # Errors
    /// If it does not end, or its files cannot be copied.
    pub async fn stop_and_collect(&self, instance: &Instance) -> anyhow::Result<PathBuf> {
        self.stop(instance).await?;
        self.collect(instance).await
    }

    /// Runs a job to its end and returns the directory with its files.
    ///
    /// # Errors
    /// If it fails or outlasts `limit`; with its last log lines.
    pub async fn run(&self, role: &Role, limit: Duration) -> anyhow::Result<PathBuf> {
        let job = self.begin(&self.spec(role)).await?;
        self.testbed.finished(&job, limit).await?;
        self.collect(&job).await
    }

    /// Runs a job as [`Bed::run`] does, and keeps with the trial what every host
    /// used meanwhile. For the job that is the workload, once in a trial.
    ///
    /// # Errors
    /// If the job fails or outlasts `limit`, or what hosts use cannot be read.
    pub async fn run_billed(&self, role: &Role, limit: Duration) -> anyhow::Result<PathBuf> {
        let job = self.run(role, limit);
        let (files, bills) = bill::bill(self.testbed.as_ref(), &self.dir, job).await?;
        *self.bills.lock().expect("no holder panics") = bills;
        Ok(files)
    }

    /// What each of `instances` used so far. What all instances used in the
    /// end is kept with the trial anyway.
    ///
    /// # Errors
    /// If an instance is gone.
    pub async fn usage(&self, instances: &[&Instance]) -> anyhow::Result<Vec<Usage>> {
        let mut readings = Vec::new();
        for instance in instances {
            readings.push(self.testbed.usage(instance).await?);
        }
        Ok(readings)
    }

    /// Says that the workload itself saw what makes its numbers unusable, such
    /// as failed requests; the trial is invalid and is repeated.
    pub fn invalidate(&self, what: impl Into<String>) {
        let reason = Reason::Workload { what: what.into() };
        self.disturbances.lock().expect("no holder panics").push(reason);
    }

    /// Takes over what disturbed a load: the trial is as valid as the load was.
    pub fn judge_load(&self, report: &Report) {
        let reasons = report.disturbances.iter().cloned().map(Reason::Load);
        self.disturbances.lock().expect("no holder panics").extend(reasons);
    }

    pub(crate) fn disturbances(&self) -> Vec<Reason> {
        self.disturbances.lock().expect("no holder panics").clone()
    }

    pub(crate) fn bills(&self) -> Vec<HostBill> {
        self.bills.lock().expect("no holder panics").clone()
    }

    pub(crate) fn testbed(&self) -> &dyn Testbed {
        self.testbed.as_ref()
    }

    /// What every instance used, for the trial's file. One that cannot say any
    /// more is left out: why it is gone is the casualties' to tell.
    pub(crate) async fn final_usage(&self) -> Vec<Usage> {
        let started = self.started().clone();
        let mut readings = Vec::new();
        for instance in &started {
            readings.extend(self.testbed.usage(instance).await);
        }
        readings
    }

    async fn begin(&self, spec: &RoleSpec) -> anyhow::Result<Instance> {
        let instance = self.testbed.start(spec).await?;
        self.started().push(instance.clone());
        Ok(instance)
    }

    async fn collect(&self, instance: &Instance) -> anyhow::Result<PathBuf> {
        let files = self.dir.join(&instance.id);
        self.testbed.collect(instance, &files).await?;
        Ok(files)
    }

    fn started(&self) -> MutexGuard<'_, Vec<Instance>> {
        self.started.lock().expect("no holder panics")
    }

    /// The role as the environment has it: the user's command, or the system's
    /// binary with the role as its subcommand.
    fn spec(&self, role: &Role) -> RoleSpec {
        let replacement = self.environment.roles.get(role.name);
        let program = replacement.map_or_else(
            || {
                let subcommand = std::iter::once(role.name.to_owned());
                let args = subcommand.chain(role.args.iter().cloned()).collect();
                Program::Own { binary: self.binary.clone(), args }
            },
            RoleOverride::program,
        );
        RoleSpec {
            role: role.name.to_owned(),
            program,
            env: replacement.map(|replacement| replacement.env.clone()).unwrap_or_default(),
            ports: role.ports.iter().map(|port| (*port).to_owned()).collect(),
            ready: replacement
                .and_then(|replacement| replacement.ready.clone())
                .unwrap_or_else(|| role.ready.clone()),
            ready_within: role.ready_within,
            // A replacement does not count bytes as `node` does.
            metrics: replacement.map_or(role.metrics, |_| None).map(str::to_owned),
            resources: self.limits.get(role.name).copied().unwrap_or_default(),
            inputs: role.inputs.clone(),
        }
    }
}
