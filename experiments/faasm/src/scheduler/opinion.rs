//! What a host thinks of running one more call of a function.

use serde::{Deserialize, Serialize};

/// Whether a host wants a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opinion {
    /// It has a Faaslet of the function, or may start another.
    Yes,
    /// It could start one, but a host that already has one is better.
    Maybe,
    /// Its Faaslets are busy and it may not start another.
    No,
}

/// What an opinion is formed from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// Calls that arrived and have not ended.
    pub(super) n_in_flight: u32,
    /// Faaslets of the function, without those whose call awaits another.
    pub(super) n_faaslets: u32,
}

impl Load {
    /// Whether there are `ratio_max` or more calls to each Faaslet.
    pub(super) fn is_over(self, ratio_max: f64) -> bool {
        if self.n_faaslets == 0 {
            return self.n_in_flight > 0;
        }
        f64::from(self.n_in_flight) / f64::from(self.n_faaslets) >= ratio_max
    }

    pub(super) fn opinion(self, ratio_max: f64, faaslets_max: u32) -> Opinion {
        match self.is_over(ratio_max) {
            true if self.n_faaslets >= faaslets_max => Opinion::No,
            true => Opinion::Yes,
            false if self.n_faaslets > 0 => Opinion::Yes,
            false => Opinion::Maybe,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opinion_follows_from_the_load_alone() {
        let cases = [
            ((0, 0), Opinion::Maybe),
            ((1, 0), Opinion::Yes),
            ((0, 1), Opinion::Yes),
            ((2, 1), Opinion::Yes),
            ((3, 1), Opinion::Yes),
            ((5, 2), Opinion::Yes),
            ((6, 2), Opinion::No),
            ((9, 2), Opinion::No),
        ];
        for ((n_in_flight, n_faaslets), expected) in cases {
            let load = Load { n_in_flight, n_faaslets };
            assert_eq!(load.opinion(3.0, 2), expected, "{load:?}");
        }
    }
}
