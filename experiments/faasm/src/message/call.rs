//! One invocation of one function.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{CallId, ColdStartInterval, payload};

/// The highest index of a function in a module: main is 0, chained ones 1 to 9.
pub(crate) const MAX_INDEX: u32 = 9;

/// A module by its owner and name, written `user/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Who uploaded it; also the namespace of its state.
    pub user: String,
    /// Its name among the user's functions.
    pub name: String,
}

/// An invocation, as it travels between hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Unique in the state tier for as long as results are kept.
    pub id: CallId,
    /// The module.
    pub function: Function,
    /// Which function of the module.
    pub index: u32,
    /// What the guest reads as its input.
    #[serde(with = "payload")]
    pub input: Vec<u8>,
    /// Source of everything random in the call; a chained call's is derived
    /// from its parent's.
    pub seed: u64,
    /// How often a host passed the call on.
    pub hops: u32,
    /// How many callers wait, one for the other, for this call.
    pub depth: u32,
    /// How often such a call starts cold, beyond what cannot be helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_start_interval: Option<ColdStartInterval>,
}

impl Function {
    /// A function by user and name.
    ///
    /// # Errors
    /// If one of them is empty or holds other characters than letters,
    /// digits, `-`, `_` and `.`: both become parts of keys and paths.
    pub fn new(user: &str, name: &str) -> Result<Self, InvalidName> {
        let function = Self { user: user.to_owned(), name: name.to_owned() };
        let valid = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if valid(user) && valid(name) { Ok(function) } else { Err(InvalidName(function)) }
    }
}

/// A user or function name that cannot be a part of keys and paths.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no function: expected USER/NAME of letters, digits, `-`, `_` and `.`")]
pub struct InvalidName(Function);

impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.user, self.name)
    }
}

impl FromStr for Function {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (user, name) = text.split_once('/').unwrap_or((text, ""));
        Self::new(user, name)
    }
}

impl Call {
    /// The call that this one chains as its `nth`, before it has an id.
    #[must_use]
    pub fn chained(&self, nth: u32, function: Function, index: u32, input: Vec<u8>) -> Self {
        let (seed, depth) = (derive_seed(self.seed, nth), self.depth + 1);
        Self { id: 0, function, index, input, seed, hops: 0, depth, cold_start_interval: None }
    }
}

/// Mixes a parent's seed and the number of a chained call (SplitMix64), so
/// that siblings and generations have unrelated seeds.
fn derive_seed(parent: u64, nth: u32) -> u64 {
    let mut mixed = parent.wrapping_add((u64::from(nth) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_function_prints_as_it_parses() {
        assert_eq!("sgd/reuters_svm".parse::<Function>().unwrap().to_string(), "sgd/reuters_svm");
    }

    #[test]
    fn names_that_would_break_a_key_or_a_path_are_refused() {
        for text in ["", "sgd", "sgd/", "/svm", "sgd/a/b", "sgd/../x", "a b/c"] {
            assert!(text.parse::<Function>().is_err(), "{text}");
        }
    }

    #[test]
    fn chained_calls_have_distinct_seeds_that_depend_on_the_parent_alone() {
        let seeds: BTreeSet<u64> = (0..1000).map(|nth| derive_seed(7, nth)).collect();
        assert_eq!(seeds.len(), 1000);
        assert_eq!(derive_seed(7, 3), derive_seed(7, 3));
        assert_ne!(derive_seed(7, 3), derive_seed(8, 3));
    }
}
