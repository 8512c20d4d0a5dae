//! Documents that look like RCV1's to a training: for machines that do not have the real ones.

mod alias;
mod generator;
mod random;
mod vocabulary;

pub use generator::Generator;
