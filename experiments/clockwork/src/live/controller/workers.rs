//! The workers, as the controller knows them: which answer, and which GPUs are used.

use std::{
    net::{TcpStream, ToSocketAddrs as _},
    sync::{Arc, mpsc::Sender},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use super::{config::Config, mail::Mail};
use crate::{
    live::{
        Clock,
        peer::{Arrival, Peer},
    },
    message::GpuId,
    scheduler::Cluster,
    time::{MILLISECOND, Nanos},
    wire::{ClearCache, GetState, State, WorkerOrder},
};

/// How often workers are asked how they are, so that clocks are known and silence is.
pub(super) const HEARTBEAT: Nanos = 100 * MILLISECOND;

/// Answers after which both sides know both clocks.
const GREETINGS: u64 = 3;

/// How long workers may take until they listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// All workers.
pub(super) struct Workers {
    links: Vec<Link>,
    n_orders: u64,
}

/// One of them.
struct Link {
    address: String,
    peer: Arc<Peer>,
    state: Option<State>,
    n_states: u64,
    is_lost: bool,
}

impl Workers {
    /// Connects to all of them.
    ///
    /// # Errors
    /// If one does not listen within ten seconds.
    pub(super) fn connect(
        addresses: &[String],
        clock: Clock,
        mail: &Sender<Mail>,
    ) -> anyhow::Result<Self> {
        ensure!(!addresses.is_empty(), "there is no worker\n(hint: name them as host:port,…)");
        // Nobody is spoken to before all are there: none is silent meanwhile.
        let until = Instant::now() + PATIENCE;
        let streams = addresses.iter().map(|address| connect(address, until));
        let streams = streams.collect::<anyhow::Result<Vec<_>>>()?;
        let link = |(index, (address, stream)): (usize, (&String, TcpStream))| {
            let mail = mail.clone();
            let deliver = move |arrival: Arrival<_>| {
                // Nobody reads it any more once the controller has ended.
                let _ = mail.send(Mail::Worker(index, arrival));
            };
            let peer = Peer::start(stream, clock, deliver, |_| ())
                .with_context(|| format!("connect to the worker at {address}"))?;
            let address = address.clone();
            anyhow::Ok(Link { address, peer, state: None, n_states: 0, is_lost: false })
        };
        let links =
            addresses.iter().zip(streams).enumerate().map(link).collect::<anyhow::Result<_>>()?;
        Ok(Self { links, n_orders: 0 })
    }

    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    pub(super) fn address(&self, worker: usize) -> &str {
        &self.links[worker].address
    }

    /// A number for an order that is no action.
    pub(super) fn next_order(&mut self) -> u64 {
        self.n_orders += 1;
        self.n_orders
    }

    /// Asks those that are there how they are.
    pub(super) fn ask(&mut self) {
        let id = self.next_order();
        for link in self.links.iter().filter(|link| !link.is_lost) {
            link.ask(id);
        }
    }

    /// Breaks with all for good.
    pub(super) fn close(&self) {
        self.links.iter().for_each(|link| link.peer.close());
    }

    /// Has all GPUs forget what they hold, and be ready.
    pub(super) fn clear(&mut self) {
        let id = self.next_order();
        for link in &self.links {
            link.peer.post(id, &WorkerOrder::from(ClearCache { id }), &[]);
            link.peer.flush();
        }
    }

    /// Notes what one says of itself. At first it is asked again at once, until clocks
    /// are known.
    pub(super) fn note(&mut self, worker: usize, state: State) {
        let id = self.next_order();
        let link = &mut self.links[worker];
        link.state = Some(state);
        link.n_states += 1;
        if link.n_states < GREETINGS {
            link.ask(id);
        }
    }

    /// Whether all have said what they have, and clocks are known.
    pub(super) fn all_known(&self) -> bool {
        self.links.iter().all(|link| link.n_states >= GREETINGS)
    }

    /// Those that have said nothing since `since`.
    pub(super) fn silent(&self, since: Nanos) -> Vec<usize> {
        let is_silent = |link: &Link| !link.is_lost && link.peer.last_heard() < since;
        (0..self.links.len()).filter(|worker| is_silent(&self.links[*worker])).collect()
    }

    /// Breaks with one for good. Whether it was there until now.
    pub(super) fn lose(&mut self, worker: usize) -> bool {
        let link = &mut self.links[worker];
        link.peer.close();
        !std::mem::replace(&mut link.is_lost, true)
    }

    pub(super) fn peer(&self, worker: usize) -> &Arc<Peer> {
        &self.links[worker].peer
    }

    /// The GPUs that are used: as many of each worker.
    ///
    /// # Errors
    /// If workers differ, or GPUs cannot be shared out evenly.
    pub(super) fn cluster(&self, config: &Config) -> anyhow::Result<Cluster> {
        let states: Vec<_> = self.links.iter().filter_map(|link| link.state).collect();
        let first = *states.first().context("no worker has said what it has")?;
        for (link, state) in self.links.iter().zip(&states) {
            ensure!(
                (state.n_pages, state.page_bytes) == (first.n_pages, first.page_bytes),
                "a GPU of {} has {} pages of {} bytes, one of {} has {} of {}\n\
                 (hint: start workers with the same --pages-per-gpu)",
                link.address,
                state.n_pages,
                state.page_bytes,
                self.links[0].address,
                first.n_pages,
                first.page_bytes
            );
        }
        let n_workers = self.links.len() as u32;
        let least = states.iter().map(|state| state.n_gpus).min().unwrap_or(0);
        let gpus_per_worker = least.min(config.max_gpus / n_workers);
        ensure!(
            gpus_per_worker > 0,
            "at most {} GPUs of {n_workers} workers are to be used, which is not one of each\n\
             (hint: max_gpus is the fourth argument)",
            config.max_gpus
        );
        Ok(Cluster { n_workers, gpus_per_worker, pages_per_gpu: first.n_pages })
    }
}

impl Link {
    fn ask(&self, id: u64) {
        self.peer.post(id, &WorkerOrder::from(GetState { id }), &[]);
        self.peer.flush();
    }
}

/// The worker that has a GPU, and the GPU's number there.
pub(super) fn place(cluster: &Cluster, gpu: GpuId) -> (usize, u32) {
    ((gpu.0 / cluster.gpus_per_worker) as usize, gpu.0 % cluster.gpus_per_worker)
}

/// The GPUs of a worker.
pub(super) fn gpus(cluster: &Cluster, worker: usize) -> impl Iterator<Item = GpuId> + use<> {
    let first = worker as u32 * cluster.gpus_per_worker;
    (first..first + cluster.gpus_per_worker).map(GpuId)
}

/// Connects, as soon as somebody listens there.
#[expect(clippy::disallowed_methods, reason = "nothing else can happen before there are workers")]
fn connect(address: &str, until: Instant) -> anyhow::Result<TcpStream> {
    let cannot = || format!("connect to the worker at {address}");
    loop {
        let rest = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let mut places = address.to_socket_addrs().with_context(cannot)?;
        let place = places.next().with_context(cannot)?;
        match TcpStream::connect_timeout(&place, rest) {
            Ok(stream) => return Ok(stream),
            Err(_) if Instant::now() < until => {
                std::thread::sleep(Duration::from_nanos(HEARTBEAT));
            }
            Err(error) => return Err(error).with_context(cannot),
        }
    }
}
