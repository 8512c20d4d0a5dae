//! A day of the trace in memory, small enough to be kept whole.

use super::N_MINUTES;

/// How often each function of a day was invoked in each minute.
///
/// Most functions do nothing in most minutes, so only the others are kept: how
/// many minutes were skipped, and the count, both in as many groups of 7 bits as
/// they need. That is two bytes for a usual minute, and a full day of the data set
/// takes tens of megabytes instead of the 270 of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    functions: Vec<Function>,
    runs: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Function {
    total: u64,
    /// Where its part of `runs` ends, and the next one's begins.
    end: usize,
}

impl Day {
    /// Adds a function.
    pub fn push(&mut self, counts: &[u32; N_MINUTES]) {
        let (mut total, mut skipped) = (0, 0);
        for count in counts {
            if *count == 0 {
                skipped += 1;
                continue;
            }
            total += u64::from(*count);
            push_number(&mut self.runs, skipped);
            push_number(&mut self.runs, *count);
            skipped = 0;
        }
        self.functions.push(Function { total, end: self.runs.len() });
    }

    /// How many functions there are; they are numbered from 0.
    #[must_use]
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// How often a function was invoked on this day.
    ///
    /// # Panics
    /// If there is no such function.
    #[must_use]
    pub fn total(&self, function: usize) -> u64 {
        self.functions[function].total
    }

    /// The minutes, from 0, in which a function was invoked, and how often.
    ///
    /// # Panics
    /// If there is no such function.
    #[must_use]
    pub fn counts(&self, function: usize) -> Counts<'_> {
        let start = if function == 0 { 0 } else { self.functions[function - 1].end };
        Counts { runs: &self.runs[start..self.functions[function].end], minute: 0 }
    }

    /// The functions from the one invoked most to the one invoked least; of equal
    /// ones, the first in the file comes first.
    #[must_use]
    pub fn by_total(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|function| std::cmp::Reverse(self.total(*function)));
        order
    }

    /// The memory that this takes, in bytes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.functions.capacity() * size_of::<Function>() + self.runs.capacity()
    }
}

/// The minutes in which a function was invoked, and how often.
#[derive(Debug, Clone)]
pub struct Counts<'a> {
    runs: &'a [u8],
    minute: u32,
}

impl Iterator for Counts<'_> {
    type Item = (usize, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.minute + pop_number(&mut self.runs)?;
        self.minute = at + 1;
        let count = pop_number(&mut self.runs).expect("a count follows each gap");
        Some((at as usize, count))
    }
}

/// Appends groups of 7 bits, the lowest first; each but the last has its top bit set.
fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn pop_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            break;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pairs: &[(usize, u32)]) -> [u32; N_MINUTES] {
        let mut counts = [0; N_MINUTES];
        pairs.iter().for_each(|(minute, count)| counts[*minute] = *count);
        counts
    }

    #[test]
    fn each_function_keeps_its_own_minutes() {
        let functions: [&[(usize, u32)]; 5] = [
            &[(0, 1), (1, 127), (2, 128), (200, 16_384), (1439, u32::MAX)],
            &[],
            &[(1439, 1)],
            &[(0, u32::MAX), (128, 2), (257, 3)],
            &[],
        ];
        let mut day = Day::default();
        functions.iter().for_each(|pairs| day.push(&counts(pairs)));
        assert_eq!(day.len(), 5);
        for (function, pairs) in functions.iter().enumerate() {
            assert_eq!(day.counts(function).collect::<Vec<_>>(), *pairs);
            let total: u64 = pairs.iter().map(|(_, count)| u64::from(*count)).sum();
            assert_eq!(day.total(function), total);
        }
    }

    #[test]
    fn the_busiest_function_comes_first_and_the_first_of_equal_ones() {
        let mut day = Day::default();
        for total in [3, 9, 0, 9, 5] {
            day.push(&counts(&[(7, total)]));
        }
        assert_eq!(day.by_total(), [1, 3, 4, 0, 2]);
    }

    #[test]
    fn a_busy_minute_takes_two_bytes() {
        let mut day = Day::default();
        day.push(&[100; N_MINUTES]);
        assert_eq!(day.runs.len(), 2 * N_MINUTES);
    }
}
