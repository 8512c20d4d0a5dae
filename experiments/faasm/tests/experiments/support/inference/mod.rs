//! Image classification under load: what `tf-lat` and `tf-tpt` have in common.

mod analysis;
mod data;
mod experiment;
mod params;
mod trial;

pub(crate) use analysis::{Trials, series_name, table, timed_ratio};
pub(crate) use data::MobileNet;
pub(crate) use experiment::Inference;
pub(crate) use params::{Params, Point, Record};
