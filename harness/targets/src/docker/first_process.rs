//! The first process of a container, where this machine can see it. With it the
//! container ends; the daemon says so only later.

use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::unix::AsyncFd;

use crate::process::Incarnation;

/// Whether it runs.
pub(crate) fn is_alive(process: &Incarnation) -> bool {
    process.stat().is_some_and(|stat| !stat.is_dead())
}

/// Resolves when it has ended; never where the kernel does not let us watch it.
pub(crate) async fn ended(process: &Incarnation) {
    let watched = watched(process);
    // What was opened may be a stranger's that has got the id since.
    if !is_alive(process) {
        return;
    }
    match watched {
        Some(watched) if watched.readable().await.is_ok() => {}
        _ => std::future::pending().await,
    }
}

fn watched(process: &Incarnation) -> Option<AsyncFd<OwnedFd>> {
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    // SAFETY: the `AsyncFd` owns the descriptor, so it stays open and the same
    // until the `AsyncFd` is dropped.
    unsafe { AsyncFd::register(pidfd) }.ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        command::{self, Invocation, Streams},
        wait,
    };

    #[tokio::test]
    async fn an_end_is_seen_before_anybody_has_reaped_it() {
        let sleeper = Invocation::new("sleep", "/").args(["1000"]);
        let log = Streams::Log(tempfile::tempfile().unwrap());
        let (process, _) = command::spawn(&sleeper, log, vec![]).unwrap();
        let seen = process.incarnation.clone();
        let moment = Duration::from_millis(20);
        assert!(wait::within("nothing", moment, ended(&seen)).await.is_err());
        seen.stat().unwrap().signal(rustix::process::Signal::KILL).unwrap();
        wait::within("its end", Duration::from_secs(60), ended(&seen)).await.unwrap();
        assert!(!is_alive(&seen));
        process.reap().unwrap();
        wait::within("its end", Duration::from_secs(60), ended(&seen)).await.unwrap();
    }
}
