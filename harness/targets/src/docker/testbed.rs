//! A testbed in a daemon: the network and the instances of one trial.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use async_trait::async_trait;
use tokio::{sync::RwLock, task::JoinSet};

use super::{
    container::{Blueprint, Place, addresses},
    daemon::Daemon,
    faults::Faults,
    image::Images,
    instance::{Plan, Running},
    network::{self, Guest, Network},
};
use crate::{
    fault::{Delay, FillDisk, Kill, Partition, Pause, Restart, Throttle},
    host::HostReading,
    life::Life,
    role::{Instance, RoleSpec},
    target::{Casualty, Site, Testbed},
    usage::{Usage, sampler::Sampler},
};

/// The network and the instances of one trial.
#[derive(Debug)]
pub(crate) struct DockerTestbed {
    yard: Arc<Yard>,
    pub(super) faults: Faults,
}

/// What testbeds found in their networks that is not theirs.
pub(crate) type Guests = Arc<Mutex<Vec<Guest>>>;

/// What the tasks that start instances share.
#[derive(Debug)]
struct Yard {
    site: Site,
    guests: Guests,
    /// Unique in the run: `t1`, `t2`.
    name: String,
    daemon: Daemon,
    images: Arc<Images>,
    network: Network,
    state: Mutex<State>,
    /// Held while an instance starts. A start that nobody waits for any more
    /// goes on, and the teardown waits for it.
    starting: Arc<RwLock<()>>,
}

#[derive(Debug, Default)]
struct State {
    running: BTreeMap<String, Arc<Running>>,
    /// Instances ever started, by role.
    n_started: BTreeMap<String, u64>,
    n_addresses: usize,
    sampler: Option<Sampler>,
    is_closed: bool,
}

impl DockerTestbed {
    pub(crate) async fn provision(
        site: Site,
        daemon: &Daemon,
        images: &Arc<Images>,
        guests: Guests,
        pool: Option<&str>,
    ) -> anyhow::Result<Self> {
        static N_TESTBEDS: AtomicU64 = AtomicU64::new(1);
        let name = format!("t{}", N_TESTBEDS.fetch_add(1, Ordering::Relaxed));
        std::fs::create_dir_all(&site.dir)
            .with_context(|| format!("create the trial's directory {}", site.dir.display()))?;
        // First, for without it nothing ought to have been made.
        let sampler = Sampler::start()?;
        let network_name = format!("reprise-{}-{name}", site.label);
        let network = Network::create(daemon, &site.ledger, &network_name, pool).await?;
        let faults = Faults::none(daemon, images, &site.ledger, &network_name);
        let state = State { sampler: Some(sampler), ..State::default() };
        let yard = Yard {
            site,
            guests,
            name,
            daemon: daemon.clone(),
            images: Arc::clone(images),
            network,
            state: Mutex::new(state),
            starting: Arc::default(),
        };
        Ok(Self { yard: Arc::new(yard), faults })
    }

    pub(crate) fn find(&self, instance: &Instance) -> anyhow::Result<Arc<Running>> {
        self.yard
            .state()
            .running
            .get(&instance.id)
            .cloned()
            .with_context(|| format!("this testbed has no instance `{}`", instance.id))
    }

    /// Has its use of the machine sampled until it ends.
    pub(super) fn watch(&self, running: &Running) {
        if let Some(sampler) = &self.yard.state().sampler {
            running.account.watch(sampler);
        }
    }

    fn all(&self) -> Vec<Arc<Running>> {
        self.yard.state().running.values().cloned().collect()
    }

    /// Removes every helper, then stops and removes every instance, each in a
    /// task.
    async fn clear(&self) -> anyhow::Result<()> {
        let helped = self.faults.clear().await;
        let mut clearing = JoinSet::new();
        for running in self.all() {
            clearing.spawn(async move {
                // One that cannot be stopped is removed by force.
                let stopped = running.stop().await;
                running.remove().await.and(stopped)
            });
        }
        clearing.join_all().await.into_iter().chain([helped]).collect()
    }
}

impl Yard {
    /// Decides everything about a new instance; the numbers are taken here, in
    /// the order of the calls.
    fn reserve(&self, role: &str) -> anyhow::Result<Reserved> {
        let mut state = self.state();
        anyhow::ensure!(!state.is_closed, "the testbed is torn down");
        let n_started = state.n_started.entry(role.to_owned()).or_default();
        let id = format!("{role}-{n_started}");
        *n_started += 1;
        let nth = state.n_addresses;
        state.n_addresses += 1;
        Ok(Reserved { id, address: self.network.subnet.address(nth)? })
    }

    async fn start(&self, spec: &RoleSpec, reserved: Reserved) -> anyhow::Result<Instance> {
        let Reserved { id, address } = reserved;
        let image = self.images.of(&spec.program, &self.site.ledger).await?;
        let name = format!("{}-{id}", self.name);
        let place = Place {
            name: format!("reprise-{}-{name}", self.site.label),
            id: id.clone(),
            image,
            network: &self.network,
            address,
        };
        let addresses = addresses(&spec.ports, address);
        let log = self.site.dir.join(format!("{id}.log"));
        let instance = Instance { id, role: spec.role.clone(), addresses };
        let plan = Plan {
            blueprint: Blueprint::draw(spec, place)?,
            life: Life::new(spec, instance.clone(), log)?,
            instance,
            name,
        };
        let running = Arc::new(plan.start(&self.daemon, &self.site.ledger).await?);
        self.adopt(&running);
        Ok(running.instance.clone())
    }

    fn adopt(&self, running: &Arc<Running>) {
        let mut state = self.state();
        if let Some(sampler) = &state.sampler {
            running.account.watch(sampler);
        }
        state.running.insert(running.instance.id.clone(), Arc::clone(running));
    }

    /// Keeps what the next listing is to show.
    fn remember(&self, guests: Vec<Guest>) {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner).extend(guests);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a new instance has been given.
struct Reserved {
    id: String,
    address: std::net::Ipv4Addr,
}

#[async_trait]
impl Testbed for DockerTestbed {
    fn instances_are(&self) -> &'static str {
        "container"
    }

    async fn start(&self, spec: &RoleSpec) -> anyhow::Result<Instance> {
        // First, or a teardown could pass between the two.
        let under_way = Arc::clone(&self.yard.starting).read_owned().await;
        let reserved = self.yard.reserve(&spec.role)?;
        let (yard, spec) = (Arc::clone(&self.yard), spec.clone());
        // In a task, so that a caller who gives up cannot lose a container
        // that the daemon is about to make.
        let starting = tokio::spawn(async move {
            let _under_way = under_way;
            yard.start(&spec, reserved).await
        });
        starting.await?
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
        // Another machine's daemon shows nothing of its machine.
        if self.yard.daemon.is_on_this_machine().await? {
            Ok(vec![HostReading::of_this_machine()?])
        } else {
            Ok(vec![])
        }
    }

    async fn log_tail(&self, instance: &Instance, n_lines: usize) -> anyhow::Result<String> {
        self.find(instance)?.life.log_tail(n_lines)
    }

    async fn collect(&self, instance: &Instance, into: &Path) -> anyhow::Result<()> {
        self.find(instance)?.collect(into).await
    }

    async fn casualties(&self) -> anyhow::Result<Vec<Casualty>> {
        let mut casualties = Vec::new();
        for running in self.all() {
            casualties.extend(running.casualty().await?);
        }
        Ok(casualties)
    }

    async fn stop(&self, instance: &Instance) -> anyhow::Result<()> {
        self.find(instance)?.stop().await
    }

    async fn tear_down(&self) -> anyhow::Result<()> {
        self.yard.state().is_closed = true;
        let _everything_started = self.yard.starting.write().await;
        let mut cleared = self.clear().await;
        if cleared.is_err() {
            // A daemon that is being restarted is back in a moment.
            self.yard.daemon.comeback().await;
            cleared = self.clear().await;
        }
        let sampler = self.yard.state().sampler.take();
        drop(sampler);
        let Yard { site, network, .. } = &*self.yard;
        let removed = network::remove(&self.yard.daemon, &network.id, &site.label).await;
        removed.map(|guests| self.yard.remember(guests)).and(cleared)?;
        site.ledger.removed(&network::resource(&network.name))
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

    fn partition(&self) -> Option<&dyn Partition> {
        Some(self)
    }

    fn throttle(&self) -> Option<&dyn Throttle> {
        Some(self)
    }

    fn delay(&self) -> Option<&dyn Delay> {
        Some(self)
    }

    fn fill_disk(&self) -> Option<&dyn FillDisk> {
        Some(self)
    }
}
