//! Draws from a fixed discrete distribution in constant time, by Walker's alias method.

use super::random::Random;

pub(super) struct AliasTable {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    /// The probability to stay in this slot, and where to go otherwise.
    stay: f64,
    alias: usize,
}

impl AliasTable {
    /// The distribution in which each index has a probability proportional to its weight, all of them positive.
    pub(super) fn new(weights: &[f64]) -> AliasTable {
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let slots = weights.iter().map(|weight| Slot { stay: weight / mean, alias: 0 });
        let mut slots: Vec<Slot> = slots.collect();
        let (mut poor, mut rich): (Vec<usize>, Vec<usize>) =
            (0..slots.len()).partition(|slot| slots[*slot].stay < 1.0);
        while let (Some(to), Some(from)) = (poor.pop(), rich.last().copied()) {
            slots[to].alias = from;
            slots[from].stay -= 1.0 - slots[to].stay;
            if slots[from].stay < 1.0 {
                poor.extend(rich.pop());
            }
        }
        // Rounding leaves a few slots that have lost nothing and given nothing.
        for slot in poor.into_iter().chain(rich) {
            slots[slot].stay = 1.0;
        }
        AliasTable { slots }
    }

    pub(super) fn draw(&self, random: &mut Random) -> usize {
        let index = random.below(self.slots.len());
        let slot = self.slots[index];
        if random.chance(slot.stay) { index } else { slot.alias }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_come_as_often_as_they_weigh() {
        let table = AliasTable::new(&[5.0, 1.0, 3.0, 1.0]);
        let mut random = Random::new(7);
        let mut n_draws = [0; 4];
        for _ in 0..100_000 {
            n_draws[table.draw(&mut random)] += 1;
        }
        for (n, expected) in n_draws.into_iter().zip([50_000_i32, 10_000, 30_000, 10_000]) {
            assert!(expected.abs_diff(n) < 1000, "{n_draws:?}");
        }
    }
}
