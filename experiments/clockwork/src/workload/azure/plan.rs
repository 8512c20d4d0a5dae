//! Which functions are replayed against which instances, and how fast.

use super::Load;
use crate::{
    time::{MINUTE, Nanos, SECOND},
    workload::Instances,
};

/// The instances that [`Plan::half`] has, of all varieties together.
const HALF: u32 = 3100;

/// A replay with everything about it decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub(super) instances: Instances,
    pub(super) assignment: Assignment,
    /// What the trace's rates are multiplied with at a load of 1.
    pub(super) scale: f64,
    pub(super) load: Load,
    /// How long each minute of the trace lasts.
    pub(super) interval: Nanos,
    /// Begins at the minute that the original takes for a random one.
    pub(super) randomise: bool,
    pub(super) seed: u64,
}

/// Which functions ask which instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assignment {
    /// Contiguous blocks of functions share one: the busiest do.
    Blocks,
    /// One after the other, and from the first again.
    Stripes,
    /// Only the busiest function asks.
    Busiest,
}

impl Plan {
    /// `azure_half` of the original: the trace at its own rate against 3,100 instances,
    /// divided among all varieties as evenly as can be.
    #[must_use]
    pub fn half(varieties: &[String], seed: u64) -> Plan {
        let each = Instances::of_each(varieties, 1).varieties;
        let n_varieties = each.len() as u32;
        let mut n_left = HALF;
        let copies = (0..).zip(each).map(|(nth, (name, _))| {
            let n_copies = n_left / (n_varieties - nth);
            n_left -= n_copies;
            (name, n_copies)
        });
        let instances = Instances { varieties: copies.collect() };
        Plan { instances, assignment: Assignment::Blocks, ..Plan::small(varieties, seed) }
    }

    /// `azure_small` of the original: the trace at its own rate against 3 instances of
    /// each variety.
    #[must_use]
    pub fn small(varieties: &[String], seed: u64) -> Plan {
        Plan {
            instances: Instances::of_each(varieties, 3),
            assignment: Assignment::Stripes,
            scale: 1.0,
            load: Load::Fixed(1.0),
            interval: MINUTE,
            randomise: false,
            seed,
        }
    }

    /// `azure_fast` of the original: the same in seconds instead of minutes, from what
    /// it takes for a random one on.
    #[must_use]
    pub fn fast(varieties: &[String], seed: u64) -> Plan {
        Plan { interval: SECOND, randomise: true, ..Plan::small(varieties, seed) }
    }

    /// `azure_single` of the original: the busiest function in seconds instead of
    /// minutes, against one instance.
    #[must_use]
    pub fn single(variety: &str, seed: u64) -> Plan {
        Plan {
            instances: Instances::of(variety, 1),
            assignment: Assignment::Busiest,
            interval: SECOND,
            ..Plan::small(&[], seed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_models_are_3100_divided_evenly() {
        let varieties: Vec<String> = (0..61).map(|nth| format!("v{nth:02}")).collect();
        let instances = Plan::half(&varieties, 7).instances;
        assert_eq!(instances.len(), 3100);
        let copies: Vec<_> = instances.iter().map(|(_, n_copies)| n_copies).collect();
        assert_eq!((copies[0], copies[60]), (50, 51));
        assert_eq!(Plan::small(&varieties, 7).instances.len(), 183);
    }
}
