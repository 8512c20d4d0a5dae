//! What a worker does for one controller, from its connection to its end.

use std::sync::Arc;

use anyhow::Context as _;

use super::{
    gpu::{GpuThread, Order},
    memory::Models,
    server::{Config, MakeDevice},
};
use crate::{
    live::{Clock, peer::Peer},
    message::{Action, ActionResult, ActionStatus},
    wire::{ActionFailed, ModelReady, State, WorkerOrder, WorkerReply},
};

/// The state of a session. It reacts to orders; results come from the GPUs' threads.
pub(super) struct Session {
    clock: Clock,
    peer: Arc<Peer>,
    models: Models,
    config: Config,
    /// None until they are used: the models are fixed from then on.
    gpus: Vec<GpuThread>,
}

impl Session {
    pub(super) fn new(config: Config, clock: Clock, peer: Arc<Peer>) -> Self {
        let models = Models::none(config.memory.clone());
        Self { clock, peer, models, config, gpus: Vec::new() }
    }

    /// Carries out an order, or has it carried out.
    ///
    /// # Errors
    /// If a GPU cannot be had.
    pub(super) fn obey(
        &mut self,
        order: WorkerOrder,
        body: Vec<u8>,
        make: &MakeDevice,
    ) -> anyhow::Result<()> {
        let action = order.action(&self.peer.sync());
        match (order, action) {
            (_, Some(action)) => self.act(action, body, make)?,
            (WorkerOrder::LoadFromDisk(load), None) => {
                let loaded = if self.gpus.is_empty() {
                    self.models.load(&load)
                } else {
                    let message = "the models are fixed once one was used".to_owned();
                    let status = ActionStatus::UnknownModel.code();
                    Err(ActionFailed { id: load.id, status, message, ..ActionFailed::default() })
                };
                let reply = loaded.map_or_else(WorkerReply::from, ModelReady::into);
                self.reply(load.id, &reply);
            }
            (WorkerOrder::ClearCache(clear), None) => {
                self.start_gpus(make)?;
                self.gpus.iter().for_each(|gpu| gpu.tell(Order::Clear));
                self.reply(clear.id, &self.state(clear.id));
            }
            (WorkerOrder::GetState(get), None) => self.reply(get.id, &self.state(get.id)),
            _ => unreachable!("all other orders are actions"),
        }
        Ok(())
    }

    /// Ends all that is being done.
    pub(super) fn end(self) {
        self.peer.close();
        self.gpus.into_iter().for_each(GpuThread::end);
    }

    fn act(&mut self, action: Action, input: Vec<u8>, make: &MakeDevice) -> anyhow::Result<()> {
        self.start_gpus(make)?;
        if let Some(gpu) = self.gpus.get(action.gpu.index()) {
            gpu.tell(Order::Act(action, input));
            return Ok(());
        }
        let now = self.clock.now();
        let Action { id, gpu, kind, .. } = action;
        let status = ActionStatus::Other(2);
        let result = ActionResult { id, gpu, status, timing: None, received: now, sent: now };
        self.reply(id, &WorkerReply::of_result(kind, &result));
        Ok(())
    }

    /// Has GPUs that know the models, if there are none yet.
    fn start_gpus(&mut self, make: &MakeDevice) -> anyhow::Result<()> {
        if !self.gpus.is_empty() {
            return Ok(());
        }
        let deployment = self.models.deployment();
        for index in 0..self.config.n_gpus {
            let (models, peer) = (Arc::clone(&deployment), Arc::clone(&self.peer));
            let cache = self.config.memory.cache;
            let gpu = GpuThread::start(index, make, models, cache, self.clock, peer);
            self.gpus.push(gpu.with_context(|| format!("start GPU {index}"))?);
        }
        Ok(())
    }

    fn state(&self, id: u64) -> WorkerReply {
        State {
            id,
            n_gpus: self.config.n_gpus,
            page_bytes: self.config.memory.cache.page_bytes,
            n_pages: self.config.memory.cache.n_pages,
            n_models: self.models.len() as u32,
        }
        .into()
    }

    fn reply(&self, id: u64, reply: &WorkerReply) {
        self.peer.post(id, reply, &[]);
        self.peer.flush();
    }
}
