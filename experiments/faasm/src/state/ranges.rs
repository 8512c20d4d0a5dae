//! A set of byte positions, kept as disjoint ranges: what is dirty, what was pulled.
//!
//! A mask with a byte (or bit) per byte would cost as much memory as the
//! values do; guests touch few and long ranges, so ranges cost next to nothing
//! and are just as exact.

use std::{collections::BTreeMap, ops::Range};

/// Disjoint, non-adjacent, non-empty ranges in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByteRanges {
    /// From each range's start to its end, exclusive.
    ends: BTreeMap<usize, usize>,
}

impl ByteRanges {
    /// The set of one range.
    #[must_use]
    pub fn of(range: Range<usize>) -> Self {
        let mut ranges = Self::default();
        ranges.insert(range);
        ranges
    }

    /// Whether no byte is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Removes every byte.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// The ranges, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.ends.iter().map(|(&start, &end)| start..end)
    }

    /// Adds `added`, joining it with what it overlaps or touches.
    pub fn insert(&mut self, added: Range<usize>) {
        if added.is_empty() {
            return;
        }
        let Range { mut start, mut end } = added;
        while let Some((&near_start, &near_end)) = self.ends.range(..=end).next_back() {
            if near_end < start {
                break;
            }
            self.ends.remove(&near_start);
            start = start.min(near_start);
            end = end.max(near_end);
        }
        self.ends.insert(start, end);
    }

    /// The parts of `wanted` that are not in the set, in ascending order.
    #[must_use]
    pub fn missing_from(&self, wanted: Range<usize>) -> Vec<Range<usize>> {
        let mut missing = Vec::new();
        let mut at = wanted.start;
        let covering = self.ends.range(..=wanted.start).next_back();
        let following = self.ends.range(wanted.start + 1..wanted.end.max(wanted.start + 1));
        for (&start, &end) in covering.into_iter().chain(following) {
            if start > at {
                missing.push(at..start);
            }
            at = at.max(end);
        }
        if at < wanted.end {
            missing.push(at..wanted.end);
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_pcg::Pcg64;

    use super::*;

    const LEN_BYTES: usize = 64;

    fn runs(mask: impl Iterator<Item = bool>) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (at, _) in mask.enumerate().filter(|(_, is_set)| *is_set) {
            match runs.last_mut() {
                Some(last) if last.end == at => last.end += 1,
                _ => runs.push(at..at + 1),
            }
        }
        runs
    }

    fn random_range(random: &mut Pcg64) -> Range<usize> {
        let start = random.random_range(0..LEN_BYTES);
        start..random.random_range(start..=LEN_BYTES)
    }

    #[test]
    fn behaves_as_a_mask_with_one_flag_per_byte() {
        let mut random = Pcg64::seed_from_u64(7);
        for _ in 0..500 {
            let mut ranges = ByteRanges::default();
            let mut mask = [false; LEN_BYTES];
            for _ in 0..random.random_range(0..12) {
                let added = random_range(&mut random);
                mask[added.clone()].fill(true);
                ranges.insert(added);
            }
            assert_eq!(ranges.iter().collect::<Vec<_>>(), runs(mask.iter().copied()));

            let wanted = random_range(&mut random);
            let missing = mask.iter().enumerate().map(|(at, set)| wanted.contains(&at) && !set);
            assert_eq!(ranges.missing_from(wanted.clone()), runs(missing));
        }
    }

    #[test]
    fn touching_ranges_become_one_run() {
        let mut ranges = ByteRanges::of(0..8);
        ranges.insert(16..24);
        ranges.insert(8..16);
        assert_eq!(ranges, ByteRanges::of(0..24));
    }

    #[test]
    fn an_empty_range_adds_nothing() {
        let mut ranges = ByteRanges::default();
        ranges.insert(3..3);
        assert!(ranges.is_empty());
    }
}
