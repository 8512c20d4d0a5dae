//! A stage for schedulers: workers that do what they are told exactly as expected, at
//! the times that a test worked out by hand.

use super::{Effect, Event, Scheduler, ServedModel};
use crate::{
    message::{
        Action, ActionKind, ActionResult, ActionStatus, ClientStatus, ModelId, Request, Timing,
    },
    telemetry::ActionRow,
    time::{MILLISECOND, Nanos},
};

pub(super) const MS: Nanos = MILLISECOND;
const CLOCK_MHZ: u32 = 1380;

/// A scheduler, and workers that do what they are told exactly as expected, but
/// only when the test lets them.
pub(super) struct Bench<S> {
    pub(super) scheduler: S,
    pub(super) now: Nanos,
    n_requests: u64,
    pub(super) effects: Vec<Effect>,
    /// When each GPU's executor and copier are free.
    free_at: Vec<[Nanos; 2]>,
    /// What GPUs say of their clocks.
    pub(super) clock_mhz: u32,
}

/// A batch takes 3, 5 or 8 ms, its weights 8 ms.
pub(super) fn served() -> ServedModel {
    ServedModel { n_pages: 7, load: 8 * MS, exec: vec![(1, 3 * MS), (2, 5 * MS), (4, 8 * MS)] }
}

impl<S: Scheduler> Bench<S> {
    pub(super) fn of(scheduler: S, n_gpus: u32) -> Self {
        let free_at = vec![[0; 2]; n_gpus as usize];
        Self {
            scheduler,
            now: 0,
            n_requests: 0,
            effects: Vec::new(),
            free_at,
            clock_mhz: CLOCK_MHZ,
        }
    }

    pub(super) fn on(&mut self, event: Event) {
        self.scheduler.on(self.now, event, &mut self.effects);
    }

    pub(super) fn ask(&mut self, model: u32) {
        self.ask_within(model, 0.0);
    }

    /// Asks with an objective that is a multiple of the execution time.
    pub(super) fn ask_within(&mut self, model: u32, slo_factor: f32) {
        let id = self.n_requests;
        self.n_requests += 1;
        self.on(Event::Request(Request { id, user_id: 0, model: ModelId(model), slo_factor }));
    }

    /// Lets time pass, with the scheduler's wakes.
    pub(super) fn pass(&mut self, until: Nanos) {
        while let Some(wake) = self.scheduler.next_wake().filter(|wake| *wake <= until) {
            self.now = wake;
            self.on(Event::Wake);
        }
        self.now = until;
    }

    /// What was sent since the last time.
    pub(super) fn sent(&mut self) -> Vec<Action> {
        let sent = self.effects.iter().filter_map(|effect| match effect {
            Effect::Send(action) => Some(*action),
            Effect::Answer(..) | Effect::Log(_) => None,
        });
        let sent = sent.collect();
        self.effects.retain(|effect| !matches!(effect, Effect::Send(_)));
        sent
    }

    /// Requests and how they were answered since the last time.
    pub(super) fn answers(&mut self) -> Vec<(u64, ClientStatus)> {
        let answers = self.effects.iter().filter_map(|effect| match effect {
            Effect::Answer(response, _) => Some((response.request_id, response.status)),
            Effect::Send(_) | Effect::Log(_) => None,
        });
        let answers = answers.collect();
        self.effects.retain(|effect| !matches!(effect, Effect::Answer(..)));
        answers
    }

    /// What was logged of actions since the last time.
    pub(super) fn rows(&mut self) -> Vec<ActionRow> {
        let rows = self.effects.iter().filter_map(|effect| match effect {
            Effect::Log(row) => Some(*row),
            Effect::Send(_) | Effect::Answer(..) => None,
        });
        let rows = rows.collect();
        self.effects.retain(|effect| !matches!(effect, Effect::Log(_)));
        rows
    }

    /// Carries an action out as soon as its executor is free, and passes time until
    /// its result.
    pub(super) fn carry_out(&mut self, action: Action) {
        let executor = usize::from(action.kind == ActionKind::Load);
        let begin = self.free_at[action.gpu.index()][executor].max(self.now);
        let end = begin + action.expected_duration;
        self.free_at[action.gpu.index()][executor] = end;
        self.pass(end);
        self.report(action, ActionStatus::Success, begin, end);
    }

    /// Carries out all that is sent from now on, in order, and lists it.
    pub(super) fn carry_out_all(&mut self) -> Vec<Action> {
        let mut actions = self.sent();
        let mut n_done = 0;
        while let Some(action) = actions.get(n_done).copied() {
            self.carry_out(action);
            actions.extend(self.sent());
            n_done += 1;
        }
        actions
    }

    pub(super) fn report(
        &mut self,
        action: Action,
        status: ActionStatus,
        begin: Nanos,
        end: Nanos,
    ) {
        let timing = Timing {
            begin,
            end,
            duration: end - begin,
            copy_output_end: end,
            clock_before_mhz: self.clock_mhz,
            clock_after_mhz: self.clock_mhz,
        };
        self.on(Event::Result(ActionResult {
            id: action.id,
            gpu: action.gpu,
            status,
            timing: (status == ActionStatus::Success).then_some(timing),
            received: begin,
            sent: end,
        }));
    }

    /// Makes a model loaded, by a request that is answered.
    pub(super) fn warm_up(&mut self, model: u32) {
        self.ask(model);
        for _ in 0..2 {
            let sent = self.sent();
            let last = *sent.last().expect("a load, then an execution");
            self.carry_out(last);
        }
        self.answers();
        assert!(self.sent().is_empty());
    }
}

/// Where, of which model, and what.
pub(super) fn kinds(actions: &[Action]) -> Vec<(u32, u32, ActionKind)> {
    actions.iter().map(|action| (action.gpu.0, action.model.0, action.kind)).collect()
}

pub(super) fn infer(batch_size: u32) -> ActionKind {
    ActionKind::Infer { batch_size }
}
