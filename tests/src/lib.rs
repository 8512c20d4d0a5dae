//! What the tests of the workspace as a whole share.

mod cargo;
#[cfg(feature = "docker")]
pub mod daemon;
mod root;
mod rule;
mod trials;
mod usable;

pub use cargo::cargo;
pub use root::root;
pub use rule::hold;
pub use trials::Trials;
pub use usable::{TARGETS, usable_target};
