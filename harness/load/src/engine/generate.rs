//! Runs a load: threads that start together, and what they bring home.

use std::{
    path::Path,
    rc::Rc,
    sync::{Barrier, OnceLock},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use tokio::{
    task::{JoinHandle, LocalSet, spawn_local},
    time::timeout,
};

use super::{
    Load, Pace,
    clock::Clock,
    closed::Connection,
    open::{Part, Turns},
    prompt,
    shard::Shard,
    timer::Timer,
};
use crate::{
    client::{Client, Failure},
    hlog::LogWriter,
    record::{Collector, Recorder, Slices, Tally},
    validity::{Conditions, Sources},
};

/// What a load brought.
#[derive(Debug)]
pub struct Run {
    /// All that was counted.
    pub tally: Tally,
    /// When the load ended, from its start.
    pub end: Duration,
    /// The machine at the start.
    pub before: Conditions,
    /// The machine when the last request had ended.
    pub after: Conditions,
}

/// How long before the start all threads are told of it.
const NOTICE: Duration = Duration::from_millis(2);

/// Sends a load with connections that `client` makes, by their number.
/// Blocks until it has ended.
///
/// A log of the run is written to `log`, if that is given.
///
/// # Errors
/// If the load makes no sense, the system cannot be reached before the start,
/// or the log cannot be written. What goes wrong later is counted.
pub fn generate<C: Client + 'static>(
    load: &Load,
    client: impl Fn(usize) -> C + Sync,
    log: Option<&Path>,
    sources: &Sources,
) -> anyhow::Result<Run> {
    let end = load.end()?;
    let started = (sources.wall)();
    let log = log.map(|path| LogWriter::create(path, started)).transpose()?;
    let (collector, slices) = Collector::new(load.threads, log);
    let start = Start { ready: Barrier::new(load.threads + 1), clock: OnceLock::new() };
    thread::scope(|scope| {
        let shards: Vec<_> = (0..load.threads)
            .map(|shard| {
                let (slices, start, client) = (slices.clone(), &start, &client);
                let part = Part { shard, n_shards: load.threads };
                scope.spawn(move || run_shard(load, end, part, client, slices, start))
            })
            .collect();
        drop(slices);
        start.ready.wait();
        let before = Conditions::read(sources);
        let clock = Clock::starting_at(Instant::now() + NOTICE);
        start.clock.set(clock).map_err(|_| anyhow!("the load starts only once"))?;
        start.ready.wait();
        let tally = collector.collect();
        let after = Conditions::read(sources);
        for shard in shards {
            shard.join().map_err(|_| anyhow!("a thread of the generator panicked"))??;
        }
        Ok(Run { tally: tally?, end, before, after })
    })
}

/// How threads start together: all are ready, the clock is set, all may go.
struct Start {
    ready: Barrier,
    clock: OnceLock<Clock>,
}

impl Start {
    /// Waits for all others.
    fn clock(&self) -> Clock {
        self.ready.wait();
        self.ready.wait();
        *self.clock.get().expect("it is set between the two meetings")
    }
}

fn run_shard<C: Client + 'static>(
    load: &Load,
    end: Duration,
    part: Part,
    client: impl Fn(usize) -> C,
    slices: Slices,
    start: &Start,
) -> anyhow::Result<()> {
    prompt::prefer();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("start a runtime");
    let clients = runtime.and_then(|runtime| {
        let numbers = (part.shard..load.connections()).step_by(part.n_shards);
        let clients = LocalSet::new().block_on(&runtime, prepare(numbers, client, load.timeout))?;
        Ok((runtime, clients))
    });
    // Whoever failed must come too, or the others would wait for ever.
    let clock = start.clock();
    let (runtime, clients) = clients?;
    clock.await_start();
    let recorder = Recorder::new(part.shard, slices);
    runtime.block_on(async {
        let shard = Rc::new(Shard {
            load: load.clone(),
            end,
            clock,
            timer: Timer::new(clock)?,
            recorder: recorder.into(),
        });
        let ran = LocalSet::new().run_until(run_connections(&shard, clients, part)).await;
        shard.recorder.borrow_mut().finish();
        ran
    })
}

/// Makes all connections at the same time: a server with a short queue makes
/// some wait for a second, and they do it together.
async fn prepare<C: Client + 'static>(
    numbers: impl Iterator<Item = usize>,
    client: impl Fn(usize) -> C,
    limit: Duration,
) -> anyhow::Result<Vec<(usize, C)>> {
    let connecting: Vec<_> = numbers
        .map(|number| {
            let mut client = client(number);
            spawn_local(async move {
                let prepared = timeout(limit, client.prepare()).await;
                (number, client, prepared.unwrap_or(Err(Failure::Timeout)))
            })
        })
        .collect();
    let mut clients = Vec::new();
    for connection in connecting {
        let (number, client, prepared) = connection.await.context("a connection panicked")?;
        prepared.map_err(|failure| {
            anyhow!(
                "connection {number} could not be made before the start: {failure}\n\
                 (hint: is the system up, and does it take that many connections?)"
            )
        })?;
        clients.push((number, client));
    }
    Ok(clients)
}

async fn run_connections<C: Client + 'static>(
    shard: &Rc<Shard>,
    clients: Vec<(usize, C)>,
    part: Part,
) -> anyhow::Result<()> {
    let timer = Rc::clone(&shard.timer);
    let timer = spawn_local(async move { timer.drive().await });
    let pulse = Rc::clone(shard);
    spawn_local(async move { pulse.pulse().await });
    let connections = start_connections(shard, clients, part);
    let all = async {
        for connection in connections {
            connection.await.context("a connection of the generator panicked")?;
        }
        Ok(())
    };
    tokio::select! {
        ended = all => ended,
        failed = timer => failed.context("wait for a timer")?.context("read a timer"),
    }
}

fn start_connections<C: Client + 'static>(
    shard: &Rc<Shard>,
    clients: Vec<(usize, C)>,
    part: Part,
) -> Vec<JoinHandle<()>> {
    let clients = clients.into_iter();
    match &shard.load.pace {
        Pace::Open { schedule, wait_limit, .. } => {
            let arrivals = schedule.arrivals(shard.load.seed);
            let turns = Rc::new(Turns::new(Rc::clone(shard), *wait_limit, arrivals, part));
            let start = |(_, client)| {
                let turns = Rc::clone(&turns);
                spawn_local(async move { turns.run(client).await })
            };
            clients.map(start).collect()
        }
        Pace::Closed { connections, think } => {
            let start = |(number, client)| {
                let number = number as u64;
                let connection = Connection {
                    shard: Rc::clone(shard),
                    number,
                    n_connections: *connections as u64,
                    thinking: think.thinking(shard.load.seed, number),
                };
                spawn_local(connection.run(client))
            };
            clients.map(start).collect()
        }
    }
}
