//! The live roles, as the processes that experiments start.

mod inputs;
mod logs;
mod losses;
mod process;
mod system;
