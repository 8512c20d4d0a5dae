//! A load over HTTP as a subcommand of any system's binary.

mod args;
mod run;

pub use args::Args;
pub use run::run;
