//! What the tests of the workspace as a whole share.

mod cargo;
mod root;
mod rule;

pub use cargo::cargo;
pub use root::root;
pub use rule::hold;
