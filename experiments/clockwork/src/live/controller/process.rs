//! The controller's loop.

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use anyhow::Context as _;

use super::{
    config::Config,
    loading::{Loading, refused},
    mail::{ClientId, Mail},
    serving::{Moment, Others, Serving},
    workers::{HEARTBEAT, Workers},
};
use crate::{
    live::{
        Clock,
        clock::{spawn, wake_on_time},
        mailbox::Mailbox,
        peer::{Arrival, Peer},
    },
    message::ClientStatus,
    simulation::{Log, Outcome},
    time::{Nanos, SECOND},
    wire::{ClientReply, ClientRequest, Infer, Inferred, Listed, Load, WorkerReply},
};

/// Messages that are read before decisions are sent.
const AT_ONCE: usize = 64;

/// How long requests are waited for when it must end.
const GRACE: Nanos = SECOND;

/// A controller that is connected to its workers and listens for clients.
pub struct Controller {
    config: Config,
    clock: Clock,
    address: SocketAddr,
    mailbox: Mailbox<Mail>,
    clients: HashMap<ClientId, Arc<Peer>>,
    workers: Workers,
    phase: Phase,
    stops_at: Option<Nanos>,
    next_heartbeat: Nanos,
    /// When the loop was last held up for so long that others seem to be silent.
    last_stall: Nanos,
    last_turn: Nanos,
    n_lost_workers: u32,
    clients_to_flush: Vec<ClientId>,
    workers_to_flush: Vec<usize>,
}

enum Phase {
    Loading(Loading),
    Serving(Box<Serving>),
}

/// What a controller came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Model instances.
    pub n_models: u32,
    /// Workers that were lost while requests were served.
    pub n_lost_workers: u32,
    /// Requests, answers and actions.
    pub outcome: Outcome,
}

/// Ends a controller.
#[derive(Clone)]
pub struct Stopper(Sender<Mail>);

impl Stopper {
    /// Has it answer what it can, and end.
    pub fn stop(&self) {
        // It has ended if it does not listen.
        let _ = self.0.send(Mail::Stop);
    }
}

impl Controller {
    /// Connects to the workers, and listens for clients.
    ///
    /// # Errors
    /// If a worker does not listen, or the address cannot be had.
    pub fn start(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let mailbox = Mailbox::new(clock);
        let workers = Workers::connect(&config.workers, clock, &mailbox.sender())?;
        let listener = TcpListener::bind(config.listen)
            .with_context(|| format!("listen on {}", config.listen))?;
        let address = listener.local_addr().context("which address is it")?;
        let sender = mailbox.sender();
        spawn("clients", move || accept(&listener, clock, &sender))
            .context("start a thread for clients")?;
        Ok(Self {
            config,
            clock,
            address,
            mailbox,
            clients: HashMap::new(),
            workers,
            phase: Phase::Loading(Loading::default()),
            stops_at: None,
            next_heartbeat: 0,
            last_stall: 0,
            last_turn: 0,
            n_lost_workers: 0,
            clients_to_flush: Vec::new(),
            workers_to_flush: Vec::new(),
        })
    }

    /// Where clients find it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What ends it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.mailbox.sender())
    }

    /// Serves until it is stopped, and breaks with everybody.
    ///
    /// # Errors
    /// If workers cannot be used, one goes away while models are loaded, or a log cannot
    /// be written.
    pub fn run(mut self, log: &mut dyn Log) -> anyhow::Result<Ended> {
        let ended = self.serve_until_stopped(log).and_then(|()| self.end(log));
        self.workers.close();
        self.clients.values().for_each(|client| client.close());
        ended
    }

    fn serve_until_stopped(&mut self, log: &mut dyn Log) -> anyhow::Result<()> {
        wake_on_time();
        // Nobody was listened to before.
        self.last_turn = self.clock.now();
        self.last_stall = self.last_turn;
        while !self.is_done() {
            let until = self.next_turn();
            for mail in self.mailbox.some(until, AT_ONCE) {
                self.read(mail, log)?;
            }
            self.look_around(log)?;
            self.flush();
        }
        Ok(())
    }

    /// When something must be done, whatever comes.
    fn next_turn(&mut self) -> Nanos {
        let phase = match &mut self.phase {
            Phase::Loading(loading) => loading.ends_at(),
            Phase::Serving(serving) => serving.next_wake(),
        };
        [phase, self.stops_at].into_iter().flatten().fold(self.next_heartbeat, Nanos::min)
    }

    fn read(&mut self, mail: Mail, log: &mut dyn Log) -> anyhow::Result<()> {
        match mail {
            Mail::Joined(client, peer) => {
                self.clients.insert(client, peer);
                Ok(())
            }
            Mail::Client(client, Arrival::Message { at, id, message, body }) => {
                let moment = Moment { now: self.clock.now(), came: at };
                self.hear_client(moment, (client, id), message, body, log)
            }
            Mail::Client(client, Arrival::Gone(reason)) => {
                self.clients.remove(&client);
                if let Some(reason) = reason {
                    eprintln!("clockwork controller: client {client} is gone: {reason}");
                }
                Ok(())
            }
            Mail::Client(_, Arrival::Late(_)) => Ok(()),
            Mail::Worker(worker, Arrival::Message { at, message, body, .. }) => {
                let moment = Moment { now: self.clock.now(), came: at };
                self.hear_worker(moment, worker, message, &body, log)
            }
            Mail::Worker(_, Arrival::Late(id)) => {
                let now = self.clock.now();
                self.serve(log, |serving, others| serving.sent_too_late(now, id, others))
            }
            Mail::Worker(worker, Arrival::Gone(reason)) => {
                let reason = reason
                    .map_or("it closed the connection".to_owned(), |reason| reason.to_string());
                self.lose(worker, &reason, log)
            }
            Mail::Stop => {
                self.stops_at.get_or_insert(self.clock.now() + GRACE);
                Ok(())
            }
        }
    }

    fn hear_client(
        &mut self,
        moment: Moment,
        (client, id): (ClientId, u64),
        message: ClientRequest,
        body: Vec<u8>,
        log: &mut dyn Log,
    ) -> anyhow::Result<()> {
        match message {
            ClientRequest::Infer(infer) => self.infer(moment, (client, id), &infer, body, log)?,
            ClientRequest::Load(load) => self.load(moment.now, client, id, load),
            ClientRequest::List(_) => {
                let (status, n_models) = match &self.phase {
                    Phase::Loading(loading) => {
                        (ClientStatus::Initializing, loading.models().len() as u32)
                    }
                    Phase::Serving(serving) => (ClientStatus::Success, serving.n_models()),
                };
                self.tell(client, id, &Listed { status: status.code(), n_models }.into());
            }
        }
        Ok(())
    }

    fn infer(
        &mut self,
        moment: Moment,
        from: (ClientId, u64),
        infer: &Infer,
        body: Vec<u8>,
        log: &mut dyn Log,
    ) -> anyhow::Result<()> {
        if let Phase::Loading(_) = self.phase {
            let Infer { user_id, request_id, model_id, .. } = *infer;
            let status = ClientStatus::Initializing.code();
            let reply = Inferred { user_id, request_id, model_id, status };
            self.tell(from.0, from.1, &reply.into());
            return Ok(());
        }
        self.serve(log, |serving, others| serving.infer(moment, from, infer, body, others))
    }

    fn load(&mut self, now: Nanos, client: ClientId, id: u64, load: Load) {
        let refusal = match &mut self.phase {
            Phase::Serving(_) => "models are fixed once inferences are served".to_owned(),
            Phase::Loading(_) if load.n_copies == 0 => {
                format!("no copy of `{}` is asked for", load.path)
            }
            Phase::Loading(loading) => {
                return loading.ask(now, client, id, load, &mut self.workers);
            }
        };
        self.tell(client, id, &refused(ClientStatus::Invalid, refusal).into());
    }

    fn hear_worker(
        &mut self,
        moment: Moment,
        worker: usize,
        reply: WorkerReply,
        output: &[u8],
        log: &mut dyn Log,
    ) -> anyhow::Result<()> {
        if let WorkerReply::State(state) = reply {
            self.workers.note(worker, state);
            return Ok(());
        }
        if let Phase::Loading(loading) = &mut self.phase {
            if let Some(to) = loading.note(moment.now, worker, reply, &mut self.workers) {
                self.tell(to.client, to.message_id, &to.reply.into());
            }
            return Ok(());
        }
        self.serve(log, |serving, others| serving.reply(moment, worker, &reply, output, others))
    }

    /// What must be done from time to time.
    fn look_around(&mut self, log: &mut dyn Log) -> anyhow::Result<()> {
        let now = self.clock.now();
        if now - self.last_turn > self.config.worker_timeout / 2 {
            self.last_stall = now;
        }
        self.last_turn = now;
        if now >= self.next_heartbeat {
            self.next_heartbeat = now + HEARTBEAT;
            self.workers.ask();
            self.lose_silent(now, log)?;
        }
        if let Phase::Loading(loading) = &self.phase
            && self.workers.all_known()
            && loading.ends_at().is_some_and(|ends_at| ends_at <= now)
        {
            let cluster = self.workers.cluster(&self.config)?;
            let models = loading.models().to_vec();
            self.workers.clear();
            let serving = Serving::begin(&self.config, cluster, models)?;
            self.phase = Phase::Serving(Box::new(serving));
        }
        self.serve(log, |serving, others| serving.wake(now, others))
    }

    /// Breaks with workers that have said nothing for too long, unless it was us who
    /// did not listen.
    fn lose_silent(&mut self, now: Nanos, log: &mut dyn Log) -> anyhow::Result<()> {
        let timeout = self.config.worker_timeout;
        if now - self.last_stall < timeout {
            return Ok(());
        }
        for worker in self.workers.silent(now.saturating_sub(timeout)) {
            let reason = format!("it has said nothing for {} ms", timeout / 1_000_000);
            self.lose(worker, &reason, log)?;
        }
        Ok(())
    }

    fn lose(&mut self, worker: usize, reason: &str, log: &mut dyn Log) -> anyhow::Result<()> {
        if !self.workers.lose(worker) {
            return Ok(());
        }
        let address = self.workers.address(worker);
        if let Phase::Loading(_) = self.phase {
            anyhow::bail!(
                "the worker at {address} is gone before all models are loaded: {reason}\n\
                 (hint: does another controller use it?)"
            );
        }
        self.n_lost_workers += 1;
        eprintln!("clockwork controller: the worker at {address} is lost: {reason}");
        let now = self.clock.now();
        self.serve(log, |serving, others| serving.lose(now, worker, others))
    }

    /// Does something with the requests, in the phase that has them.
    fn serve(
        &mut self,
        log: &mut dyn Log,
        act: impl FnOnce(&mut Serving, &mut Others<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Phase::Serving(serving) = &mut self.phase else { return Ok(()) };
        let mut others = Others {
            clients: &self.clients,
            workers: &self.workers,
            log,
            clients_to_flush: &mut self.clients_to_flush,
            workers_to_flush: &mut self.workers_to_flush,
        };
        act(serving, &mut others)
    }

    fn tell(&mut self, client: ClientId, id: u64, reply: &ClientReply) {
        if let Some(peer) = self.clients.get(&client) {
            peer.post(id, reply, &[]);
            self.clients_to_flush.push(client);
        }
    }

    fn flush(&mut self) {
        // The same one many times in a row is the rule.
        self.workers_to_flush.dedup();
        for worker in self.workers_to_flush.drain(..) {
            self.workers.peer(worker).flush();
        }
        self.clients_to_flush.dedup();
        for client in self.clients_to_flush.drain(..) {
            if let Some(peer) = self.clients.get(&client) {
                peer.flush();
            }
        }
    }

    fn is_done(&self) -> bool {
        let n_pending = match &self.phase {
            Phase::Loading(_) => 0,
            Phase::Serving(serving) => serving.n_pending(),
        };
        self.stops_at.is_some_and(|stops_at| n_pending == 0 || stops_at <= self.last_turn)
    }

    fn end(&mut self, log: &mut dyn Log) -> anyhow::Result<Ended> {
        let n_lost_workers = self.n_lost_workers;
        let loading = Phase::Loading(Loading::default());
        let Phase::Serving(mut serving) = std::mem::replace(&mut self.phase, loading) else {
            let outcome = Outcome { n_requests: 0, n_answered: 0, n_actions: 0, ended: 0 };
            return Ok(Ended { n_models: 0, n_lost_workers, outcome });
        };
        // What waits for a worker is answered and logged as if all were lost, and nothing
        // is sent to them any more.
        self.workers.close();
        let mut others = Others {
            clients: &self.clients,
            workers: &self.workers,
            log,
            clients_to_flush: &mut self.clients_to_flush,
            workers_to_flush: &mut self.workers_to_flush,
        };
        let now = self.clock.now();
        for worker in 0..self.workers.len() {
            serving.lose(now, worker, &mut others)?;
        }
        let n_models = serving.n_models();
        let outcome = serving.end(now, &mut others)?;
        for client in self.clients.values() {
            client.drain(now + GRACE);
        }
        Ok(Ended { n_models, n_lost_workers, outcome })
    }
}

/// How long it waits after a client could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

#[expect(clippy::disallowed_methods, reason = "the thread only accepts clients")]
fn accept(listener: &TcpListener, clock: Clock, mail: &Sender<Mail>) {
    for (client, stream) in (0..).zip(listener.incoming()) {
        let (sender, joins) = (mail.clone(), mail.clone());
        let deliver = move |arrival: Arrival<_>| {
            // Nobody reads it any more once the controller has ended.
            let _ = sender.send(Mail::Client(client, arrival));
        };
        let joined = |peer: &Arc<Peer>| {
            let _ = joins.send(Mail::Joined(client, Arc::clone(peer)));
        };
        let started = stream.and_then(|stream| Peer::start(stream, clock, deliver, joined));
        if let Err(error) = started {
            eprintln!("clockwork controller: client {client} could not connect: {error}");
            std::thread::sleep(PAUSE);
        }
    }
}
