//! What a run comes to, for a terminal, a browser and a paper.

mod collect;
mod command;
mod figure;
mod findings;
mod foreign;
mod numbers;
mod page;
mod publish;
#[cfg(test)]
mod samples;
mod terminal;
mod text_table;

pub(crate) use findings::Findings;
pub(crate) use foreign::{Foreign, publish_foreign};
pub(crate) use publish::publish;
pub(crate) use terminal::{claims_table, measures_table};
