//! What is said of a GPU, shown on timelines worked out by hand and on random ones.

mod bed;
mod properties;
mod reporting;
mod rules;
mod statuses;
