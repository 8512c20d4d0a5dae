//! Waiting: a condition, the watching of it and the limit on it, apart.
//!
//! Nothing else in the harness sleeps in the hope that something has happened.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until};

/// The pause between two looks at a condition: doubles from `first` to `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The pause after the first look.
    pub first: Duration,
    /// The pause that is not exceeded.
    pub longest: Duration,
}

/// The limit passed before the condition held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("gave up waiting for {what} after {limit:?}")]
pub struct GaveUp {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub limit: Duration,
}

impl Interval {
    /// For things that take a millisecond or a minute, nobody knows.
    pub const BACKING_OFF: Self =
        Self { first: Duration::from_millis(1), longest: Duration::from_millis(50) };

    fn pauses(self) -> impl Iterator<Item = Duration> {
        let longer = move |pause: &Duration| Some((*pause * 2).min(self.longest));
        std::iter::successors(Some(self.first), longer)
    }
}

/// Looks at a condition until it holds.
pub async fn watch<F>(interval: Interval, mut condition: impl FnMut() -> F)
where
    F: Future<Output = bool>,
{
    for pause in interval.pauses() {
        let looked_at = Instant::now();
        if condition().await {
            return;
        }
        sleep_until(looked_at + pause).await;
    }
}

/// Lets `waiting` take at most `limit`.
///
/// # Errors
/// If it takes longer; `what` completes "gave up waiting for …".
pub async fn within<T>(
    what: &str,
    limit: Duration,
    waiting: impl Future<Output = T>,
) -> Result<T, GaveUp> {
    tokio::time::timeout(limit, waiting).await.map_err(|_| GaveUp { what: what.to_owned(), limit })
}

/// Waits until the condition holds, at most `limit`.
///
/// # Errors
/// If it does not hold in time; `what` completes "gave up waiting for …".
pub async fn until<F>(
    what: &str,
    limit: Duration,
    interval: Interval,
    condition: impl FnMut() -> F,
) -> Result<(), GaveUp>
where
    F: Future<Output = bool>,
{
    within(what, limit, watch(interval, condition)).await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn what_holds_already_is_looked_at_once() {
        let n_looks = Cell::new(0);
        let look = || {
            n_looks.set(n_looks.get() + 1);
            std::future::ready(true)
        };
        let hour = Duration::from_secs(3600);
        until("nothing", hour, Interval::BACKING_OFF, look).await.unwrap();
        assert_eq!(n_looks.get(), 1);
    }

    #[tokio::test]
    async fn what_never_holds_is_given_up_at_the_limit() {
        let outcome = until("a leader", LIMIT, Interval::BACKING_OFF, || async { false }).await;
        let error = outcome.unwrap_err().to_string();
        assert_eq!(error, "gave up waiting for a leader after 20ms");
    }

    #[tokio::test]
    async fn a_look_that_hangs_does_not_outlast_the_limit() {
        let outcome = until("it", LIMIT, Interval::BACKING_OFF, std::future::pending).await;
        assert!(outcome.is_err());
    }

    #[tokio::test]
    async fn what_comes_to_hold_ends_the_watch() {
        let n_looks = Cell::new(0);
        let look = || {
            n_looks.set(n_looks.get() + 1);
            std::future::ready(n_looks.get() == 3)
        };
        watch(Interval::BACKING_OFF, look).await;
        assert_eq!(n_looks.get(), 3);
    }

    #[test]
    fn the_pauses_double_up_to_the_longest() {
        let ms = Duration::from_millis;
        let interval = Interval { first: ms(10), longest: ms(35) };
        let pauses: Vec<Duration> = interval.pauses().take(4).collect();
        assert_eq!(pauses, [ms(10), ms(20), ms(35), ms(35)]);
    }
}
