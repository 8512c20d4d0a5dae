//! The second phase: inferences. What happens is given to the scheduler, what it decides
//! is sent, and every request is answered.

use std::collections::HashMap;

use super::{
    config::Config,
    loading::LoadedModel,
    mail::ClientId,
    recording::{Beginning, Recording},
    workers::{Workers, gpus, place},
};
use crate::{
    live::{inputs::Inputs, outbox::Deadline, peer::Peer},
    message::{
        Action, ActionKind, ActionResult, ActionStatus, ClientStatus, GpuId, ModelId, Request,
    },
    scheduler::{Cluster, Effect, Event, Scheduler, Settings},
    simulation::{Log, Outcome},
    telemetry::{ActionRow, RequestRow},
    time::Nanos,
    wire::{ClientReply, Infer, Inferred, WorkerOrder, WorkerReply},
};

/// Requests that are not answered, and the scheduler that will have them answered.
pub(super) struct Serving {
    scheduler: Box<dyn Scheduler + Send>,
    recording: Option<Recording>,
    settings: Settings,
    cluster: Cluster,
    models: Vec<LoadedModel>,
    /// By the numbers that the scheduler knows them by.
    pending: HashMap<u64, Pending>,
    inputs: Option<Inputs>,
    /// Where actions are that were sent, and when that was.
    in_flight: HashMap<u64, (GpuId, Nanos)>,
    outcome: Outcome,
    effects: Vec<Effect>,
    /// Memory for the requests of a batch.
    batch: Vec<u64>,
    now: Nanos,
    /// How long before `now` that came which is being reacted to.
    waited: Nanos,
}

/// A request that is not answered.
struct Pending {
    client: ClientId,
    message_id: u64,
    infer: Infer,
    arrived: Nanos,
    /// How long it lay in the mailbox then, which the scheduler does not know.
    waited: Nanos,
    /// Until it is sent.
    input: Vec<u8>,
    output: Vec<u8>,
}

/// When a message came, and when it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Nanos,
    pub(super) came: Nanos,
}

/// Who is there to be told.
pub(super) struct Others<'a> {
    pub(super) clients: &'a HashMap<ClientId, std::sync::Arc<Peer>>,
    pub(super) workers: &'a Workers,
    pub(super) log: &'a mut dyn Log,
    /// Connections with something to flush.
    pub(super) clients_to_flush: &'a mut Vec<ClientId>,
    pub(super) workers_to_flush: &'a mut Vec<usize>,
}

impl Serving {
    pub(super) fn begin(
        config: &Config,
        cluster: Cluster,
        models: Vec<LoadedModel>,
    ) -> anyhow::Result<Self> {
        let served: Vec<_> = models.iter().map(|model| model.served.clone()).collect();
        let scheduler = config.policy.scheduler(config.settings, cluster, &served)?;
        let beginning =
            Beginning { policy: config.policy, settings: config.settings, cluster, served };
        let recording = config.record.as_ref().map(|path| Recording::create(path, &beginning));
        Ok(Self {
            scheduler,
            recording: recording.transpose()?,
            settings: config.settings,
            cluster,
            models,
            pending: HashMap::new(),
            inputs: config.generate_inputs.then(|| Inputs::new(config.seed)),
            in_flight: HashMap::new(),
            outcome: Outcome { n_requests: 0, n_answered: 0, n_actions: 0, ended: 0 },
            effects: Vec::new(),
            batch: Vec::new(),
            now: 0,
            waited: 0,
        })
    }

    pub(super) fn n_models(&self) -> u32 {
        self.models.len() as u32
    }

    pub(super) fn n_pending(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn next_wake(&mut self) -> Option<Nanos> {
        self.scheduler.next_wake()
    }

    /// A client asks.
    pub(super) fn infer(
        &mut self,
        moment: Moment,
        (client, message_id): (ClientId, u64),
        infer: &Infer,
        input: Vec<u8>,
        others: &mut Others<'_>,
    ) -> anyhow::Result<()> {
        if !self.makes_sense(infer, &input) {
            others.answer(client, message_id, infer, ClientStatus::Invalid, &[]);
            return Ok(());
        }
        self.outcome.n_requests += 1;
        let id = self.outcome.n_requests;
        let waited = moment.now.saturating_sub(moment.came);
        let (infer, arrived, output) = (*infer, moment.now, Vec::new());
        let pending = Pending { client, message_id, infer, arrived, waited, input, output };
        self.pending.insert(id, pending);
        let request = Request {
            id,
            user_id: infer.user_id,
            model: ModelId(infer.model_id),
            slo_factor: infer.slo_factor,
        };
        self.step(moment, Event::Request(request), others)
    }

    fn makes_sense(&self, infer: &Infer, input: &[u8]) -> bool {
        let fits = |model: &LoadedModel| input.is_empty() || input.len() == model.input_bytes;
        infer.batch_size == 1
            && infer.slo_factor.is_finite()
            && infer.slo_factor >= 0.0
            && self.models.get(infer.model_id as usize).is_some_and(fits)
    }

    /// A worker replies.
    pub(super) fn reply(
        &mut self,
        moment: Moment,
        worker: usize,
        reply: &WorkerReply,
        output: &[u8],
        others: &mut Others<'_>,
    ) -> anyhow::Result<()> {
        // The GPU is known by the action.
        let result = reply.result(moment.now, GpuId(0), &others.workers.peer(worker).sync());
        let Some(result) = result else { return Ok(()) };
        let gpu = self.in_flight.get(&result.id).map(|(gpu, _)| *gpu);
        let Some(gpu) = gpu.filter(|gpu| place(&self.cluster, *gpu).0 == worker) else {
            return Ok(());
        };
        self.in_flight.remove(&result.id);
        if !output.is_empty() {
            self.keep_outputs(gpu, result.id, output);
        }
        self.step(moment, Event::Result(ActionResult { gpu, ..result }), others)
    }

    /// An action could not be sent in time.
    pub(super) fn sent_too_late(
        &mut self,
        now: Nanos,
        id: u64,
        others: &mut Others<'_>,
    ) -> anyhow::Result<()> {
        let Some((gpu, sent)) = self.in_flight.remove(&id) else { return Ok(()) };
        let status = ActionStatus::SentTooLate;
        let result = ActionResult { id, gpu, status, timing: None, received: sent, sent };
        self.step(Moment::at(now), Event::Result(result), others)
    }

    /// A worker is gone.
    pub(super) fn lose(
        &mut self,
        now: Nanos,
        worker: usize,
        others: &mut Others<'_>,
    ) -> anyhow::Result<()> {
        for gpu in gpus(&self.cluster, worker) {
            self.step(Moment::at(now), Event::Lost(gpu), others)?;
        }
        // Until its last GPU is lost, its others may be told to do something.
        self.in_flight.retain(|_, (gpu, _)| place(&self.cluster, *gpu).0 != worker);
        Ok(())
    }

    /// The time may have come for which the scheduler waits.
    pub(super) fn wake(&mut self, now: Nanos, others: &mut Others<'_>) -> anyhow::Result<()> {
        if self.scheduler.next_wake().is_some_and(|wake| wake <= now) {
            self.step(Moment::at(now), Event::Wake, others)?;
        }
        Ok(())
    }

    /// Answers what is still not answered, logs it, and says what it came to.
    pub(super) fn end(mut self, now: Nanos, others: &mut Others<'_>) -> anyhow::Result<Outcome> {
        let mut left: Vec<_> = std::mem::take(&mut self.pending).into_iter().collect();
        left.sort_unstable_by_key(|(id, _)| *id);
        for (_, pending) in left {
            let Pending { client, message_id, infer, arrived, waited, .. } = pending;
            self.outcome.n_answered += 1;
            others.log.request(&RequestRow {
                t: now,
                request_id: infer.request_id,
                result: ClientStatus::Error,
                user_id: infer.user_id,
                model: ModelId(infer.model_id),
                slo_factor: infer.slo_factor,
                latency: now.saturating_sub(arrived) + waited,
                deadline: Nanos::MAX,
                arrival_count: 0,
                departure_count: 0,
            })?;
            others.answer(client, message_id, &infer, ClientStatus::Error, &[]);
        }
        self.recording.map_or(Ok(()), Recording::finish)?;
        Ok(self.outcome)
    }

    fn step(
        &mut self,
        moment: Moment,
        event: Event,
        others: &mut Others<'_>,
    ) -> anyhow::Result<()> {
        self.now = self.now.max(moment.now);
        self.waited = self.now.saturating_sub(moment.came);
        self.outcome.ended = self.now;
        let mut effects = std::mem::take(&mut self.effects);
        self.scheduler.on(self.now, event, &mut effects);
        if let Some(recording) = &mut self.recording {
            recording.add(self.now, event, &effects)?;
        }
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(action) => self.send(&action, others),
                Effect::Answer(response, row) => {
                    self.answer(response.request_id, &row, others)?;
                }
                Effect::Log(row) => self.log(row, others)?,
            }
        }
        self.effects = effects;
        Ok(())
    }

    fn log(&mut self, mut row: ActionRow, others: &mut Others<'_>) -> anyhow::Result<()> {
        row.controller_result_enqueue = row.controller_result_enqueue.saturating_sub(self.waited);
        others.log.action(&row)
    }

    fn send(&mut self, action: &Action, others: &mut Others<'_>) {
        self.outcome.n_actions += 1;
        self.in_flight.insert(action.id, (action.gpu, self.now));
        let inputs = self.inputs_of(action);
        let (worker, gpu_id) = place(&self.cluster, action.gpu);
        let send_by = self.settings.send_by(self.now, action.latest);
        let deadline = Some(Deadline { send_by, id: action.id });
        let order = WorkerOrder::of_action(action, gpu_id);
        others.workers.peer(worker).post_within(deadline, action.id, &order, &inputs);
        others.workers_to_flush.push(worker);
    }

    /// The inputs of a batch, one after another; nothing if requests came without, and
    /// none are made here.
    fn inputs_of(&mut self, action: &Action) -> Vec<u8> {
        if !matches!(action.kind, ActionKind::Infer { .. }) {
            return Vec::new();
        }
        self.batch.clear();
        self.scheduler.carried(action.gpu, action.id, &mut self.batch);
        let n_bytes = self.models[action.model.index()].input_bytes;
        let mut inputs = Vec::new();
        for id in &self.batch {
            // A request is sent once.
            let given = self.pending.get_mut(id).map(|pending| std::mem::take(&mut pending.input));
            let given = given.unwrap_or_default();
            match &mut self.inputs {
                Some(made) if given.is_empty() => inputs.extend_from_slice(made.any(n_bytes)),
                _ => inputs.extend_from_slice(&given),
            }
        }
        // Some with and some without are not told apart: then a worker makes them all.
        if inputs.len() == n_bytes * self.batch.len() { inputs } else { Vec::new() }
    }

    fn keep_outputs(&mut self, gpu: GpuId, action_id: u64, output: &[u8]) {
        self.batch.clear();
        self.scheduler.carried(gpu, action_id, &mut self.batch);
        let n_bytes = output.len() / self.batch.len().max(1);
        for (id, output) in self.batch.iter().zip(output.chunks(n_bytes.max(1))) {
            if let Some(pending) = self.pending.get_mut(id) {
                pending.output = output.to_vec();
            }
        }
    }

    fn answer(&mut self, id: u64, row: &RequestRow, others: &mut Others<'_>) -> anyhow::Result<()> {
        let pending = self.pending.remove(&id).expect("a request is answered once");
        let Pending { client, message_id, infer, waited, output, .. } = pending;
        self.outcome.n_answered += 1;
        let latency = row.latency + waited;
        others.log.request(&RequestRow { request_id: infer.request_id, latency, ..*row })?;
        others.answer(client, message_id, &infer, row.result, &output);
        Ok(())
    }
}

impl Moment {
    /// Something that happens as it is noticed.
    pub(super) fn at(now: Nanos) -> Self {
        Self { now, came: now }
    }
}

impl Others<'_> {
    /// Answers a client, if it is still there.
    pub(super) fn answer(
        &mut self,
        client: ClientId,
        message_id: u64,
        infer: &Infer,
        status: ClientStatus,
        output: &[u8],
    ) {
        let Some(peer) = self.clients.get(&client) else { return };
        let Infer { user_id, request_id, model_id, .. } = *infer;
        let reply = Inferred { user_id, request_id, model_id, status: status.code() };
        peer.post(message_id, &ClientReply::from(reply), output);
        self.clients_to_flush.push(client);
    }
}
