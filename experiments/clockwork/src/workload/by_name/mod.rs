//! Workloads by the names and arguments that the original's client has for them.

mod build;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub use table::{Parts, by_name};
