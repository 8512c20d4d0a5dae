//! The connection to the controller, and the models that are asked for over it.

use std::{
    net::TcpStream,
    sync::{Arc, mpsc::Sender},
};

use anyhow::{Context as _, bail};

use crate::{
    live::{
        Clock,
        mailbox::Mailbox,
        peer::{Arrival, Peer},
    },
    message::{ClientStatus, ModelId},
    time::{MILLISECOND, Nanos, SECOND},
    wire::{ClientReply, ClientRequest, List, Load, Loaded},
    workload::Instances,
};

/// How often it asks whether inferences are served yet.
const POLL: Nanos = 100 * MILLISECOND;

/// How long a controller may take to bring one variety into all workers' memories.
const LOAD_LIMIT: Nanos = 600 * SECOND;

/// What comes to a client.
pub(super) enum Mail {
    Arrival(Arrival<ClientReply>),
    Stop,
}

/// A connected client.
pub struct Client {
    pub(super) clock: Clock,
    pub(in crate::live) peer: Arc<Peer>,
    pub(super) mailbox: Mailbox<Mail>,
    /// The controller's numbers of the workload's models.
    pub(in crate::live) models: Vec<Model>,
    n_messages: u64,
}

/// A model, as the controller has it.
#[derive(Debug, Clone, Copy)]
pub(in crate::live) struct Model {
    pub(in crate::live) id: ModelId,
    pub(in crate::live) input_bytes: usize,
}

/// Ends a client's load.
#[derive(Clone)]
pub struct Stopper(Sender<Mail>);

impl Stopper {
    /// Has it send nothing any more.
    pub fn stop(&self) {
        // It has ended if it does not listen.
        let _ = self.0.send(Mail::Stop);
    }
}

impl Client {
    /// Connects to a controller.
    ///
    /// # Errors
    /// If there is none.
    pub fn connect(address: &str, clock: Clock) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)
            .with_context(|| format!("connect to the controller at {address}"))?;
        let mailbox = Mailbox::new(clock);
        let sender = mailbox.sender();
        let deliver = move |arrival| {
            // Nobody reads it any more once the client has ended.
            let _ = sender.send(Mail::Arrival(arrival));
        };
        let peer = Peer::start(stream, clock, deliver, |_| ())
            .with_context(|| format!("connect to the controller at {address}"))?;
        Ok(Self { clock, peer, mailbox, models: Vec::new(), n_messages: 0 })
    }

    /// What ends its load.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.mailbox.sender())
    }

    /// Has the controller load a workload's models, and waits until they are served.
    ///
    /// # Errors
    /// If it cannot.
    pub fn load(&mut self, instances: &Instances) -> anyhow::Result<()> {
        for (variety, n_copies) in instances.iter() {
            let loaded = self.load_variety(variety, n_copies)?;
            let ids = loaded.first_model_id..loaded.first_model_id + n_copies;
            let input_bytes = loaded.input_bytes as usize;
            self.models.extend(ids.map(|id| Model { id: ModelId(id), input_bytes }));
        }
        while !self.is_served()? {
            self.pause(POLL)?;
        }
        Ok(())
    }

    fn load_variety(&mut self, variety: &str, n_copies: u32) -> anyhow::Result<Loaded> {
        let load = Load { path: variety.to_owned(), n_copies };
        match self.ask(&load.into(), LOAD_LIMIT)? {
            ClientReply::Loaded(loaded) if loaded.status == ClientStatus::Success.code() => {
                Ok(loaded)
            }
            ClientReply::Loaded(loaded) => {
                bail!("{n_copies} of `{variety}` cannot be loaded: {}", loaded.message)
            }
            other => bail!("the controller replies to a request for models: {other:?}"),
        }
    }

    fn is_served(&mut self) -> anyhow::Result<bool> {
        match self.ask(&List {}.into(), 10 * SECOND)? {
            ClientReply::Listed(listed) => Ok(listed.status == ClientStatus::Success.code()),
            other => bail!("the controller replies to a question: {other:?}"),
        }
    }

    /// Lets some time pass in which nothing is expected.
    fn pause(&mut self, length: Nanos) -> anyhow::Result<()> {
        let until = self.clock.now() + length;
        match self.mailbox.next(Some(until)) {
            Some(Mail::Arrival(Arrival::Gone(reason))) => Err(gone(reason)),
            Some(Mail::Stop) => bail!("it was stopped before its models were loaded"),
            Some(Mail::Arrival(_)) | None => Ok(()),
        }
    }

    fn ask(&mut self, request: &ClientRequest, limit: Nanos) -> anyhow::Result<ClientReply> {
        let id = self.next_message();
        self.peer.post(id, request, &[]);
        self.peer.flush();
        let until = self.clock.now() + limit;
        loop {
            match self.mailbox.next(Some(until)) {
                Some(Mail::Arrival(Arrival::Message { id: of, message, .. })) if of == id => {
                    return Ok(message);
                }
                Some(Mail::Arrival(Arrival::Gone(reason))) => return Err(gone(reason)),
                Some(Mail::Arrival(_)) => {}
                Some(Mail::Stop) => bail!("it was stopped before its models were loaded"),
                None => bail!("the controller has not replied for {} s", limit / SECOND),
            }
        }
    }

    /// The next reply and its output.
    #[cfg(test)]
    pub(in crate::live) fn next_reply(&mut self) -> (ClientReply, Vec<u8>) {
        loop {
            match self.mailbox.next(None) {
                Some(Mail::Arrival(Arrival::Message { message, body, .. })) => {
                    return (message, body);
                }
                Some(Mail::Arrival(Arrival::Gone(reason))) => panic!("{:#}", gone(reason)),
                _ => {}
            }
        }
    }

    pub(super) fn next_message(&mut self) -> u64 {
        self.n_messages += 1;
        self.n_messages
    }
}

/// Without the controller a client can do nothing.
pub(super) fn gone(reason: Option<crate::wire::WireError>) -> anyhow::Error {
    match reason {
        Some(reason) => anyhow::Error::new(reason).context("the controller is gone"),
        None => anyhow::anyhow!("the controller closed the connection"),
    }
}
