//! Users who ask in bursts, with pauses between them. Both are exponentially
//! distributed, and a burst begins with the workload: the original means to begin
//! somewhere in a burst or a pause, but divides a 31-bit number by 2⁶⁴.

use super::Open;
use crate::{
    random::Random,
    time::{Nanos, SECOND},
};

/// Within bursts a Poisson process, which each burst begins with a request.
#[derive(Debug)]
pub(in crate::workload) struct OpenBursts {
    gap_ns: f64,
    burst_ns: f64,
    pause_ns: f64,
    random: Random,
    next_ns: f64,
    burst_ends_ns: f64,
}

impl OpenBursts {
    /// So many requests per second in bursts and pauses of these mean lengths.
    pub(in crate::workload) fn new(
        rate: f64,
        [burst, pause]: [Nanos; 2],
        mut random: Random,
    ) -> OpenBursts {
        let (burst_ns, pause_ns) = (burst as f64, pause as f64);
        OpenBursts {
            gap_ns: SECOND as f64 / rate,
            burst_ends_ns: burst_ns * random.exponential(),
            burst_ns,
            pause_ns,
            random,
            next_ns: 0.0,
        }
    }

    fn draw(&mut self, mean_ns: f64) -> f64 {
        mean_ns * self.random.exponential()
    }
}

impl Open for OpenBursts {
    fn next_at(&self) -> Option<Nanos> {
        Some(self.next_ns as Nanos)
    }

    fn advance(&mut self) {
        self.next_ns += self.draw(self.gap_ns);
        if self.next_ns >= self.burst_ends_ns {
            self.next_ns = self.burst_ends_ns + self.draw(self.pause_ns);
            self.burst_ends_ns = self.next_ns + self.draw(self.burst_ns);
        }
    }
}

/// Within bursts a closed loop. A pause begins when the last request of the burst is
/// answered, and is as long as a burst: the original draws it from the wrong
/// distribution.
#[derive(Debug)]
pub(in crate::workload) struct ClosedBursts {
    /// Requests under way within a burst.
    pub(in crate::workload) concurrency: u32,
    burst_ns: f64,
    random: Random,
    burst_ends_at: Nanos,
    n_under_way: u32,
}

impl ClosedBursts {
    /// So many requests under way in bursts of this mean length.
    pub(in crate::workload) fn new(
        concurrency: u32,
        burst: Nanos,
        mut random: Random,
    ) -> ClosedBursts {
        let burst_ns = burst as f64;
        let burst_ends_at = (burst_ns * random.exponential()) as Nanos;
        ClosedBursts { concurrency, burst_ns, random, burst_ends_at, n_under_way: concurrency }
    }

    fn draw(&mut self) -> Nanos {
        (self.burst_ns * self.random.exponential()) as Nanos
    }

    /// A request was answered: how many are sent instead, and when.
    pub(in crate::workload) fn answered(&mut self, now: Nanos) -> (u32, Nanos) {
        if now < self.burst_ends_at {
            return (1, now);
        }
        self.n_under_way -= 1;
        if self.n_under_way > 0 {
            return (0, now);
        }
        let starts_at = now + self.draw();
        self.burst_ends_at = starts_at + self.draw();
        self.n_under_way = self.concurrency;
        (self.concurrency, starts_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_the_time_is_burst() {
        let mut user = OpenBursts::new(10.0, [10 * SECOND, 20 * SECOND], Random::new(7, 0));
        assert_eq!(user.next_at(), Some(0));
        let (mut n_asked, mut n_pauses, mut before) = (0.0, 0.0_f64, 0);
        while let Some(at) = user.next_at().filter(|at| *at < 300_000 * SECOND) {
            n_asked += 1.0;
            n_pauses += f64::from(u8::from(at - before > 5 * SECOND));
            before = at;
            user.advance();
        }
        // 10,000 bursts of 100 requests and the one that begins each; the lengths vary
        // by as much as they are.
        assert!((n_asked / 1_010_000.0 - 1.0_f64).abs() < 0.05, "{n_asked}");
        // Of pauses of 20 s on average, those above 5 s.
        let expected = 10_000.0 * (-0.25_f64).exp();
        assert!((n_pauses - expected).abs() < 0.05 * expected, "{n_pauses}");
    }

    #[test]
    fn a_closed_burst_goes_on_until_it_is_over_and_pauses_until_all_is_answered() {
        let mut user = ClosedBursts::new(2, 10 * SECOND, Random::new(7, 0));
        let ends_at = user.burst_ends_at;
        assert_eq!(user.answered(ends_at - 1), (1, ends_at - 1));
        assert_eq!(user.answered(ends_at), (0, ends_at));
        let (n_asked, starts_at) = user.answered(ends_at + 5);
        assert!(n_asked == 2 && starts_at > ends_at + 5 && user.burst_ends_at > starts_at);
        assert_eq!(user.answered(starts_at), (1, starts_at));
    }
}
