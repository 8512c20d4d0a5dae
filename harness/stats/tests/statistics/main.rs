//! Tests of what the statistics promise, on seeded random samples.

mod coverage;
mod noise;
mod properties;
