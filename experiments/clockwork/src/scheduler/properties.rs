//! What holds for every policy, whatever is asked and however workers answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Cluster, Effect, Event, Infer4, Scheduler, ServedModel, Settings, best_effort::BestEffort,
    fleet::Fleet,
};
use crate::{
    message::{
        Action, ActionKind, ActionResult, ActionStatus, GpuId, ModelId, Request, Response, Timing,
    },
    random::Random,
    time::{MILLISECOND, Nanos},
};

const N_GPUS: u32 = 3;
const PAGES_PER_GPU: u32 = 20;
const N_MODELS: usize = 12;
const N_REQUESTS: u64 = 3_000;

/// A policy whose state can be looked into.
trait Inspect: Scheduler {
    fn fleet(&self) -> &Fleet;
    /// Checks what the policy keeps beside that, when nothing is left to do.
    fn assert_idle(&self);
}

impl Inspect for Infer4 {
    fn fleet(&self) -> &Fleet {
        self.inspect().0
    }

    fn assert_idle(&self) {
        let (fleet, demand, n_outstanding) = self.inspect();
        demand.assert_nothing();
        assert_eq!(n_outstanding, 0);
        for model in (0..N_MODELS as u32).map(ModelId) {
            let is_held = |gpu: &GpuId| fleet.gpus[gpu.index()].cache.holds(model);
            let mut holders: Vec<_> = demand.holders(model).collect();
            holders.sort_unstable();
            assert_eq!(holders, fleet.all_gpus().filter(is_held).collect::<Vec<_>>());
        }
    }
}

impl Inspect for BestEffort {
    fn fleet(&self) -> &Fleet {
        self.inspect().0
    }

    fn assert_idle(&self) {
        assert_eq!(self.inspect().1, 0, "nothing has its turn and nothing is being done");
    }
}

/// Workers and clients that are not to be relied on, and what they have seen.
struct World<S> {
    scheduler: S,
    random: Random,
    now: Nanos,
    under_way: Vec<(Nanos, Action)>,
    effects: Vec<Effect>,
    n_answers: BTreeMap<u64, u32>,
    /// What each GPU holds if it did all that it was told, and whether it is there yet.
    held: Vec<BTreeMap<ModelId, bool>>,
    lost: BTreeSet<GpuId>,
}

fn served() -> Vec<ServedModel> {
    let exec = |ms: Nanos| vec![(1, ms), (2, 2 * ms - ms / 3), (4, 3 * ms), (8, 5 * ms)];
    let model = |at: u64| ServedModel {
        n_pages: n_pages(ModelId(at as u32)),
        load: (4 + at % 3) * MILLISECOND,
        exec: exec((1 + at % 4) * MILLISECOND),
    };
    (0..N_MODELS as u64).map(model).collect()
}

fn n_pages(model: ModelId) -> u32 {
    3 + model.0 % 5
}

impl<S: Inspect> World<S> {
    /// Requests come, and GPUs are lost when so many have come.
    fn run(scheduler: S, seed: u64, losses: &[(u64, GpuId)]) {
        let held = vec![BTreeMap::new(); N_GPUS as usize];
        let (random, n_answers) = (Random::new(seed, 0), BTreeMap::new());
        let (under_way, effects) = (Vec::new(), Vec::new());
        let lost = BTreeSet::new();
        let mut world =
            Self { scheduler, random, now: 0, under_way, effects, n_answers, held, lost };
        // Between idle and overloaded.
        let mean_gap = MILLISECOND as f64 * (0.1 + 2.0 * world.random.uniform());
        let mut next_request = 0;
        let mut n_requests = 0;
        loop {
            let request = (n_requests < N_REQUESTS).then_some(next_request);
            let Some(event) = world.next(request, n_requests) else { break };
            if matches!(event, Event::Request(_)) {
                n_requests += 1;
                next_request += (mean_gap * world.random.exponential()) as Nanos;
                let now_lost = losses.iter().filter(|(at, _)| *at == n_requests);
                now_lost.for_each(|(_, gpu)| world.lose(*gpu));
            }
            world.tell(event);
        }
        assert_eq!(world.n_answers.len() as u64, N_REQUESTS);
        world.assert_idle();
    }

    /// What happens next; nothing if all is over.
    fn next(&mut self, request: Option<Nanos>, id: u64) -> Option<Event> {
        let first = (0..self.under_way.len()).min_by_key(|at| self.under_way[*at].0);
        let result = first.map(|at| self.under_way[at].0);
        let wake = self.scheduler.next_wake();
        let at = [request, result, wake].into_iter().flatten().min()?;
        self.now = self.now.max(at);
        if wake == Some(at) {
            return Some(Event::Wake);
        }
        match first.filter(|_| result == Some(at)) {
            Some(first) => {
                let (_, action) = self.under_way.swap_remove(first);
                Some(Event::Result(self.result(action)))
            }
            None => Some(Event::Request(self.request(id))),
        }
    }

    fn request(&mut self, id: u64) -> Request {
        let slo_factor = if self.random.chance(0.3) { self.random.below(40) as f32 } else { 0.0 };
        // The first models are asked more; one does not exist.
        let model = (self.random.uniform().powi(3) * (N_MODELS + 1) as f64) as u32;
        Request { id, user_id: 0, model: ModelId(model), slo_factor }
    }

    /// Nobody knows at first: the GPU's last results may come later still.
    fn lose(&mut self, gpu: GpuId) {
        self.lost.insert(gpu);
        if let Some(held) = self.held.get_mut(gpu.index()) {
            held.clear();
        }
        self.tell(Event::Lost(gpu));
        self.scheduler.on(self.now, Event::Lost(gpu), &mut self.effects);
        assert!(self.effects.is_empty(), "{gpu:?} is lost once");
    }

    fn result(&mut self, action: Action) -> ActionResult {
        let has_failed = action.kind != ActionKind::Evict && self.random.chance(0.1);
        let is_load = action.kind == ActionKind::Load && !self.lost.contains(&action.gpu);
        if has_failed && is_load {
            self.held[action.gpu.index()].remove(&action.model);
        } else if is_load {
            self.held[action.gpu.index()].insert(action.model, true);
        }
        let duration = (12.0 * self.random.uniform() * MILLISECOND as f64) as Nanos;
        let end = self.now - self.random.below(1_000_000).min(self.now as usize) as Nanos;
        let timing = Timing {
            begin: end.saturating_sub(duration),
            end,
            duration,
            copy_output_end: end,
            clock_before_mhz: 1380,
            clock_after_mhz: [0, 690, 1380, 1380][self.random.below(4)],
        };
        ActionResult {
            id: action.id,
            gpu: action.gpu,
            status: if has_failed { ActionStatus::Other(2) } else { ActionStatus::Success },
            timing: (!has_failed).then_some(timing),
            received: self.now,
            sent: self.now,
        }
    }

    fn tell(&mut self, event: Event) {
        self.scheduler.on(self.now, event, &mut self.effects);
        if let Event::Result(result) = event {
            // A result that comes twice counts once.
            self.scheduler.on(self.now, Event::Result(result), &mut self.effects);
            assert!(self.effects.is_empty() || !self.lost.contains(&result.gpu), "{result:?}");
        }
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Send(action) => self.obey(action),
                Effect::Answer(Response { request_id, .. }, row) => {
                    assert_eq!((row.t, row.result.code() < 9), (self.now, true));
                    let n_answers = self.n_answers.entry(request_id).or_default();
                    *n_answers += 1;
                    assert_eq!(*n_answers, 1, "request {request_id}");
                }
                Effect::Log(_) => {}
            }
        }
    }

    /// Notes an order, and checks that it could be carried out. It will be sooner or
    /// later than expected, and some much later.
    fn obey(&mut self, action: Action) {
        assert!(!self.lost.contains(&action.gpu), "{action:?}");
        let held = &mut self.held[action.gpu.index()];
        match action.kind {
            ActionKind::Load => assert_eq!(held.insert(action.model, false), None),
            ActionKind::Evict => assert_eq!(held.remove(&action.model), Some(true)),
            ActionKind::Infer { batch_size } => {
                assert!((1..=8).contains(&batch_size));
                assert_eq!(held.get(&action.model), Some(&true));
            }
        }
        let n_held: u32 = held.keys().copied().map(n_pages).sum();
        assert!(n_held <= PAGES_PER_GPU);
        let n_free = self.scheduler.fleet().gpus[action.gpu.index()].cache.n_free_pages();
        assert!(n_free <= PAGES_PER_GPU);
        let slack = if self.random.chance(0.02) { 60.0 } else { 4.0 };
        let delay = slack * self.random.uniform() * MILLISECOND as f64;
        self.under_way.push((self.now + action.expected_duration / 2 + delay as Nanos, action));
    }

    fn assert_idle(&mut self) {
        // Demand for weights is forgotten by then.
        self.now += 1_000 * MILLISECOND;
        self.tell(Event::Wake);
        let fleet = self.scheduler.fleet();
        for (gpu, held) in fleet.gpus.iter().zip(&self.held) {
            let n_held: u32 = held.keys().copied().map(n_pages).sum();
            assert_eq!(gpu.cache.n_free_pages(), PAGES_PER_GPU - n_held);
            assert_eq!((gpu.cache.n_in_flight(), gpu.in_flight.len()), (0, 0));
        }
        for (at, model) in (0..).zip(&fleet.models) {
            let n_loaded = self.held.iter().filter(|held| held.contains_key(&ModelId(at))).count();
            assert_eq!((model.queue.len(), model.n_loaded as usize), (0, n_loaded));
        }
        self.scheduler.assert_idle();
    }
}

type New<S> = fn(Settings, Cluster, &[ServedModel]) -> anyhow::Result<S>;

fn check<S: Inspect>(new: New<S>) {
    check_with(new, |_| Vec::new());
}

/// Loses some GPUs, or all, at random moments, and one that does not exist.
fn check_losing<S: Inspect>(new: New<S>) {
    check_with(new, |seed| {
        let mut random = Random::new(seed, 1);
        let first = random.below(N_GPUS as usize) as u32;
        let n_lost = 1 + seed % u64::from(N_GPUS);
        let gpus = (0..=n_lost as u32).map(|at| (first + at) % (N_GPUS + 1));
        gpus.map(|gpu| (1 + random.below(N_REQUESTS as usize) as u64, GpuId(gpu))).collect()
    });
}

fn check_with<S: Inspect>(new: New<S>, losses: impl Fn(u64) -> Vec<(u64, GpuId)>) {
    let cluster = Cluster { n_workers: N_GPUS, gpus_per_worker: 1, pages_per_gpu: PAGES_PER_GPU };
    for seed in 0..40 {
        let original_mistakes = seed % 2 == 1;
        let settings = Settings { original_mistakes, ..Settings::default() };
        let scheduler = new(settings, cluster, &served()).expect("each model fits on a GPU");
        World::run(scheduler, seed, &losses(seed));
    }
}

#[test]
fn infer4_answers_each_request_once_and_forgets_it() {
    check(Infer4::new);
}

#[test]
fn fifo_answers_each_request_once_and_forgets_it() {
    check(BestEffort::fifo);
}

#[test]
fn adaptive_answers_each_request_once_and_forgets_it() {
    check(BestEffort::adaptive);
}

#[test]
fn infer4_answers_each_request_once_though_gpus_are_lost() {
    check_losing(Infer4::new);
}

#[test]
fn fifo_answers_each_request_once_though_gpus_are_lost() {
    check_losing(BestEffort::fifo);
}

#[test]
fn adaptive_answers_each_request_once_though_gpus_are_lost() {
    check_losing(BestEffort::adaptive);
}
