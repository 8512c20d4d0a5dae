//! A place of its own for every test, the toy as a driver in it, and what is left.

mod driver;
mod leftovers;
mod run;
mod site;
mod waiting;

pub(crate) use driver::{Answer, Driver};
pub(crate) use run::Run;
pub(crate) use site::{STEADY, Site, WITHOUT_SNAPSHOT, steady};
pub(crate) use waiting::{SplitMix, eventually, pause};
