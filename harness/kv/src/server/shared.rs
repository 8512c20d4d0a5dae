//! What all connections of a server share.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::oneshot;

use crate::{
    spares::Spares,
    store::{ClientId, Served, Store, UnixMillis},
};

/// The store, the clients that wait for it, and the clock.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    spares: Spares,
    started: Instant,
    started_at: Duration,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) store: Store,
    waiting: HashMap<ClientId, oneshot::Sender<Served>>,
    n_clients: ClientId,
}

impl Shared {
    pub(super) fn new(seed: u64) -> Self {
        let started_at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            state: Mutex::new(State {
                store: Store::new(seed),
                waiting: HashMap::new(),
                n_clients: 0,
            }),
            spares: Spares::default(),
            started: Instant::now(),
            // A clock before 1970 only shifts what EXAT means.
            started_at: started_at.unwrap_or_default(),
        }
    }

    /// What connections have no need of.
    pub(super) fn spares(&self) -> &Spares {
        &self.spares
    }

    /// Milliseconds since 1970 by a clock that never steps.
    pub(super) fn now(&self) -> UnixMillis {
        let now = self.started_at + self.started.elapsed();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment of a time of this clock.
    pub(super) fn instant(&self, at: UnixMillis) -> Option<Instant> {
        self.started.checked_add(Duration::from_millis(at).saturating_sub(self.started_at))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in a command leaves that command half done; the others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Numbers a new connection.
    pub(super) fn admit(&mut self) -> ClientId {
        self.n_clients += 1;
        self.n_clients
    }

    /// Answers where the reply to a client that now waits will arrive.
    pub(super) fn await_service(&mut self, client: ClientId) -> oneshot::Receiver<Served> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.insert(client, sender);
        receiver
    }

    /// Gives those who wait what was pushed.
    pub(super) fn serve_waiters(&mut self) {
        for served in self.store.serve_waiters() {
            if let Some(sender) = self.waiting.remove(&served.client) {
                // A connection ends its wait before it goes, so somebody
                // listens; in the instant of its end the value is lost, as it
                // is when it is lost in the network.
                let _delivered = sender.send(served);
            }
        }
    }

    /// Ends a wait, and says whether nothing had been served.
    pub(super) fn stop_waiting(&mut self, client: ClientId) -> bool {
        self.waiting.remove(&client);
        self.store.stop_waiting(client)
    }
}
