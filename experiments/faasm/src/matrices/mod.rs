//! Square matrices in blocks: generated, laid out as state, and their product checked.

mod blocks;
mod check;
mod generate;
mod product;

pub use blocks::{Factor, Layout};
pub use check::{Checked, check};
pub use generate::generate;
