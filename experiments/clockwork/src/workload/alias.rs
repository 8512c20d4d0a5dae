//! Draws from a fixed discrete distribution in constant time, by Walker's alias method.

use crate::random::Random;

/// Items with weights.
#[derive(Debug, Clone, Default)]
pub(super) struct AliasTable {
    slots: Vec<Slot>,
    poor: Vec<u32>,
    rich: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The weight of `item` in this slot, relative to the slot; then its probability
    /// as a fraction of 2⁶⁴.
    weight: f64,
    stay: u64,
    item: u32,
    alias: u32,
}

impl AliasTable {
    /// Makes the table one of these items and weights, all of them positive, and keeps
    /// the memory of what it was before.
    pub(super) fn refill(&mut self, items: impl Iterator<Item = (u32, u32)>) {
        self.slots.clear();
        self.slots.extend(items.map(|(item, weight)| Slot {
            weight: f64::from(weight),
            stay: u64::MAX,
            item,
            alias: item,
        }));
        let mean = self.slots.iter().map(|slot| slot.weight).sum::<f64>() / self.slots.len() as f64;
        for (index, slot) in self.slots.iter_mut().enumerate() {
            slot.weight /= mean;
            let side = if slot.weight < 1.0 { &mut self.poor } else { &mut self.rich };
            side.push(index as u32);
        }
        // What rounding leaves on either side has a weight of 1, but for that rounding.
        while let (Some(to), Some(from)) = (self.poor.pop(), self.rich.last().copied()) {
            let (to, from) = (to as usize, from as usize);
            self.slots[to].stay = (self.slots[to].weight * 2.0_f64.powi(64)) as u64;
            self.slots[to].alias = self.slots[from].item;
            self.slots[from].weight -= 1.0 - self.slots[to].weight;
            if self.slots[from].weight < 1.0 {
                self.poor.extend(self.rich.pop());
            }
        }
        self.poor.clear();
        self.rich.clear();
    }

    /// An item, with a probability in proportion to its weight.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn draw(&self, random: &mut Random) -> u32 {
        // The high half of the product chooses the slot; within it the low half is
        // as good as new.
        let product = u128::from(random.bits()) * self.slots.len() as u128;
        let slot = &self.slots[(product >> 64) as usize];
        if (product as u64) < slot.stay { slot.item } else { slot.alias }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(weights: &[u32]) {
        let mut table = AliasTable::default();
        table.refill([(9, 9), (8, 8)].into_iter());
        table.refill((0..).zip(weights.iter().copied()));
        let (mut random, n_draws) = (Random::new(7, 0), 1_000_000.0);
        let mut counts = vec![0.0; weights.len()];
        for _ in 0..1_000_000 {
            counts[table.draw(&mut random) as usize] += 1.0;
        }
        let total: f64 = weights.iter().copied().map(f64::from).sum();
        for (count, weight) in counts.iter().zip(weights) {
            let share = f64::from(*weight) / total;
            let deviation = (n_draws * share * (1.0 - share)).sqrt();
            assert!((count - n_draws * share).abs() <= 5.0 * deviation, "{counts:?}");
        }
    }

    #[test]
    fn items_come_as_often_as_they_weigh() {
        check(&[5, 1, 3, 1]);
        check(&[1, 1, 1, 1_000_000]);
        check(&[7, 7, 7]);
        check(&[1]);
    }
}
