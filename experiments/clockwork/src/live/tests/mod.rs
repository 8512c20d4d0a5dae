//! Whole systems in one process, over loopback: nothing is lost, whoever goes away.

mod agreement;
mod bed;
mod failures;
mod fakes;
mod refusals;
mod serving;
