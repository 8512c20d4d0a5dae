//! The sampler of a testbed: one thread that reads what its instances use.
//!
//! A thread and not a task, because a driver that is busy must not skew the
//! samples. It looks soon after a start and then every 50 ms, and less often
//! if a look is so costly that it would disturb what is measured.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::process::Table;

const FIRST: Duration = Duration::from_millis(5);
const USUAL: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// A pass may take this fraction of the time: 2 %.
const PASSES_PER_INTERVAL: u32 = 50;

/// Passes between two searches of the whole of /proc for new processes.
const PASSES_PER_SEARCH: u64 = 10;

/// An account that has to be looked after while its instance runs.
pub(crate) trait Sampled: Send + Sync {
    /// Whether the instance has ended; then the sampler forgets it.
    fn is_closed(&self) -> bool;

    /// Whether the processes have to be looked for in the whole of /proc.
    fn needs_table(&self) -> bool;

    /// Reads what it uses now; with a new table of /proc, if one was read.
    fn sample(&self, table: Option<&Table>);
}

/// The handle of the thread, which ends with it.
#[derive(Debug)]
pub(crate) struct Sampler {
    accounts: Option<Sender<Arc<dyn Sampled>>>,
    thread: Option<JoinHandle<()>>,
}

impl Sampler {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let (accounts, opened) = channel();
        let thread = std::thread::Builder::new()
            .name("sampler".to_owned())
            .spawn(move || sample(&opened))
            .context("start the thread of the memory sampler")?;
        Ok(Self { accounts: Some(accounts), thread: Some(thread) })
    }

    /// Samples this account from now on, until it is closed.
    pub(crate) fn add(&self, account: Arc<dyn Sampled>) {
        let accounts = self.accounts.as_ref().expect("only `drop` takes the sender");
        // The thread ends only with this handle, or by a panic that was shown.
        let _ = accounts.send(account);
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.accounts = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn sample(opened: &Receiver<Arc<dyn Sampled>>) {
    let mut accounts: Vec<Arc<dyn Sampled>> = Vec::new();
    let mut pause = USUAL;
    for n_passes in 0_u64.. {
        match opened.recv_timeout(if accounts.is_empty() { LONGEST } else { pause }) {
            Ok(account) => {
                for account in std::iter::once(account).chain(opened.try_iter()) {
                    // One that was closed and opened again may still be here.
                    accounts.retain(|known| !Arc::ptr_eq(known, &account));
                    accounts.push(account);
                }
                pause = FIRST;
            }
            Err(RecvTimeoutError::Timeout) => pause = (pause * 2).min(USUAL),
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let began = Instant::now();
        pass(&mut accounts, pause < USUAL || n_passes % PASSES_PER_SEARCH == 0);
        pause = pause.max(began.elapsed() * PASSES_PER_INTERVAL).min(LONGEST);
    }
}

fn pass(accounts: &mut Vec<Arc<dyn Sampled>>, search: bool) {
    accounts.retain(|account| !account.is_closed());
    let searched = search && accounts.iter().any(|account| account.needs_table());
    let table = if searched { Table::read().ok() } else { None };
    for account in accounts {
        account.sample(table.as_ref());
    }
}
