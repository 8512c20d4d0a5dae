//! Which models there are, how large and how slow, and which instances are deployed.

mod catalogue;
mod deployment;
mod variety;

pub use catalogue::{Catalogue, LeftOut};
pub use deployment::Deployment;
pub use variety::Variety;
