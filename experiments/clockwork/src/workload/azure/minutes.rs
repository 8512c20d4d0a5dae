//! A day of the trace, minute by minute: who is invoked in each, and how often.

use crate::trace::{Day, N_MINUTES};

/// What functions do in each minute of a day. Here they are numbered by their
/// invocations, the busiest is 0.
#[derive(Debug, Clone)]
pub(super) struct Minutes {
    totals: Vec<u64>,
    /// Where each minute's part of `cells` ends.
    ends: Vec<usize>,
    /// A function, and how often it is invoked.
    cells: Vec<(u32, u32)>,
}

impl Minutes {
    pub(super) fn new(day: &Day) -> Minutes {
        let order = day.by_total();
        let (mut totals, mut ends) = (vec![0; N_MINUTES], vec![0; N_MINUTES]);
        for (minute, count) in order.iter().flat_map(|function| day.counts(*function)) {
            totals[minute] += u64::from(count);
            ends[minute] += 1;
        }
        let mut n_cells = 0;
        for end in &mut ends {
            // Where it begins; filling moves it to where it ends.
            n_cells += std::mem::replace(end, n_cells);
        }
        let mut cells = vec![(0, 0); n_cells];
        for (rank, function) in (0..).zip(&order) {
            for (minute, count) in day.counts(*function) {
                cells[ends[minute]] = (rank, count);
                ends[minute] += 1;
            }
        }
        Minutes { totals, ends, cells }
    }

    /// How often all functions together are invoked in a minute.
    pub(super) fn total(&self, minute: usize) -> u64 {
        self.totals[minute]
    }

    /// The functions that are invoked in a minute, and how often.
    pub(super) fn functions(&self, minute: usize) -> &[(u32, u32)] {
        let start = if minute == 0 { 0 } else { self.ends[minute - 1] };
        &self.cells[start..self.ends[minute]]
    }

    /// Whether no function is invoked at all.
    pub(super) fn is_idle(&self) -> bool {
        self.cells.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_in_their_minutes_the_busiest_first() {
        let mut day = Day::default();
        for pairs in [[(0, 5), (3, 1)], [(0, 2), (1439, 70)], [(2, 7), (3, 9)]] {
            let mut counts = [0; N_MINUTES];
            pairs.iter().for_each(|(minute, count)| counts[*minute] = *count);
            day.push(&counts);
        }
        let minutes = Minutes::new(&day);
        assert_eq!(minutes.functions(0), [(0, 2), (2, 5)]);
        assert_eq!(minutes.functions(1), []);
        assert_eq!(minutes.functions(2), [(1, 7)]);
        assert_eq!(minutes.functions(3), [(1, 9), (2, 1)]);
        assert_eq!(minutes.functions(1439), [(0, 70)]);
        assert_eq!([0, 1, 2, 3, 1439].map(|minute| minutes.total(minute)), [7, 0, 7, 10, 70]);
    }
}
