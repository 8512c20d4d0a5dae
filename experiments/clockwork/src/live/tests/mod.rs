//! Whole systems in one process, over loopback: nothing is lost, whoever goes away.

mod agreement;
mod bed;
mod devices;
mod failures;
mod fakes;
mod orders;
mod refusals;
mod serving;
