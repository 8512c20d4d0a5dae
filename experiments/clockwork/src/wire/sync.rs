//! How far a peer's clock is from ours, from the times in the messages of both.

use std::collections::VecDeque;

use super::Head;
use crate::time::{Nanos, SECOND};

/// Messages that are looked back at, as in the original.
const WINDOW: usize = 1024;

/// How long they are looked back at; the original has no such bound, and learns late of
/// a drift where messages are rare.
const HORIZON: Nanos = 10 * SECOND;

/// The clocks of the two ends of a connection.
///
/// A message that is sent at `s` on the peer's clock and received at `r` on ours has
/// `r - s` = what it took + how far our clock is ahead. The least of recent ones took
/// about as long in both directions, so half of their difference is how far ahead our
/// clock is, off by no more than half the least round trip.
#[derive(Debug, Clone, Default)]
pub struct ClockSync {
    ours: SlidingMin,
    theirs: Option<i64>,
}

impl ClockSync {
    /// Notes a message's times.
    pub fn received(&mut self, now: Nanos, head: &Head) {
        self.ours.push(now, now.cast_signed().wrapping_sub(head.sent.cast_signed()));
        self.theirs = head.least_delta.or(self.theirs);
    }

    /// What our messages tell the peer of its own.
    #[must_use]
    pub fn least_delta(&self) -> Option<i64> {
        self.ours.least()
    }

    /// How far our clock is ahead; nothing until messages have gone both ways.
    #[must_use]
    pub fn ahead(&self) -> Option<i64> {
        Some(self.ours.least()?.wrapping_sub(self.theirs?) / 2)
    }

    /// The least round trip of recent messages.
    #[must_use]
    pub fn round_trip(&self) -> Option<Nanos> {
        let sum = self.ours.least()?.wrapping_add(self.theirs?);
        // Below zero if a clock ran away while messages were rare.
        Some(sum.max(0).cast_unsigned())
    }

    /// A time on the peer's clock, on ours. 0 and the end of time stay what they are.
    #[must_use]
    pub fn to_ours(&self, theirs: Nanos) -> Nanos {
        match theirs {
            0 | Nanos::MAX => theirs,
            time => time.saturating_add_signed(self.ahead().unwrap_or(0)),
        }
    }

    /// A time on our clock, on the peer's.
    #[must_use]
    pub fn to_theirs(&self, ours: Nanos) -> Nanos {
        match ours {
            0 | Nanos::MAX => ours,
            time => time.saturating_add_signed(-self.ahead().unwrap_or(0)),
        }
    }
}

/// The least of the latest values.
#[derive(Debug, Clone, Default)]
struct SlidingMin {
    /// Numbers, times and values of those that may become the least: values ascend.
    candidates: VecDeque<(u64, Nanos, i64)>,
    n_values: u64,
}

impl SlidingMin {
    fn push(&mut self, now: Nanos, value: i64) {
        while self.candidates.back().is_some_and(|(_, _, last)| *last >= value) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.n_values, now, value));
        self.n_values += 1;
        let outdated = |(number, at, _): &(u64, Nanos, i64)| {
            number + (WINDOW as u64) < self.n_values || at.saturating_add(HORIZON) < now
        };
        while self.candidates.front().is_some_and(outdated) {
            self.candidates.pop_front();
        }
    }

    fn least(&self) -> Option<i64> {
        self.candidates.front().map(|(_, _, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{MICROSECOND, MILLISECOND};

    /// Two ends: the second's clock is `ahead` of true time and gains `gain_ppm`.
    struct Pair {
        first: ClockSync,
        second: ClockSync,
        ahead: i64,
        gain_ppm: i64,
    }

    impl Pair {
        fn second_clock(&self, at: Nanos) -> Nanos {
            let gained = at.cast_signed() * self.gain_ppm / 1_000_000;
            at.saturating_add_signed(self.ahead + gained)
        }

        /// There at `at`, back after both delays.
        fn exchange(&mut self, at: Nanos, there: Nanos, back: Nanos) {
            let head = |sent, least_delta| Head { code: 6, id: 0, sent, least_delta };
            let arrives = at + there;
            let ping = head(at, self.first.least_delta());
            self.second.received(self.second_clock(arrives), &ping);
            let pong = head(self.second_clock(arrives), self.second.least_delta());
            self.first.received(arrives + back, &pong);
        }
    }

    fn pair(ahead: i64, gain_ppm: i64) -> Pair {
        Pair { first: ClockSync::default(), second: ClockSync::default(), ahead, gain_ppm }
    }

    const START: Nanos = 1_000 * SECOND;

    #[test]
    fn messages_that_take_equally_long_tell_the_difference_exactly() {
        let mut pair = pair(-3_000_000_000, 0);
        assert_eq!(pair.first.ahead(), None);
        pair.exchange(START, 50 * MICROSECOND, 50 * MICROSECOND);
        pair.exchange(START + 1, 50 * MICROSECOND, 50 * MICROSECOND);
        assert_eq!(pair.first.ahead(), Some(3_000_000_000));
        assert_eq!(pair.first.round_trip(), Some(100 * MICROSECOND));
        assert_eq!(pair.first.to_ours(pair.second_clock(START)), START);
        assert_eq!(pair.first.to_theirs(START), pair.second_clock(START));
        assert_eq!([0, Nanos::MAX].map(|time| pair.first.to_ours(time)), [0, Nanos::MAX]);
    }

    #[test]
    fn a_slow_message_spoils_nothing() {
        let mut pair = pair(7_000, 0);
        for (index, delay) in [90, 40, 5_000, 60].into_iter().enumerate() {
            let delay = delay * MICROSECOND;
            pair.exchange(START + index as Nanos * MILLISECOND, delay, delay);
        }
        assert_eq!(pair.first.round_trip(), Some(80 * MICROSECOND));
        assert_eq!(pair.first.ahead(), Some(-7_000));
    }

    /// A bad quartz gains 100 ppm: 1 ms in the ten seconds that are looked back at, of
    /// which half shows.
    #[test]
    fn a_clock_that_drifts_is_followed() {
        for gain_ppm in [-100, 100] {
            let mut pair = pair(0, gain_ppm);
            let mut worst = 0;
            for index in 0..1_000 {
                let at = START + index * 100 * MILLISECOND;
                pair.exchange(at, 30 * MICROSECOND, 30 * MICROSECOND);
                if index > 1 {
                    let told = pair.first.to_ours(pair.second_clock(at));
                    worst = worst.max(told.abs_diff(at));
                }
            }
            assert!(worst < 550 * MICROSECOND, "{worst} ns off at {gain_ppm} ppm");
        }
    }
}
