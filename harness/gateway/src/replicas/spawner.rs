//! A thread that starts child processes and lives as long as they may.
//!
//! The kernel's promise to kill a child when its parent dies is bound to the
//! *thread* that started it. Threads of a runtime may end while it goes on, so
//! the children are started from a thread of their own.

use std::{io, sync::mpsc, thread::JoinHandle};

use anyhow::Context as _;
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
};

/// Starts processes that die with the thread, and so with this process.
#[derive(Debug)]
pub(super) struct Spawner {
    // Both present until the drop.
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Order {
    command: Command,
    spawned: oneshot::Sender<io::Result<Child>>,
}

impl Spawner {
    /// Starts the thread; the children belong to the runtime that calls.
    pub(super) fn start() -> anyhow::Result<Self> {
        let (orders, receiver) = mpsc::channel::<Order>();
        let runtime = Handle::try_current().context("start replicas from within a runtime")?;
        let work = move || {
            let _entered = runtime.enter();
            for Order { mut command, spawned } in receiver {
                // Who no longer waits drops the child, which kills it.
                let _delivered = spawned.send(command.spawn());
            }
        };
        let thread = std::thread::Builder::new()
            .name("replica-spawner".to_owned())
            .spawn(work)
            .context("start the thread that starts replicas")?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Starts a process that is killed when this process or the spawner ends.
    pub(super) async fn spawn(&self, mut command: Command) -> io::Result<Child> {
        let in_child = || {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
                .map_err(io::Error::from)
        };
        // SAFETY: between fork and exec the closure makes one system call; it
        // allocates nothing and takes no lock.
        unsafe { command.pre_exec(in_child) };
        let (spawned, receiver) = oneshot::channel();
        let orders = self.orders.as_ref().expect("only the drop takes it");
        let gone = || io::Error::other("the thread that starts replicas has ended");
        orders.send(Order { command, spawned }).map_err(|_| gone())?;
        receiver.await.map_err(|_| gone())?
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            eprintln!("the thread that starts replicas panicked");
        }
    }
}
