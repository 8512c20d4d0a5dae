//! Waits that end on time, for all connections of a thread.
//!
//! Tokio's own timers count in milliseconds, a tenth of which is the whole
//! latency of a fast system. Here one `timerfd` lies among the sockets that the
//! thread polls anyway: the kernel wakes it within microseconds of the time,
//! without the slack of a sleep, and without a second thread or a spin that
//! would take the processor from a system under test on the same machine.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BinaryHeap,
    future::poll_fn,
    io,
    os::fd::OwnedFd,
    pin::pin,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use anyhow::Context as _;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::{Interest, unix::AsyncFd};

use super::clock::Clock;

/// The timer of one thread.
#[derive(Debug)]
pub(crate) struct Timer {
    clock: Clock,
    fd: AsyncFd<OwnedFd>,
    waiting: RefCell<BinaryHeap<Reverse<Waiting>>>,
    /// For when the kernel's timer is set.
    armed: Cell<Option<Duration>>,
    n_waits: Cell<u64>,
}

/// Somebody who waits.
#[derive(Debug)]
struct Waiting {
    until: Duration,
    /// Orders those who wait for the same time.
    number: u64,
    waker: Waker,
}

impl Timer {
    /// A timer, of which [`Timer::drive`] must run on the same thread.
    ///
    /// # Errors
    /// If the kernel has no more descriptors.
    pub(crate) fn new(clock: Clock) -> anyhow::Result<Rc<Self>> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags).context("make a timer")?;
        // SAFETY: an `OwnedFd` keeps its one descriptor open until it is dropped,
        // and nothing here takes it out of the `AsyncFd`.
        let fd = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
        Ok(Rc::new(Self {
            clock,
            fd: fd.map_err(io::Error::from).context("poll a timer")?,
            waiting: RefCell::default(),
            armed: Cell::default(),
            n_waits: Cell::default(),
        }))
    }

    /// Returns once it is `until`, at once if that has passed.
    pub(crate) async fn sleep_until(&self, until: Duration) {
        let mut is_waiting = false;
        poll_fn(|context| {
            if self.clock.now() >= until {
                return Poll::Ready(());
            }
            // A task keeps its waker, so that one entry serves all polls.
            if !is_waiting {
                is_waiting = true;
                let number = self.n_waits.replace(self.n_waits.get() + 1);
                let waker = context.waker().clone();
                self.waiting.borrow_mut().push(Reverse(Waiting { until, number, waker }));
                self.arm();
            }
            Poll::Pending
        })
        .await;
    }

    /// Wakes who waits, for ever.
    ///
    /// # Errors
    /// If the kernel's timer fails.
    pub(crate) async fn drive(&self) -> io::Result<()> {
        loop {
            let mut ready = pin!(self.fd.readable()).await?;
            let mut expirations = [0; 8];
            match ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut expirations)?)) {
                Ok(read) => drop(read?),
                Err(_would_block) => continue,
            }
            self.armed.set(None);
            self.wake_due();
            self.arm();
        }
    }

    fn wake_due(&self) {
        let now = self.clock.now();
        let mut waiting = self.waiting.borrow_mut();
        while waiting.peek().is_some_and(|Reverse(first)| first.until <= now) {
            if let Some(Reverse(due)) = waiting.pop() {
                due.waker.wake();
            }
        }
    }

    /// Sets the kernel's timer for the first that waits.
    fn arm(&self) {
        let waiting = self.waiting.borrow();
        let Some(Reverse(first)) = waiting.peek() else { return };
        if self.armed.get().is_some_and(|armed| armed <= first.until) {
            return;
        }
        // Zero would disarm it.
        let left = first.until.saturating_sub(self.clock.now()).max(Duration::from_nanos(1));
        let spec = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec {
                tv_sec: left.as_secs().cast_signed(),
                tv_nsec: left.subsec_nanos().into(),
            },
        };
        timerfd_settime(self.fd.get_ref(), TimerfdTimerFlags::empty(), &spec)
            .expect("the descriptor is a timer, and the time is one");
        self.armed.set(Some(first.until));
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.until, self.number).cmp(&(other.until, other.number))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::task::LocalSet;

    use super::*;

    #[tokio::test]
    async fn who_waits_is_woken_in_the_order_of_time_and_never_early() {
        let clock = Clock::starting_at(Instant::now());
        let timer = Timer::new(clock).unwrap();
        let woken = Rc::new(RefCell::new(Vec::new()));
        let tasks = LocalSet::new();
        for after_ms in [30, 10, 20, 10, 0] {
            let (timer, woken) = (Rc::clone(&timer), Rc::clone(&woken));
            tasks.spawn_local(async move {
                let until = Duration::from_millis(after_ms);
                timer.sleep_until(until).await;
                assert!(clock.now() >= until);
                woken.borrow_mut().push(after_ms);
            });
        }
        tokio::select! {
            () = tasks => {}
            failed = timer.drive() => panic!("{failed:?}"),
        }
        assert_eq!(*woken.borrow(), [0, 10, 10, 20, 30]);
    }

    #[tokio::test]
    async fn a_nearer_time_is_not_kept_waiting_by_a_farther_one() {
        let timer = Timer::new(Clock::starting_at(Instant::now())).unwrap();
        tokio::select! {
            failed = timer.drive() => panic!("{failed:?}"),
            () = timer.sleep_until(Duration::from_secs(3_600)) => panic!("an hour has passed"),
            () = timer.sleep_until(Duration::from_millis(5)) => {}
        }
    }
}
