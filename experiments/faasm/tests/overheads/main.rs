//! The experiment `overheads` on records made by hand: its points, table, figure and measures.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

#[path = "../experiments/overheads/analysis.rs"]
mod analysis;
mod churn;
#[path = "../experiments/overheads/idle.rs"]
mod idle;
mod memory;
#[path = "../experiments/overheads/params.rs"]
mod params;
mod points;
#[path = "../experiments/overheads/quantity.rs"]
mod quantity;
mod records;
mod table;
