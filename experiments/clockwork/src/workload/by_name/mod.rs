//! Workloads by the names and arguments that the original's client has for them.

mod build;
mod find;
mod help;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub use find::{Parts, by_name};
pub use help::help;
