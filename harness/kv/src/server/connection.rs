//! One connection: it reads many requests, runs them, and answers many at once.

use std::{io, sync::Arc};

use node::{Meter, Metered};
use tokio::{
    io::AsyncWriteExt as _,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::oneshot,
    time::{Instant, sleep_until},
};

use super::{
    buffers::{Input, Output},
    shared::{Shared, State},
};
use crate::{
    command::{self, Flow, Session},
    store::Served,
};

/// A connection, and what is being said on it.
pub(super) struct Connection {
    reader: Metered<OwnedReadHalf>,
    writer: Metered<OwnedWriteHalf>,
    dialogue: Dialogue,
}

/// The state of a connection, apart from its socket.
struct Dialogue {
    shared: Arc<Shared>,
    session: Session,
    input: Input,
    output: Output,
    wait: Option<Wait>,
    /// No request is run any more; what is encoded is still sent.
    closing: bool,
}

/// A blocked command.
struct Wait {
    served: oneshot::Receiver<Served>,
    deadline: Option<Instant>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, meter: &Arc<Meter>, shared: &Arc<Shared>) -> Self {
        // Small replies must not wait for Nagle.
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("set TCP_NODELAY on the state tier: {error}");
        }
        let (reader, writer) = stream.into_split();
        Self {
            reader: meter.wrap(reader),
            writer: meter.wrap(writer),
            dialogue: Dialogue::new(Arc::clone(shared)),
        }
    }

    /// Serves until either side closes the connection.
    pub(super) async fn serve(mut self) {
        while !self.dialogue.is_over() {
            // A broken connection is the client's affair; ours is only to end.
            if self.step().await.is_err() {
                break;
            }
        }
    }

    /// Waits for the next thing that happens to the connection. It reads and
    /// writes at once: a client that sends for long before it reads would
    /// otherwise wait for us while we wait for it.
    async fn step(&mut self) -> io::Result<()> {
        let Self { reader, writer, dialogue } = self;
        let (sends, receives) = (dialogue.output.has_unsent(), dialogue.wants_more());
        tokio::select! {
            biased;
            sent = writer.write(dialogue.output.unsent()), if sends => {
                dialogue.output.advance(sent?)?;
            }
            served = served(&mut dialogue.wait), if dialogue.wait.is_some() => {
                dialogue.resume(served);
            }
            received = dialogue.input.receive(reader), if receives => {
                dialogue.closing |= received? == 0;
            }
        }
        dialogue.run_requests();
        Ok(())
    }
}

/// Resolves when a wait ends; none if it timed out.
async fn served(wait: &mut Option<Wait>) -> Option<Served> {
    let Some(Wait { served, deadline }) = wait else { return std::future::pending().await };
    match *deadline {
        None => served.await.ok(),
        Some(deadline) => tokio::select! {
            biased;
            served = served => served.ok(),
            () = sleep_until(deadline) => None,
        },
    }
}

impl Dialogue {
    fn new(shared: Arc<Shared>) -> Self {
        let id = shared.lock().admit();
        let spares = shared.spares().clone();
        Self {
            shared,
            session: Session { id, name: Vec::new() },
            input: Input::new(spares.clone()),
            output: Output::new(spares),
            wait: None,
            closing: false,
        }
    }

    fn is_over(&self) -> bool {
        self.closing && !self.output.has_unsent()
    }

    fn can_run(&self) -> bool {
        !self.closing && self.wait.is_none() && self.output.has_room()
    }

    fn wants_more(&self) -> bool {
        !self.closing && (self.can_run() || self.input.has_room())
    }

    /// Runs the requests that are whole, all under one lock.
    fn run_requests(&mut self) {
        if !self.can_run() || !self.decode() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        state.store.advance(shared.now());
        loop {
            self.run_request(&mut state);
            if !self.can_run() || !self.decode() {
                return;
            }
        }
    }

    /// Whether the next request is whole; it closes the dialogue on bytes that
    /// are none.
    fn decode(&mut self) -> bool {
        self.input.decode().unwrap_or_else(|error| {
            self.output.encoder.error(&format!("ERR {error}"));
            self.closing = true;
            false
        })
    }

    fn run_request(&mut self, state: &mut State) {
        let args = self.input.args();
        if args.len() == 0 {
            self.input.next_request();
            return;
        }
        self.output.drop_sent();
        let encoder = &mut self.output.encoder;
        match command::run(&mut state.store, &mut self.session, args, encoder) {
            Flow::Continue => state.serve_waiters(),
            Flow::Close => self.closing = true,
            Flow::Block { deadline } => {
                let served = state.await_service(self.session.id);
                let deadline = deadline.and_then(|at| self.shared.instant(at));
                self.wait = Some(Wait { served, deadline: deadline.map(Instant::from_std) });
            }
        }
        self.input.next_request();
    }

    /// Answers the blocked command.
    fn resume(&mut self, served: Option<Served>) {
        let served = served.or_else(|| self.stop_waiting());
        let encoder = &mut self.output.encoder;
        match served {
            Some(Served { key, value, .. }) => {
                encoder.array(2);
                encoder.bulk(&key);
                encoder.bulk(&value);
            }
            None => encoder.null_array(),
        }
        self.wait = None;
    }

    /// Ends the wait, and answers what arrived in the same instant.
    fn stop_waiting(&mut self) -> Option<Served> {
        let still_waiting = self.shared.lock().stop_waiting(self.session.id);
        match &mut self.wait {
            Some(wait) if !still_waiting => wait.served.try_recv().ok(),
            _ => None,
        }
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        if self.wait.is_some() {
            self.stop_waiting();
        }
    }
}
