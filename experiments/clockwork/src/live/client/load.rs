//! Sending a workload's requests when they are due.

use std::collections::HashMap;

use anyhow::Context as _;

use super::{
    connection::{Client, Mail, gone},
    report::{Counts, Sent},
};
use crate::{
    live::{clock::wake_on_time, inputs::Inputs, peer::Arrival},
    message::{ClientStatus, ModelId, Request, Response},
    time::{Nanos, SECOND},
    wire::{ClientReply, ClientRequest, Infer, Inferred},
    workload::{Arrival as Due, Workload},
};

/// How long answers are waited for after the last request.
const GRACE: Nanos = 10 * SECOND;

/// Requests that are sent, or answers that are read, before the other has its turn.
const AT_ONCE: usize = 64;

impl Client {
    /// Sends a workload's requests for `duration`, or until it is stopped or the
    /// workload is over, and waits for their answers. Without `inputs` the controller or
    /// the workers make them.
    ///
    /// # Errors
    /// If the controller goes away.
    pub fn run(
        &mut self,
        workload: &mut dyn Workload,
        duration: Option<Nanos>,
        inputs: Option<u64>,
    ) -> anyhow::Result<Sent> {
        wake_on_time();
        let begin = self.clock.now();
        let mut load = Load {
            client: self,
            workload,
            begin,
            until: duration.unwrap_or(Nanos::MAX),
            inputs: inputs.map(Inputs::new),
            due: HashMap::new(),
            last_heard: 0,
            counts: Counts::none(),
        };
        load.run()?;
        let n_unanswered = load.due.len() as u64;
        Ok(load.counts.report(n_unanswered))
    }
}

/// A load under way. Its times count from `begin`.
struct Load<'a> {
    client: &'a mut Client,
    workload: &'a mut dyn Workload,
    begin: Nanos,
    until: Nanos,
    inputs: Option<Inputs>,
    /// When requests were due that are not answered, and of which model, by their
    /// numbers.
    due: HashMap<u64, (Nanos, ModelId)>,
    /// When something was answered last.
    last_heard: Nanos,
    counts: Counts,
}

impl Load<'_> {
    fn run(&mut self) -> anyhow::Result<()> {
        while let Some(next) = self.next_turn() {
            let until = self.begin.saturating_add(next);
            for mail in self.client.mailbox.some(until, AT_ONCE) {
                self.read(mail)?;
            }
            self.send_due();
        }
        Ok(())
    }

    /// When something must be done, whatever comes; nothing at the end.
    fn next_turn(&self) -> Option<Nanos> {
        let now = self.now();
        if self.workload.next_at().is_none() && now >= self.last_heard + GRACE {
            return None;
        }
        if now >= self.until {
            let gives_up = self.until.saturating_add(GRACE);
            return (!self.due.is_empty() && now < gives_up).then_some(gives_up);
        }
        match self.workload.next_at() {
            Some(next) => Some(next.min(self.until)),
            // Nothing comes any more, unless an answer makes it.
            None if self.due.is_empty() => None,
            None => Some(self.until.min(self.last_heard + GRACE)),
        }
    }

    fn send_due(&mut self) {
        for _ in 0..AT_ONCE {
            let now = self.now();
            if now >= self.until || self.workload.next_at().is_none_or(|at| at > now) {
                break;
            }
            let Some(Due { at, request }) = self.workload.send() else { break };
            self.counts.sent(now - at);
            self.due.insert(request.id, (at, request.model));
            self.post(&request);
        }
        self.client.peer.flush();
    }

    fn post(&mut self, request: &Request) {
        let model = self.client.models[request.model.index()];
        let infer = Infer {
            user_id: request.user_id,
            request_id: request.id,
            model_id: model.id.0,
            batch_size: 1,
            slo_factor: request.slo_factor,
        };
        let input = self.inputs.as_mut().map_or(&[][..], |inputs| inputs.any(model.input_bytes));
        let id = self.client.next_message();
        self.client.peer.post(id, &ClientRequest::from(infer), input);
    }

    fn read(&mut self, mail: Mail) -> anyhow::Result<()> {
        match mail {
            Mail::Arrival(Arrival::Message { message: ClientReply::Inferred(reply), .. }) => {
                self.answered(&reply)
            }
            Mail::Arrival(Arrival::Message { .. } | Arrival::Late(_)) => Ok(()),
            Mail::Arrival(Arrival::Gone(_)) if self.due.is_empty() => {
                // It has ended, and owes nothing.
                self.until = self.until.min(self.now());
                Ok(())
            }
            Mail::Arrival(Arrival::Gone(reason)) => {
                let n_unanswered = self.due.len();
                Err(gone(reason).context(format!("{n_unanswered} requests are not answered")))
            }
            Mail::Stop => {
                self.until = self.until.min(self.now());
                Ok(())
            }
        }
    }

    fn answered(&mut self, reply: &Inferred) -> anyhow::Result<()> {
        let due = self.due.remove(&reply.request_id);
        let (due, model) = due.with_context(|| {
            format!("request {} is answered, but did not wait", reply.request_id)
        })?;
        let status = ClientStatus::from_code(reply.status)
            .with_context(|| format!("an answer has the unknown status {}", reply.status))?;
        let now = self.now();
        self.last_heard = now;
        self.counts.answered(status, now.saturating_sub(due));
        let Inferred { request_id, user_id, .. } = *reply;
        self.workload.answered(now, &Response { request_id, user_id, model, status });
        Ok(())
    }

    fn now(&self) -> Nanos {
        self.client.clock.now() - self.begin
    }
}
