//! A testbed on this machine: the instances of one trial.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use tokio::task::JoinSet;

use super::{
    cgroup::Cgroup,
    instance::{Plan, Running, cgroup_name, minimal_environment},
    ports,
};
use crate::{
    cgroup::Hierarchy,
    children,
    command::{Environment, Invocation},
    fault::{FillDisk, Kill, Pause, Restart},
    files,
    host::HostReading,
    label::LABEL_VARIABLE,
    ledger::Resource,
    life::Life,
    placeholders::Values,
    process::{INSTANCE_VARIABLE, Table},
    role::{Instance, Program, RoleSpec},
    target::{Casualty, Site, Testbed},
    usage::{Usage, sampler::Sampler},
};

/// The instances of one trial, and the directory that holds theirs.
#[derive(Debug)]
pub(crate) struct LocalTestbed {
    site: Site,
    /// Unique in the run: `t1`, `t2`.
    name: String,
    dir: PathBuf,
    hierarchies: Vec<Hierarchy>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: BTreeMap<String, Arc<Running>>,
    /// Instances ever started, by role.
    n_started: BTreeMap<String, u64>,
    sampler: Option<Sampler>,
}

impl LocalTestbed {
    pub(crate) fn provision(site: Site, temp_dir: &Path) -> anyhow::Result<Self> {
        static N_TESTBEDS: AtomicU64 = AtomicU64::new(1);
        let name = format!("t{}", N_TESTBEDS.fetch_add(1, Ordering::Relaxed));
        let dir = temp_dir.join(format!("reprise-{}-{name}", site.label));
        fs::create_dir_all(&site.dir)
            .with_context(|| format!("create the trial's directory {}", site.dir.display()))?;
        site.ledger.intend(&[directory(&dir)])?;
        fs::create_dir(&dir).with_context(|| {
            format!("create the directory {} (hint: `cargo xtask gc` if it exists)", dir.display())
        })?;
        let sampler = Some(Sampler::start()?);
        let state = Mutex::new(State { sampler, ..State::default() });
        Ok(Self { site, name, dir, hierarchies: Hierarchy::mounted(), state })
    }

    fn plan(&self, spec: &RoleSpec) -> anyhow::Result<Plan> {
        let id = self.next_id(&spec.role);
        let dir = self.dir.join(&id);
        let name = format!("{}-{id}", self.name);
        let claim = |port: &String| {
            let claim = ports::claim(&format!("{}-{name}-{port}", self.site.label))?;
            Ok((port.clone(), claim))
        };
        let claims: BTreeMap<String, ports::Claim> =
            spec.ports.iter().map(claim).collect::<anyhow::Result<_>>()?;
        let addresses: BTreeMap<String, SocketAddr> = claims
            .iter()
            .map(|(port, claim)| (port.clone(), (Ipv4Addr::LOCALHOST, claim.port).into()))
            .collect();
        let log = self.site.dir.join(format!("{id}.log"));
        let instance = Instance { id, role: spec.role.clone(), addresses: addresses.clone() };
        Ok(Plan {
            command: self.command(spec, &name, &Values { addresses: &addresses, dir: &dir })?,
            life: Life::new(spec, instance.clone(), log)?,
            resources: spec.resources,
            cgroup: Cgroup::plan(&cgroup_name(&self.site.ledger, &name), &self.hierarchies),
            ports: claims.into_values().collect(),
            instance,
            name,
            dir,
        })
    }

    fn command(
        &self,
        spec: &RoleSpec,
        name: &str,
        values: &Values<'_>,
    ) -> anyhow::Result<Invocation> {
        let words = words(&spec.program)?;
        let words = words.iter().map(|word| values.fill(word)).collect::<anyhow::Result<Vec<_>>>();
        let words = words.with_context(|| format!("the command of the role `{}`", spec.role))?;
        let Some((program, args)) = words.split_first() else {
            bail!("the command of the role `{}` is empty (hint: name a program)", spec.role);
        };
        let mut environment = minimal_environment(values.dir);
        for (variable, value) in &spec.env {
            let value = values.fill(value).with_context(|| format!("the variable {variable}"))?;
            environment.insert(variable.clone(), value.into());
        }
        environment.insert(LABEL_VARIABLE.to_owned(), self.site.label.as_str().into());
        environment.insert(INSTANCE_VARIABLE.to_owned(), name.into());
        Ok(Invocation {
            environment: Environment::Exactly(environment),
            ..Invocation::new(locate(program)?, values.dir).args(args)
        })
    }

    fn next_id(&self, role: &str) -> String {
        let mut state = self.state();
        let n_started = state.n_started.entry(role.to_owned()).or_default();
        let id = format!("{role}-{n_started}");
        *n_started += 1;
        id
    }

    /// Has its use of the machine sampled until it ends.
    pub(super) fn watch(&self, running: &Running) {
        if let Some(sampler) = &self.state().sampler {
            sampler.add(Arc::clone(&running.account) as _);
        }
    }

    fn adopt(&self, running: &Arc<Running>) {
        self.watch(running);
        self.state().running.insert(running.instance.id.clone(), Arc::clone(running));
    }

    pub(super) fn find(&self, instance: &Instance) -> anyhow::Result<Arc<Running>> {
        self.state()
            .running
            .get(&instance.id)
            .cloned()
            .with_context(|| format!("this testbed has no instance `{}`", instance.id))
    }

    fn all(&self) -> Vec<Arc<Running>> {
        self.state().running.values().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Testbed for LocalTestbed {
    fn instances_are(&self) -> &'static str {
        "process"
    }

    async fn start(&self, spec: &RoleSpec) -> anyhow::Result<Instance> {
        let running = Arc::new(self.plan(spec)?.start(&self.site.ledger).await?);
        self.adopt(&running);
        running.confirm()?;
        Ok(running.instance.clone())
    }

    async fn ready(&self, instance: &Instance) -> anyhow::Result<()> {
        self.find(instance)?.life.ready().await
    }

    async fn finished(&self, instance: &Instance, limit: Duration) -> anyhow::Result<()> {
        self.find(instance)?.life.finished(limit).await
    }

    async fn usage(&self, instance: &Instance) -> anyhow::Result<Usage> {
        Ok(self.find(instance)?.usage().await)
    }

    async fn hosts(&self) -> anyhow::Result<Vec<HostReading>> {
        Ok(vec![HostReading::of_this_machine()?])
    }

    async fn log_tail(&self, instance: &Instance, n_lines: usize) -> anyhow::Result<String> {
        self.find(instance)?.life.log_tail(n_lines)
    }

    async fn collect(&self, instance: &Instance, into: &Path) -> anyhow::Result<()> {
        self.find(instance)?.collect(into)
    }

    async fn casualties(&self) -> anyhow::Result<Vec<Casualty>> {
        let mut casualties = Vec::new();
        for running in self.all() {
            casualties.extend(running.casualty().await);
        }
        Ok(casualties)
    }

    async fn stop(&self, instance: &Instance) -> anyhow::Result<()> {
        self.find(instance)?.stop().await
    }

    async fn tear_down(&self) -> anyhow::Result<()> {
        let mut stopping = JoinSet::new();
        for running in self.all() {
            stopping.spawn(async move { running.stop().await });
        }
        let stopped = stopping.join_all().await;
        let sampler = self.state().sampler.take();
        drop(sampler);
        children::reap_orphans(&Table::read().context("read /proc")?);
        let released: anyhow::Result<()> =
            self.all().iter().try_for_each(|running| running.release_disk());
        // Also if an instance could not be stopped, or the ledger not be written.
        let removed = files::remove_tree(&self.dir);
        stopped.into_iter().collect::<anyhow::Result<()>>()?;
        released?;
        removed.with_context(|| format!("remove {}", self.dir.display()))?;
        self.site.ledger.removed(&directory(&self.dir))
    }

    fn kill(&self) -> Option<&dyn Kill> {
        Some(self)
    }

    fn pause(&self) -> Option<&dyn Pause> {
        Some(self)
    }

    fn restart(&self) -> Option<&dyn Restart> {
        Some(self)
    }

    fn fill_disk(&self) -> Option<&dyn FillDisk> {
        Some(self)
    }
}

impl Drop for LocalTestbed {
    /// Only the backstop for a panic or a forgotten call; `tear_down` is the
    /// way out. What this leaves, `gc` finds in the ledger.
    fn drop(&mut self) {
        let running = std::mem::take(&mut self.state().running);
        for running in running.into_values() {
            running.kill();
        }
    }
}

/// The program as words of a command line of this machine.
fn words(program: &Program) -> anyhow::Result<Vec<String>> {
    match program {
        Program::Own { binary, args } => {
            let binary = binary.to_str().context("the system's binary has a path in UTF-8")?;
            Ok(std::iter::once(binary)
                .chain(args.iter().map(String::as_str))
                .map(str::to_owned)
                .collect())
        }
        Program::Command { words, .. } => Ok(words.clone()),
        Program::Image { image, .. } => bail!(
            "the target `local` runs no images, and the environment names `{image}` \
             (hint: give the role a command, or use an environment of the target `docker`)"
        ),
    }
}

fn directory(dir: &Path) -> Resource {
    Resource::new("directory", dir.display().to_string())
}

/// An instance runs in its own directory, so a relative path must not depend on it.
fn locate(program: &str) -> anyhow::Result<std::ffi::OsString> {
    if !program.contains('/') {
        return Ok(program.into());
    }
    let path = std::path::absolute(program).with_context(|| format!("find `{program}`"))?;
    Ok(path.into())
}
