//! A request comes: its deadlines, its demand, its strategies.

use std::cmp::Reverse;

use super::{Infer4, strategy::Offer};
use crate::{
    message::{ModelId, Request},
    scheduler::{Effect, answer::refuse, queue::Waiting},
    time::Nanos,
};

impl Infer4 {
    /// No request is refused: what cannot be done in time gives up at its deadline.
    pub(super) fn admit(&mut self, now: Nanos, request: Request, effects: &mut Vec<Effect>) {
        let model = request.model;
        if model.index() >= self.fleet.models.len() {
            return effects.push(refuse(now, &request));
        }
        let waiting = self.promise(now, request);
        let load_ends = now + self.load_slo(model, waiting.response_deadline - now);
        self.demand.arrived(model, waiting.exec_demand, waiting.load_demand, load_ends);
        let request = self.fleet.models[model.index()].queue.push(waiting);
        let deadline = waiting.deadline;
        self.deadlines.push(Reverse((deadline, model, request)));
        self.execute_where_loaded(now, Offer { model, request, deadline }, effects);
        self.load_wherever(now, effects);
    }

    /// Offers a request to all GPUs that have its model, of which the one that is
    /// free first has the first choice.
    fn execute_where_loaded(&mut self, now: Nanos, offer: Offer, effects: &mut Vec<Effect>) {
        let Self { demand, fleet, gpus, settings, boards, unposted, .. } = self;
        let served = &fleet.models[offer.model.index()];
        let board = &mut boards[offer.model.index()];
        let posted = board.post(offer, served, settings.clock_mhz, unposted);
        let (mut first, mut free_at) = (None, Nanos::MAX);
        for gpu in demand.holders(offer.model) {
            if !board.is_open(gpu) {
                continue;
            }
            let state = &mut gpus[gpu.index()];
            unposted.iter().for_each(|strategy| state.agenda.push(*strategy));
            if let Some(strategy) = posted.filter(|posted| board.notice(gpu, *posted)) {
                state.agenda.push_posted(strategy);
            }
            let available = state.exec.available(now);
            if available < free_at {
                (first, free_at) = (Some(gpu), available);
            }
        }
        unposted.clear();
        first.into_iter().for_each(|gpu| self.execute(now, gpu, effects));
        for at in 0.. {
            let Some(gpu) = self.demand.holder(offer.model, at) else { break };
            if self.fleet.models[offer.model.index()].queue.get(offer.request).is_none() {
                break;
            }
            self.execute(now, gpu, effects);
        }
    }

    /// What the request is promised, and what it asks of GPUs.
    fn promise(&self, now: Nanos, request: Request) -> Waiting {
        let settings = &self.settings;
        let model = &self.fleet.models[request.model.index()];
        let slo = model.slo(request.slo_factor, settings);
        let exec_slo = if slo < settings.buffer { slo } else { slo - settings.buffer };
        let exec_slo = exec_slo.max(settings.schedule_ahead + settings.buffer);
        let work = model.estimate(0, settings.clock_mhz) as u128 * u128::from(settings.default_slo);
        let demand = |slo: Nanos| (work / u128::from(slo)) as Nanos;
        Waiting {
            request,
            arrival: now,
            deadline: now.saturating_add(exec_slo),
            response_deadline: now.saturating_add(slo),
            exec_demand: demand(exec_slo),
            load_demand: demand(self.load_slo(request.model, slo)).max(1),
            arrival_count: model.n_loaded,
        }
    }

    /// How long a request waits for weights: what its objective leaves for them.
    pub(super) fn load_slo(&self, model: ModelId, slo: Nanos) -> Nanos {
        let settings = &self.settings;
        let model = &self.fleet.models[model.index()];
        let exec = model.estimate(0, settings.clock_mhz);
        let rest = model.load.estimate() + exec + settings.buffer + settings.schedule_ahead;
        let left = slo.saturating_sub(rest).min(settings.max_load_slo);
        left.max(settings.schedule_ahead + settings.buffer)
    }
}
