//! Measures Faaslets, and Faaslets that are restored from a Proto-Faaslet.

use std::{
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use rustix::time::{ClockId, clock_gettime};
use sandbox::{Sandbox, Settings};

use super::{
    churn::{Schedule, churn},
    costs::{Capacity, Costs, Stopped},
    cycles::{Counter, Cycles},
    headroom::Headroom,
    memory::{Memory, Reading},
};
use crate::faaslet::{Idle, Standalone};

/// How a Faaslet comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Loaded, linked and initialised.
    Faaslet,
    /// Restored copy-on-write.
    ProtoFaaslet,
}

/// How much is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Sizes {
    /// Starts that are timed one by one; all stay.
    pub starts: u64,
    /// Faaslets at once, at most.
    pub capacity_max: u64,
    /// Rates of starts.
    pub churn_per_s: Vec<f64>,
    /// How long each rate is kept up.
    pub churn_span: Duration,
}

/// As in a worker.
const MEMORY_MAX_BYTES: usize = 256 << 20;
const TICK: Duration = Duration::from_millis(10);

/// The slope of memory begins at this part of the timed starts.
const FEW: u64 = 10;
/// So many are started between two looks at what they leave.
const LOOK_EVERY: u64 = 256;

/// Measures Faaslets of the function `wasm`, all in this process.
///
/// # Errors
/// If the function cannot run, or not as often as is to be timed.
pub fn measure(kind: Kind, wasm: &[u8], sizes: &Sizes) -> anyhow::Result<Costs> {
    ensure!(sizes.starts >= FEW, "at least {FEW} starts have to be timed (hint: --starts {FEW})");
    let (sandbox, slots_lack) = reserve(sizes.starts.max(sizes.capacity_max))?;
    let function = Standalone::new(sandbox, wasm)?;
    let start = || {
        let mut faaslet = match kind {
            Kind::Faaslet => function.initialise(),
            Kind::ProtoFaaslet => function.restore(),
        }?;
        faaslet.call()?;
        Ok(faaslet)
    };
    let mut idle = Vec::new();
    let timed = Timed::starts(sizes.starts, &start, &mut idle)?;
    let capacity = fill(sizes.capacity_max, &start, &mut idle, slots_lack)?;
    drop(idle);
    let n_threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let at = |per_s: &f64| {
        let schedule = Schedule { per_s: *per_s, span: sizes.churn_span };
        churn(&schedule, n_threads, || start().map(drop))
            .with_context(|| format!("start {per_s} Faaslets per second"))
    };
    Ok(Costs {
        instance: kind.name().to_owned(),
        init_us: timed.init_us,
        cpu_us: timed.cpu_us,
        cycles: timed.cycles,
        memory: timed.memory,
        capacity,
        churn: sizes.churn_per_s.iter().map(at).collect::<anyhow::Result<_>>()?,
    })
}

impl Kind {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Faaslet => "faaslet",
            Self::ProtoFaaslet => "proto-faaslet",
        }
    }
}

/// Reserves slots for so many Faaslets, or for as many as there is address
/// space; then with what is lacking.
fn reserve(n: u64) -> anyhow::Result<(Sandbox, Option<String>)> {
    let mut slots = u32::try_from(n).context("more Faaslets than a pool can count")?;
    loop {
        let settings = Settings { slots, memory_max_bytes: MEMORY_MAX_BYTES, tick: TICK };
        match Sandbox::new(settings) {
            Ok(sandbox) => {
                let is_short = u64::from(slots) < n;
                let lacks = is_short.then(|| format!("address space for {slots} slots"));
                return Ok((sandbox, lacks));
            }
            Err(error) if slots < 1000 => return Err(error),
            Err(_) => slots -= slots / 8,
        }
    }
}

/// What starts one after the other took, and what they left.
struct Timed {
    init_us: Vec<f64>,
    cpu_us: f64,
    cycles: Cycles,
    memory: Memory,
}

impl Timed {
    /// Starts `n` Faaslets and keeps them.
    fn starts(
        n: u64,
        start: &impl Fn() -> anyhow::Result<Idle>,
        idle: &mut Vec<Idle>,
    ) -> anyhow::Result<Self> {
        // The process's first one pays for what all share.
        start()?;
        idle.reserve_exact(n as usize);
        let mut init_us = Vec::with_capacity(n as usize);
        let mut readings = Vec::new();
        let (mut cpu, mut cycles) = (Duration::ZERO, CycleSum::begin());
        for n_idle in 1..=n {
            let (before, began) = (thread_time(), Instant::now());
            cycles.resume();
            let faaslet = start()?;
            cycles.pause();
            init_us.push(began.elapsed().as_secs_f64() * 1e6);
            cpu += thread_time() - before;
            idle.push(faaslet);
            if n_idle == n / FEW || n_idle == n {
                readings.push(Reading::of_this_process(n_idle)?);
            }
        }
        let cpu_us = cpu.as_secs_f64() * 1e6 / n as f64;
        let memory = Memory { source: "pss".to_owned(), readings };
        Ok(Self { init_us, cpu_us, cycles: cycles.per_start(n), memory })
    }
}

/// Cycles between `resume` and `pause`, summed, for as long as they are counted.
struct CycleSum {
    counter: Result<Counter, String>,
    resumed_at: u64,
    sum: u64,
}

impl CycleSum {
    fn begin() -> Self {
        Self { counter: Counter::start(), resumed_at: 0, sum: 0 }
    }

    fn resume(&mut self) {
        self.resumed_at = self.now();
    }

    fn pause(&mut self) {
        self.sum += self.now().saturating_sub(self.resumed_at);
    }

    fn now(&mut self) -> u64 {
        let Ok(counter) = &mut self.counter else { return 0 };
        counter.read().unwrap_or_else(|why| {
            self.counter = Err(why);
            0
        })
    }

    fn per_start(self, n: u64) -> Cycles {
        match self.counter {
            Ok(_) => Cycles::PerStart(self.sum as f64 / n as f64),
            Err(why) => Cycles::NotCounted { why },
        }
    }
}

/// Starts more Faaslets until there are `max`, or something gives out.
fn fill(
    max: u64,
    start: &impl Fn() -> anyhow::Result<Idle>,
    idle: &mut Vec<Idle>,
    slots_lack: Option<String>,
) -> anyhow::Result<Capacity> {
    while (idle.len() as u64) < max {
        let look = (idle.len() as u64).is_multiple_of(LOOK_EVERY);
        let lacks = if look { Headroom::now()?.lacks() } else { None };
        let stopped = match lacks {
            Some(lacks) => lacks,
            None => match start() {
                Ok(faaslet) => {
                    idle.push(faaslet);
                    continue;
                }
                Err(error) => slots_lack.unwrap_or_else(|| format!("{error:#}")),
            },
        };
        return Ok(Capacity { reached: idle.len() as u64, stopped: Stopped::By(stopped) });
    }
    Ok(Capacity { reached: idle.len() as u64, stopped: Stopped::Bound })
}

/// Processor time of the calling thread, which makes all the timed starts.
fn thread_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOOP: &[u8] = include_bytes!("../../../../fixtures/guests/noop.wasm");

    fn sizes(capacity_max: u64) -> Sizes {
        let (churn_per_s, churn_span) = (vec![2000.0], Duration::from_millis(10));
        Sizes { starts: 20, capacity_max, churn_per_s, churn_span }
    }

    #[track_caller]
    fn check(kind: Kind) -> Costs {
        let costs = measure(kind, NOOP, &sizes(30)).unwrap();
        assert_eq!((costs.instance.as_str(), costs.init_us.len()), (kind.name(), 20));
        assert_eq!(costs.capacity, Capacity { reached: 30, stopped: Stopped::Bound });
        let idle: Vec<_> = costs.memory.readings.iter().map(|reading| reading.n_idle).collect();
        assert_eq!((idle, costs.churn.len()), (vec![2, 20], 1));
        costs
    }

    #[test]
    fn both_kinds_start_serve_and_stay() {
        check(Kind::Faaslet);
        check(Kind::ProtoFaaslet);
    }

    #[test]
    fn too_few_starts_have_no_slope() {
        let error = measure(Kind::Faaslet, NOOP, &Sizes { starts: 9, ..sizes(30) }).unwrap_err();
        assert!(error.to_string().contains("hint: --starts 10"), "{error}");
    }

    #[test]
    fn what_refuses_a_start_is_what_stopped_it() {
        let start = || anyhow::bail!("no slot");
        let stopped = |lack: Option<&str>| {
            fill(5, &start, &mut Vec::new(), lack.map(str::to_owned)).unwrap().stopped
        };
        assert_eq!(stopped(None), Stopped::By("no slot".to_owned()));
        assert_eq!(stopped(Some("address space")), Stopped::By("address space".to_owned()));
    }

    #[test]
    fn cycles_that_stop_being_counted_are_absent() {
        let counter = Err("no counter".to_owned());
        let mut sum = CycleSum { counter, resumed_at: 0, sum: 0 };
        sum.resume();
        sum.pause();
        assert_eq!(sum.per_start(1), Cycles::NotCounted { why: "no counter".to_owned() });
    }
}
