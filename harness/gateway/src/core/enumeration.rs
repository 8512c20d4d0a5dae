//! Every short history of a small service, and many long ones, checked against
//! what must hold in all of them.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{Action, Event, Scheduler};
use crate::Scaling;

/// What an observer of the scheduler knows, and checks.
#[derive(Clone)]
struct Observer {
    scaling: Scaling,
    scheduler: Scheduler,
    now_us: u64,
    n_arrived: u64,
    waiting: Vec<u64>,
    running: HashMap<u64, u64>,
    starting: HashSet<u64>,
    ready: HashSet<u64>,
    n_started: u64,
}

/// What can happen next, without numbers.
const HAPPENINGS: [Happening; 9] = [
    Happening::Arrival,
    Happening::FirstRunningLeaves,
    Happening::LastWaitingLeaves,
    Happening::LastRunningReturns,
    Happening::OldestStartSucceeds,
    Happening::OldestStartFails,
    Happening::OldestReadyIsLost,
    Happening::TickSoon,
    Happening::TickAfterWindow,
];

#[derive(Clone, Copy)]
enum Happening {
    Arrival,
    FirstRunningLeaves,
    LastWaitingLeaves,
    LastRunningReturns,
    OldestStartSucceeds,
    OldestStartFails,
    OldestReadyIsLost,
    TickSoon,
    TickAfterWindow,
}

impl Observer {
    fn new(scaling: Scaling) -> Self {
        Self {
            scheduler: Scheduler::new(scaling.clone()),
            scaling,
            now_us: 0,
            n_arrived: 0,
            waiting: Vec::new(),
            running: HashMap::new(),
            starting: HashSet::new(),
            ready: HashSet::new(),
            n_started: 0,
        }
    }

    /// Lets something happen, unless it cannot now.
    fn happen(&mut self, happening: Happening) -> bool {
        self.now_us += 1_000;
        let event = match happening {
            Happening::Arrival => {
                self.waiting.push(self.n_arrived);
                self.n_arrived += 1;
                Some(Event::Arrived { request: self.n_arrived - 1 })
            }
            Happening::FirstRunningLeaves => {
                let first = self.running.keys().min().copied();
                first.map(|request| {
                    self.running.remove(&request);
                    Event::Left { request }
                })
            }
            Happening::LastWaitingLeaves => {
                self.waiting.pop().map(|request| Event::Left { request })
            }
            Happening::LastRunningReturns => self.running.keys().max().copied().map(|request| {
                self.running.remove(&request);
                self.waiting.push(request);
                self.waiting.sort_unstable();
                Event::Returned { request }
            }),
            Happening::OldestStartSucceeds => self.take_starting().map(|replica| {
                self.ready.insert(replica);
                Event::Ready { replica }
            }),
            Happening::OldestStartFails => {
                self.take_starting().map(|replica| Event::StartFailed { replica })
            }
            Happening::OldestReadyIsLost => {
                self.ready.iter().min().copied().map(|replica| Event::Lost { replica })
            }
            Happening::TickSoon => Some(Event::Tick),
            Happening::TickAfterWindow => {
                self.now_us += 30_000_000;
                Some(Event::Tick)
            }
        };
        let Some(event) = event else { return false };
        let actions = self.scheduler.handle(self.now_us, event);
        for action in actions {
            self.check_action(action);
        }
        self.check_state();
        true
    }

    fn take_starting(&mut self) -> Option<u64> {
        let oldest = self.starting.iter().min().copied()?;
        self.starting.remove(&oldest);
        Some(oldest)
    }

    fn check_action(&mut self, action: Action) {
        match action {
            Action::Dispatch { request, replica, .. } => {
                assert_eq!(self.waiting.first(), Some(&request), "first come, first served");
                assert!(self.ready.contains(&replica), "only a ready replica takes requests");
                self.waiting.remove(0);
                self.running.insert(request, replica);
            }
            Action::Reject { request, .. } => {
                let at = self.waiting.iter().position(|waiting| *waiting == request);
                self.waiting.remove(at.expect("only who waits is rejected"));
            }
            Action::Start { replica } => {
                assert_eq!(replica, self.n_started, "numbers are never used again");
                self.n_started += 1;
                self.starting.insert(replica);
            }
            Action::Stop { replica } => {
                let known = self.ready.remove(&replica) | self.starting.remove(&replica);
                assert!(known, "only what was started is stopped, and once");
            }
        }
    }

    fn check_state(&self) {
        let census = self.scheduler.census();
        assert_eq!(census.n_queued, self.waiting.len(), "nobody is forgotten");
        assert_eq!(census.n_running, self.running.len());
        assert_eq!(census.n_starting, self.starting.len());
        assert_eq!(census.n_ready + census.n_draining, self.ready.len());
        let n_replicas = self.ready.len() + self.starting.len();
        assert!(n_replicas <= self.scaling.max_replicas as usize);
        let mut n_running: HashMap<u64, u32> = HashMap::new();
        for replica in self.running.values() {
            *n_running.entry(*replica).or_default() += 1;
        }
        if self.scaling.concurrency_limit > 0 {
            let n_most = n_running.values().max().copied().unwrap_or(0);
            assert!(n_most <= self.scaling.concurrency_limit);
        }
        if census.n_queued > 0 {
            assert!(census.n_ready + census.n_starting > 0, "who waits waits for something");
        }
        if census.n_queued > 0 && census.n_draining == 0 {
            let is_full = |replica| n_running.get(replica) == Some(&self.scaling.concurrency_limit);
            assert!(self.ready.iter().all(is_full), "nobody waits beside a free place");
        }
    }
}

fn small_services() -> Vec<Scaling> {
    let mut services = Vec::new();
    for (min, max) in [(0, 1), (0, 2), (1, 2), (2, 2)] {
        for limit in [0, 1, 2] {
            let scaling = Scaling::new(min, max, limit);
            services.push(Scaling {
                target_concurrency: 1.0,
                stable_window: Duration::from_secs(20),
                max_queued: 3,
                ..scaling
            });
        }
    }
    services
}

fn explore(observer: &Observer, depth: u32) -> u64 {
    if depth == 0 {
        return 1;
    }
    let mut n_histories = 0;
    for happening in HAPPENINGS {
        let mut next = observer.clone();
        if next.happen(happening) {
            n_histories += explore(&next, depth - 1);
        }
    }
    n_histories
}

#[test]
fn every_short_history_is_sound() {
    for scaling in small_services() {
        let n_histories = explore(&Observer::new(scaling), 7);
        assert!(n_histories > 1_000, "{n_histories} histories prove little");
    }
}

#[test]
fn long_histories_are_sound() {
    for (seed, scaling) in small_services().into_iter().enumerate() {
        let mut observer = Observer::new(scaling);
        let mut state = seed as u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            observer.happen(HAPPENINGS[(state >> 33) as usize % HAPPENINGS.len()]);
        }
        assert!(observer.n_arrived > 1_000);
    }
}
