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
    cgroup::{Cgroup, Hierarchy},
    files,
    instance::{Plan, Running, cgroup_name, minimal_environment},
    placeholders::Values,
    ports,
    sampler::Sampler,
};
use crate::{
    children,
    command::{Environment, Invocation},
    label::LABEL_VARIABLE,
    ledger::Resource,
    probe::Condition,
    process::{INSTANCE_VARIABLE, Table},
    role::{Instance, Program, RoleSpec},
    target::{Casualty, Site, Testbed},
    usage::Usage,
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
        Ok(Plan {
            command: self.command(spec, &name, &Values { addresses: &addresses, dir: &dir })?,
            condition: Condition::of(&spec.ready, &addresses)?,
            probe: spec.ready.clone(),
            ready_within: spec.ready_within,
            metrics: spec.metrics.clone(),
            resources: spec.resources,
            log: self.site.dir.join(format!("{id}.log")),
            cgroup: Cgroup::plan(&cgroup_name(&self.site.ledger, &name), &self.hierarchies),
            ports: claims.into_values().collect(),
            instance: Instance { id, role: spec.role.clone(), addresses },
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
        let Program::Command(words) = &spec.program;
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

    fn adopt(&self, running: &Arc<Running>) {
        let mut state = self.state();
        if let Some(sampler) = &state.sampler {
            sampler.add(Arc::clone(&running.account));
        }
        state.running.insert(running.instance.id.clone(), Arc::clone(running));
    }

    fn find(&self, instance: &Instance) -> anyhow::Result<Arc<Running>> {
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
    async fn start(&self, spec: &RoleSpec) -> anyhow::Result<Instance> {
        let running = Arc::new(self.plan(spec)?.start(&self.site.ledger).await?);
        self.adopt(&running);
        running.confirm()?;
        Ok(running.instance.clone())
    }

    async fn ready(&self, instance: &Instance) -> anyhow::Result<()> {
        self.find(instance)?.ready().await
    }

    async fn finished(&self, instance: &Instance, limit: Duration) -> anyhow::Result<()> {
        self.find(instance)?.finished(limit).await
    }

    async fn usage(&self, instance: &Instance) -> anyhow::Result<Usage> {
        Ok(self.find(instance)?.usage().await)
    }

    async fn log_tail(&self, instance: &Instance, n_lines: usize) -> anyhow::Result<String> {
        self.find(instance)?.log_tail(n_lines)
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
        // Also if an instance could not be stopped, or the ledger not be written.
        let removed = files::remove_tree(&self.dir);
        stopped.into_iter().collect::<anyhow::Result<()>>()?;
        removed.with_context(|| format!("remove {}", self.dir.display()))?;
        self.site.ledger.removed(&directory(&self.dir))
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
