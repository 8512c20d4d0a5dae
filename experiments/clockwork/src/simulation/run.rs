//! Events in virtual time, from the first request to the last answer.

use serde::{Deserialize, Serialize};
use sim::EventQueue;

use super::Network;
use crate::{
    message::{Action, ActionResult, GpuId, Response},
    scheduler::{Effect, Event, Scheduler},
    telemetry::{ActionRow, RequestRow},
    time::Nanos,
    worker::{Device, Gpu},
    workload::Workload,
};

/// Who reads the controller's two logs while they are written.
pub trait Log {
    /// A request was answered.
    fn request(&mut self, row: &RequestRow) -> anyhow::Result<()>;
    /// The result of an action was received.
    fn action(&mut self, row: &ActionRow) -> anyhow::Result<()>;
}

/// What a run came to, simulated or live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Requests that were sent.
    pub n_requests: u64,
    /// Requests that were answered: all of them, or the system is wrong.
    pub n_answered: u64,
    /// Actions that workers were told to carry out.
    pub n_actions: u64,
    /// The time of the last event, since the run began.
    pub ended: Nanos,
}

/// A client, a controller and its workers.
pub struct Simulation<'a, D> {
    scheduler: &'a mut dyn Scheduler,
    workload: &'a mut dyn Workload,
    network: Network,
    gpus: Vec<Emulated<D>>,
    /// Messages on their way, and what workers wait for.
    queue: EventQueue<Happening>,
    effects: Vec<Effect>,
    results: Vec<ActionResult>,
    outcome: Outcome,
}

/// A GPU, and the time for which it has asked to be woken.
struct Emulated<D> {
    gpu: Gpu<D>,
    wake: Option<Nanos>,
}

/// What happens elsewhere than at the controller's clock or the client's.
enum Happening {
    Act(Action),
    Wake(GpuId),
    Result(ActionResult),
    Response(Response),
}

/// Whose turn is next.
enum Turn {
    Client,
    Controller,
    Message,
}

impl<'a, D: Device> Simulation<'a, D> {
    /// Everything idle, at time 0.
    pub fn new(
        scheduler: &'a mut dyn Scheduler,
        workload: &'a mut dyn Workload,
        network: Network,
        gpus: Vec<Gpu<D>>,
    ) -> Self {
        let gpus = gpus.into_iter().map(|gpu| Emulated { gpu, wake: None });
        Self {
            scheduler,
            workload,
            network,
            gpus: gpus.collect(),
            queue: EventQueue::new(),
            effects: Vec::new(),
            results: Vec::new(),
            outcome: Outcome { n_requests: 0, n_answered: 0, n_actions: 0, ended: 0 },
        }
    }

    /// Sends the workload's requests until `until`, and goes on until each is
    /// answered.
    ///
    /// # Errors
    /// If the log cannot be written.
    pub fn run(mut self, until: Nanos, log: &mut dyn Log) -> anyhow::Result<Outcome> {
        while let Some((now, turn)) = self.next(until) {
            self.outcome.ended = now;
            match turn {
                Turn::Client => {
                    if let Some(arrival) = self.workload.send() {
                        self.outcome.n_requests += 1;
                        let event = Event::Request(arrival.request);
                        self.scheduler.on(now, event, &mut self.effects);
                    }
                }
                Turn::Controller => self.scheduler.on(now, Event::Wake, &mut self.effects),
                Turn::Message => self.deliver(),
            }
            self.carry_out(now, log)?;
        }
        Ok(self.outcome)
    }

    /// What happens next, and when; nothing if all is said and done.
    fn next(&mut self, until: Nanos) -> Option<(Nanos, Turn)> {
        let asks = self.workload.next_at().filter(|at| *at < until);
        let client = asks.map(|at| (at + self.network.one_way, Turn::Client));
        let controller = self.scheduler.next_wake().map(|at| (at, Turn::Controller));
        let message = self.queue.peek_time().map(|at| (at, Turn::Message));
        [message, controller, client].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn deliver(&mut self) {
        let Some((now, happening)) = self.queue.next() else { return };
        match happening {
            Happening::Act(action) => {
                let emulated = &mut self.gpus[action.gpu.index()];
                emulated.gpu.act(now, action);
                self.work(now, action.gpu);
            }
            Happening::Wake(gpu) => {
                let emulated = &mut self.gpus[gpu.index()];
                // Another event may have come before the one it was woken for.
                if emulated.wake == Some(now) {
                    emulated.wake = None;
                    self.work(now, gpu);
                }
            }
            Happening::Result(result) => {
                self.scheduler.on(now, Event::Result(result), &mut self.effects);
            }
            Happening::Response(response) => self.workload.answered(now, &response),
        }
    }

    /// Lets a GPU go on, and sends what it has to say.
    fn work(&mut self, now: Nanos, id: GpuId) {
        let Emulated { gpu, wake } = &mut self.gpus[id.index()];
        gpu.wake(now, &mut self.results);
        for result in self.results.drain(..) {
            self.queue.at(now + self.network.one_way, Happening::Result(result));
        }
        let next = gpu.next_wake();
        if next != *wake {
            *wake = next;
            if let Some(at) = next {
                self.queue.at(at, Happening::Wake(id));
            }
        }
    }

    /// Does what the controller has decided.
    fn carry_out(&mut self, now: Nanos, log: &mut dyn Log) -> anyhow::Result<()> {
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Send(action) => {
                    self.outcome.n_actions += 1;
                    self.queue.at(now + self.network.one_way, Happening::Act(action));
                }
                Effect::Answer(response, row) => {
                    self.outcome.n_answered += 1;
                    log.request(&row)?;
                    let at = now + self.network.one_way;
                    self.queue.at(at, Happening::Response(response));
                }
                Effect::Log(row) => log.action(&row)?,
            }
        }
        Ok(())
    }
}
