//! The account of one container: what it has used, over all its lives.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bollard::models::ContainerInspectResponse;
use node::NetworkBytes;
use tokio::time::{MissedTickBehavior, interval};

use super::{api, files::Files, reading::Reading};
use crate::{
    docker::{daemon::Daemon, first_process},
    process::Table,
    settings::DockerSettings,
    usage::{
        InterfaceBytes, Usage,
        sampler::{Sampled, Sampler},
        tally::Tally,
    },
};

/// How often the daemon is asked. It reads the same files as we do, and takes
/// some milliseconds of processor time for it.
const ASKING: Duration = Duration::from_millis(200);

/// What is known of a container's use of the machine.
///
/// A container's files go soon after its first process, which is why it is to
/// be closed as early as that end is known. Where the daemon has to be asked,
/// it no longer answers then: what was used since its last answer is lost.
#[derive(Debug)]
pub struct ContainerAccount {
    daemon: Daemon,
    container: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    tally: Tally,
    /// Absent where the daemon has to be asked.
    files: Option<Files>,
    /// Starts so far. A container's counters begin at zero with each.
    n_lives: u64,
    cpu_before: Duration,
    interface_before: (u64, u64),
}

/// One life of a container, for who samples it.
#[derive(Debug)]
struct Life {
    account: Arc<ContainerAccount>,
    number: u64,
}

impl ContainerAccount {
    /// The account of a running container, whoever started it, from now on. It
    /// is `inspected` just now; only [`Self::read`] reads anything. Without a
    /// process id in `inspected` the daemon is asked for all figures.
    #[must_use]
    pub fn of(settings: &DockerSettings, inspected: &ContainerInspectResponse) -> Arc<Self> {
        Self::open(&Daemon::new(settings), inspected)
    }

    /// Opens the account of a container that has just been started.
    pub(crate) fn open(daemon: &Daemon, inspected: &ContainerInspectResponse) -> Arc<Self> {
        let container = inspected.id.clone().unwrap_or_default();
        let state = State {
            tally: Tally::begin(),
            files: Files::find(inspected),
            n_lives: 1,
            cpu_before: Duration::ZERO,
            interface_before: (0, 0),
        };
        Arc::new(Self { daemon: daemon.clone(), container, state: Mutex::new(state) })
    }

    /// The container was started again after [`Self::close`]: what it used
    /// before is kept and added to.
    pub fn reopen(&self, inspected: &ContainerInspectResponse) {
        let files = Files::find(inspected);
        let mut state = self.state();
        state.cpu_before = state.tally.cpu();
        if let Some(interface) = state.tally.interface() {
            state.interface_before = (interface.sent_bytes, interface.received_bytes);
        }
        state.files = files;
        state.n_lives += 1;
        state.tally.reopen();
    }

    /// Has it sampled until it is closed: by the sampler where its files can be
    /// read, else by a task that asks the daemon. To be called after
    /// [`Self::open`] and after each [`Self::reopen`].
    pub(crate) fn watch(self: &Arc<Self>, sampler: &Sampler) {
        let (number, has_files) = {
            let state = self.state();
            (state.n_lives, state.files.is_some())
        };
        let life = Life { account: Arc::clone(self), number };
        if has_files {
            sampler.add(Arc::new(life));
        } else {
            tokio::spawn(life.ask_repeatedly());
        }
    }

    /// Reads everything now.
    pub async fn read(&self) {
        let n_lives = self.state().n_lives;
        if self.read_files(n_lives) {
            return;
        }
        let Ok(api) = self.daemon.api().await else { return };
        if let Some(reading) = api::read(api, &self.container).await {
            let mut state = self.state();
            // The answer may be about a life that has ended meanwhile.
            if state.n_lives == n_lives && !state.tally.is_closed() {
                state.take(&reading);
            }
        }
    }

    /// The container has ended. Call it as early as that is known: its last
    /// figures may still be there.
    pub fn close(&self) {
        let mut state = self.state();
        if state.tally.is_closed() {
            return;
        }
        if let Some(files) = state.files.take() {
            // Nobody is left to hold memory.
            state.take(&Reading { memory_bytes: None, ..files.read() });
        }
        state.tally.close();
    }

    /// Whether the container's first process lives, as the kernel has it; `None`
    /// where only the daemon can say.
    pub(crate) fn is_alive(&self) -> Option<bool> {
        let state = self.state();
        if state.tally.is_closed() {
            return Some(false);
        }
        Some(first_process::is_alive(&state.files.as_ref()?.first_process))
    }

    /// Resolves when the container's first process has ended; never where only
    /// the daemon can say.
    pub(crate) async fn ended(&self) {
        let process = self.state().files.as_ref().map(|files| files.first_process.clone());
        match process {
            Some(process) => first_process::ended(&process).await,
            None => std::future::pending().await,
        }
    }

    /// Whether the container has ended.
    pub fn is_closed(&self) -> bool {
        self.state().tally.is_closed()
    }

    /// Keeps what the instance itself counted on its sockets.
    pub fn set_network(&self, network: NetworkBytes) {
        self.state().tally.see_network(network);
    }

    /// Everything so far, for the instance of this name and role.
    pub fn usage(&self, instance: &str, role: &str) -> Usage {
        self.state().tally.usage(instance, role)
    }

    /// Reads the files of this life; false if it has none and so the daemon
    /// would have to be asked.
    fn read_files(&self, number: u64) -> bool {
        let mut state = self.state();
        if state.tally.is_closed() || state.n_lives != number {
            return true;
        }
        let Some(files) = &state.files else { return false };
        let reading = files.read();
        state.take(&reading);
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, reading: &Reading) {
        if let Some((cpu, source)) = reading.cpu {
            self.tally.see_cpu(self.cpu_before + cpu, source);
        }
        if let Some((n_bytes, source)) = reading.memory_bytes {
            self.tally.see_memory(n_bytes, source);
        }
        if let Some((n_bytes, source)) = reading.charged_peak_bytes {
            self.tally.see_charged_peak(n_bytes, source);
        }
        if let Some(interface) = &reading.interface {
            let (sent_bytes, received_bytes) = self.interface_before;
            self.tally.see_interface(InterfaceBytes {
                sent_bytes: sent_bytes + interface.sent_bytes,
                received_bytes: received_bytes + interface.received_bytes,
                source: interface.source.clone(),
            });
        }
    }
}

impl Life {
    async fn ask_repeatedly(self) {
        let mut ticks = interval(ASKING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.is_closed() {
            ticks.tick().await;
            self.account.read().await;
        }
    }
}

impl Sampled for Life {
    fn is_closed(&self) -> bool {
        let state = self.account.state();
        state.tally.is_closed() || state.n_lives != self.number
    }

    fn needs_table(&self) -> bool {
        false
    }

    fn sample(&self, _table: Option<&Table>) {
        self.account.read_files(self.number);
    }
}
