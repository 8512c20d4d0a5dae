//! Names that look like the hashes of a day file.

use std::fmt::Write as _;

use crate::random::Random;

/// The digits of an HMAC-SHA256.
pub(super) fn hash(random: &mut Random) -> String {
    let mut name = String::with_capacity(64);
    for _ in 0..4 {
        write!(name, "{:016x}", random.bits()).expect("a string takes everything");
    }
    name
}
