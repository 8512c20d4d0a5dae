//! How large a model's batches may be.

/// By how much the limit of adaptive batches grows.
const INCREASE: f64 = 1.0;
/// What remains of it when a batch took too long (Clipper, NSDI 2017, §4.3.1: a
/// backoff of 10 %).
const DECREASE: f64 = 0.9;

/// The most requests that a batch has.
#[derive(Debug, Clone, Copy)]
pub(super) enum BatchLimit {
    /// Always as many.
    Fixed(u32),
    /// As many as were seen to take no longer than they may.
    Adaptive {
        /// At least 1.
        limit: f64,
        /// What it may grow to.
        max: u32,
    },
}

impl BatchLimit {
    /// One that begins with single requests.
    pub(super) fn adaptive(max: u32) -> Self {
        Self::Adaptive { limit: 1.0, max }
    }

    pub(super) fn size(&self) -> u32 {
        match self {
            Self::Fixed(size) => *size,
            Self::Adaptive { limit, .. } => *limit as u32,
        }
    }

    /// Learns from a batch. One that was smaller than it might have been says nothing
    /// about larger ones.
    pub(super) fn note(&mut self, size: u32, was_fast_enough: bool) {
        let was_full = size >= self.size();
        let Self::Adaptive { limit, max } = self else { return };
        if !was_fast_enough {
            *limit = (*limit * DECREASE).max(1.0);
        } else if was_full {
            *limit = (*limit + INCREASE).min(f64::from(*max));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_grows_by_one_and_shrinks_by_a_tenth() {
        let mut limit = BatchLimit::adaptive(16);
        let sizes = (0..10).map(|_| {
            limit.note(limit.size(), true);
            limit.size()
        });
        assert_eq!(sizes.collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        let sizes = (0..3).map(|_| {
            limit.note(limit.size(), false);
            limit.size()
        });
        // 11, 9.9, 8.91, 8.019.
        assert_eq!(sizes.collect::<Vec<_>>(), [9, 8, 8]);
    }

    #[test]
    fn the_limit_stays_between_one_and_the_largest_batch() {
        let mut limit = BatchLimit::adaptive(2);
        (0..9).for_each(|_| limit.note(limit.size(), true));
        assert_eq!(limit.size(), 2);
        (0..9).for_each(|_| limit.note(1, false));
        assert_eq!(limit.size(), 1);
    }

    #[test]
    fn a_batch_that_was_not_full_does_not_raise_the_limit() {
        let mut limit = BatchLimit::adaptive(16);
        limit.note(1, true);
        limit.note(1, true);
        assert_eq!(limit.size(), 2);
    }
}
