//! The guests' sources, compiled into this binary: the same files as the wasm build's.

mod current;
mod host;
mod memory;
mod run;

#[path = "../../../../../fixtures/guests/src/api.rs"]
mod api;
#[path = "../../../../../fixtures/guests/src/echo.rs"]
mod echo;
#[path = "../../../../../fixtures/guests/src/noop.rs"]
mod noop;
#[path = "../../../../../fixtures/guests/src/reuters_svm/mod.rs"]
mod reuters_svm;
#[path = "../../../../../fixtures/guests/src/trap.rs"]
mod trap;

pub(super) use run::{find, run};
