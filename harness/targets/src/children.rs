//! The children that this process has started on purpose, and the orphans that
//! it has inherited and must reap.

use std::{
    collections::BTreeSet,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::process::Table;

static STARTED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Starts a child and remembers it. Both under one lock, or a child that ends
/// at once might be taken for an orphan in between.
pub(crate) fn start<C>(
    spawn: impl FnOnce() -> io::Result<C>,
    pid_of: impl FnOnce(&C) -> Option<u32>,
) -> io::Result<C> {
    let mut started = started();
    let child = spawn()?;
    started.extend(pid_of(&child));
    Ok(child)
}

/// A child that was started here, forgotten when this is dropped.
#[derive(Debug)]
pub(crate) struct Known(pub(crate) Option<u32>);

impl Drop for Known {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            forget(pid);
        }
    }
}

/// Forgets a child once it has been waited for.
pub(crate) fn forget(pid: u32) {
    started().remove(&pid);
}

/// The children that were started here and not yet waited for.
pub(crate) fn known() -> BTreeSet<u32> {
    started().clone()
}

/// Reaps dead orphans that this process inherited as a subreaper.
///
/// Only those of other sessions: instances have sessions of their own, and the
/// children of other code in this process share ours and are for it to wait for.
/// Our session is read from the table: it is 0 where the leader lives outside
/// this pid namespace, which `getsid` of rustix takes for a broken kernel.
pub(crate) fn reap_orphans(table: &Table) {
    let started = started();
    let own = std::process::id();
    let Some(session) = table.processes.get(&own).map(|stat| stat.session) else { return };
    for stat in table.processes.values() {
        let inherited = stat.parent == own
            && stat.is_dead()
            && stat.session != session
            && !started.contains(&stat.pid);
        let pid = i32::try_from(stat.pid).ok().and_then(Pid::from_raw).filter(|_| inherited);
        if let Some(pid) = pid {
            // A failure means that it is gone already.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }
}

fn started() -> MutexGuard<'static, BTreeSet<u32>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}
