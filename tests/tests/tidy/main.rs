//! The rules of tidiness, each a function over what is in the tree.
//!
//! Every rule has two tests: the tree holds it, and it can fail. A complaint
//! says where, what, and the remedy.
#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod ci;
mod experiments;
mod manifests;
mod modules;
mod names;
mod size;
mod text;
mod toolchain;
mod tree;
mod unwraps;
