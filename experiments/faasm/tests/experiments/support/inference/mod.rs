//! Image classification under load: what `tf-lat` and `tf-tpt` have in common.

mod analysis;
mod data;
mod params;
mod trial;

pub(crate) use analysis::{Trials, by_point, series_name, table, timed_ratio};
pub(crate) use data::{MobileNet, ready};
pub(crate) use params::{Params, Point, Record};
pub(crate) use trial::{expected, trial};
