//! What a GPU could execute, the most urgent first.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
    vec::IntoIter,
};

use super::{board::Board, strategy::Strategy};
use crate::{
    message::{GpuId, ModelId},
    scheduler::fleet::Fleet,
    time::Nanos,
};

/// The strategies that a GPU has not tried. Those that come in an order are kept in
/// it, and only the first of them here.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heads: BinaryHeap<Reverse<Head>>,
    runs: Vec<IntoIter<Strategy>>,
    /// Which runs are over.
    spare_runs: Vec<usize>,
}

/// A strategy that nothing comes before where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    strategy: Strategy,
    source: Source,
}

/// Where there may be more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// The board of its model.
    Board,
    /// One of the GPU's own runs.
    Run(usize),
    Nowhere,
}

impl Agenda {
    /// Adds one strategy.
    pub(super) fn push(&mut self, strategy: Strategy) {
        self.heads.push(Reverse(Head { strategy, source: Source::Nowhere }));
    }

    /// Adds what is first now on the board of its model.
    pub(super) fn push_posted(&mut self, strategy: Strategy) {
        self.heads.push(Reverse(Head { strategy, source: Source::Board }));
    }

    /// Adds many.
    pub(super) fn push_run(&mut self, mut strategies: Vec<Strategy>) {
        strategies.sort_unstable();
        let mut run = strategies.into_iter();
        let Some(strategy) = run.next() else { return };
        let at = match self.spare_runs.pop() {
            Some(at) => at,
            None => {
                self.runs.push(IntoIter::default());
                self.runs.len() - 1
            }
        };
        self.runs[at] = run;
        self.heads.push(Reverse(Head { strategy, source: Source::Run(at) }));
    }

    /// Keeps what has not been tried of a model's board, when the model goes: if it is
    /// back in time, that is tried then.
    pub(super) fn replace_board(&mut self, model: ModelId, untried: Vec<Strategy>) {
        let is_of_board =
            |head: &Head| head.source == Source::Board && head.strategy.model == model;
        self.heads.retain(|Reverse(head)| !is_of_board(head));
        self.push_run(untried);
    }

    /// The first strategy that may be of use; drops those that are not.
    pub(super) fn first(
        &mut self,
        now: Nanos,
        gpu: GpuId,
        fleet: &Fleet,
        boards: &mut [Board],
    ) -> Option<Strategy> {
        loop {
            let Reverse(Head { strategy, source }) = *self.heads.peek()?;
            let waits = fleet.models[strategy.model.index()].queue.get(strategy.request).is_some();
            // Boards are those of models that are loaded.
            let is_loaded = || {
                source == Source::Board || fleet.gpus[gpu.index()].cache.is_loaded(strategy.model)
            };
            if waits && strategy.deadline >= now && is_loaded() {
                return Some(strategy);
            }
            self.pass_first(gpu, fleet, boards);
        }
    }

    /// Takes the first strategy out.
    pub(super) fn pass_first(&mut self, gpu: GpuId, fleet: &Fleet, boards: &mut [Board]) {
        let Some(mut first) = self.heads.peek_mut() else { return };
        let Reverse(Head { strategy, source }) = *first;
        let queue = &fleet.models[strategy.model.index()].queue;
        let next = match source {
            Source::Board => boards[strategy.model.index()].pass(gpu, &strategy, queue),
            Source::Run(run) => {
                let next = self.runs[run].find(|next| queue.get(next.request).is_some());
                if next.is_none() {
                    self.spare_runs.push(run);
                }
                next
            }
            Source::Nowhere => None,
        };
        match next {
            Some(strategy) => {
                first.0.strategy = strategy;
                drop(first);
            }
            None => drop(PeekMut::pop(first)),
        }
        if source == Source::Board {
            self.drop_twins(strategy);
        }
    }

    /// What was posted after a later strategy had become the first takes its place and
    /// gives it back: then that is here twice.
    fn drop_twins(&mut self, strategy: Strategy) {
        let twin = Reverse(Head { strategy, source: Source::Board });
        while self.heads.peek() == Some(&twin) {
            self.heads.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        message::Request,
        random::Random,
        scheduler::{
            Cluster, Settings,
            infer4::strategy::Offer,
            queue::Waiting,
            testing::{MS, served},
        },
    };

    const N_GPUS: usize = 3;
    const N_MODELS: usize = 3;
    const CLOCK_MHZ: u32 = 1380;

    /// Agendas, and beside each of them all that it should have, in one heap.
    struct Bed {
        random: Random,
        now: Nanos,
        fleet: Fleet,
        boards: Vec<Board>,
        agendas: Vec<(Agenda, BinaryHeap<Reverse<Strategy>>)>,
        n_passed: usize,
    }

    impl Bed {
        fn new(seed: u64) -> Self {
            let cluster = Cluster { n_workers: 3, gpus_per_worker: 1, pages_per_gpu: 100 };
            let fleet = Fleet::new(&Settings::default(), cluster, &vec![served(); N_MODELS]);
            Self {
                random: Random::new(seed, 0),
                now: 0,
                fleet: fleet.unwrap(),
                boards: (0..N_MODELS as u32).map(|model| Board::new(ModelId(model), 3)).collect(),
                agendas: (0..N_GPUS).map(|_| Default::default()).collect(),
                n_passed: 0,
            }
        }

        fn arrive(&mut self, model: ModelId) {
            // Some must be done before those who came earlier.
            let slo = if self.random.chance(0.1) { 40 * MS } else { 80 * MS };
            let deadline = self.now + slo;
            let request = Request { id: 0, user_id: 0, model, slo_factor: 0.0 };
            let waiting = Waiting {
                request,
                arrival: self.now,
                deadline,
                response_deadline: deadline,
                exec_demand: 0,
                load_demand: 0,
                arrival_count: 0,
            };
            let served = &mut self.fleet.models[model.index()];
            let offer = Offer { model, request: served.queue.push(waiting), deadline };
            let (board, mut others) = (&mut self.boards[model.index()], Vec::new());
            let posted = board.post(offer, served, CLOCK_MHZ, &mut others);
            for (gpu, (agenda, all)) in (0..).map(GpuId).zip(&mut self.agendas) {
                if board.is_open(gpu) {
                    others.iter().for_each(|strategy| agenda.push(*strategy));
                    let first = posted.filter(|posted| board.notice(gpu, *posted));
                    first.into_iter().for_each(|first| agenda.push_posted(first));
                    all.extend(offer.strategies(served, CLOCK_MHZ).map(Reverse));
                }
            }
        }

        fn load_or_evict(&mut self, gpu: GpuId, model: ModelId) {
            let served = &self.fleet.models[model.index()];
            let (agenda, all) = &mut self.agendas[gpu.index()];
            let cache = &mut self.fleet.gpus[gpu.index()].cache;
            let board = &mut self.boards[model.index()];
            if cache.holds(model) {
                cache.release(model, served.n_pages);
                return agenda.replace_board(model, board.close(gpu, &served.queue));
            }
            cache.begin_load(model, served.n_pages);
            cache.finish_load(model);
            let offers = served.queue.iter().map(|(request, waiting)| {
                let deadline = waiting.deadline;
                Offer { model, request, deadline }
            });
            let strategies: Vec<_> =
                offers.flat_map(|offer| offer.strategies(served, CLOCK_MHZ)).collect();
            all.extend(strategies.iter().copied().map(Reverse));
            agenda.push_run(strategies);
            board.open(gpu, N_GPUS);
        }

        /// Takes the first of an agenda, and sometimes gives it back.
        fn pass(&mut self, gpu: GpuId) {
            let (agenda, all) = &mut self.agendas[gpu.index()];
            let may_be_of_use = |strategy: &Strategy| {
                let queue = &self.fleet.models[strategy.model.index()].queue;
                let cache = &self.fleet.gpus[gpu.index()].cache;
                let waits = queue.get(strategy.request).is_some();
                waits && strategy.deadline >= self.now && cache.is_loaded(strategy.model)
            };
            while all.peek().is_some_and(|Reverse(strategy)| !may_be_of_use(strategy)) {
                all.pop();
            }
            let first = agenda.first(self.now, gpu, &self.fleet, &mut self.boards);
            assert_eq!(first, all.pop().map(|Reverse(strategy)| strategy));
            let Some(first) = first else { return };
            self.n_passed += 1;
            agenda.pass_first(gpu, &self.fleet, &mut self.boards);
            if self.random.chance(0.1) {
                agenda.push(first);
                all.push(Reverse(first));
            }
        }

        fn step(&mut self) {
            self.now += self.random.below(MS as usize) as Nanos;
            let gpu = GpuId(self.random.below(N_GPUS) as u32);
            let model = ModelId(self.random.below(N_MODELS) as u32);
            match self.random.below(40) {
                0 => self.load_or_evict(gpu, model),
                1..16 => self.arrive(model),
                // About as many as are offered: else what comes is never the most urgent.
                16..36 => (0..6).for_each(|_| self.pass(gpu)),
                36 => {
                    let duration = MS * (2 + self.random.below(8) as Nanos);
                    let batch = &mut self.fleet.models[model.index()].batches[1];
                    batch.window.record(duration, CLOCK_MHZ);
                }
                37 => {
                    self.fleet.models[model.index()].queue.pop_front();
                }
                _ => {
                    let queue = &mut self.fleet.models[model.index()].queue;
                    let nth = queue.iter().nth(self.random.below(5));
                    if let Some(number) = nth.map(|(number, _)| number) {
                        queue.remove(number);
                    }
                }
            }
        }
    }

    #[test]
    fn an_agenda_has_all_strategies_in_the_order_of_one_heap() {
        let mut n_passed = 0;
        for seed in 0..20 {
            let mut bed = Bed::new(seed);
            (0..5_000).for_each(|_| bed.step());
            n_passed += bed.n_passed;
        }
        assert!(n_passed > 10_000, "{n_passed}");
    }
}
