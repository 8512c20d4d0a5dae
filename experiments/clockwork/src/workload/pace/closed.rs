//! Users who ask again when they are answered.

use crate::time::Nanos;

/// A user with so many requests under way, from a time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workload) struct ClosedLoop {
    /// How many.
    pub(in crate::workload) concurrency: u32,
    /// When the first of them are sent.
    pub(in crate::workload) starts_at: Nanos,
    /// How often it asks again in all; for ever if nothing is said.
    pub(in crate::workload) n_again: Option<u64>,
}

impl ClosedLoop {
    /// A user that begins at once and never ends.
    pub(in crate::workload) fn endless(concurrency: u32) -> ClosedLoop {
        ClosedLoop { concurrency, starts_at: 0, n_again: None }
    }

    /// A request was answered: whether another is sent.
    pub(in crate::workload) fn asks_again(&mut self) -> bool {
        let Some(n_again) = &mut self.n_again else { return true };
        let asks = *n_again > 0;
        *n_again -= u64::from(asks);
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_ends_when_it_has_asked_again_so_often() {
        let mut user = ClosedLoop { n_again: Some(2), ..ClosedLoop::endless(3) };
        assert_eq!([(); 4].map(|()| user.asks_again()), [true, true, false, false]);
    }
}
