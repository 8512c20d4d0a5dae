//! The target `docker`: one container per instance, one private network per
//! testbed, images from the programs themselves.

mod archive;
mod container;
mod daemon;
mod ending;
mod faults;
mod first_process;
mod image;
mod instance;
mod labels;
mod listing;
mod logs;
mod network;
mod remove;
mod subnet;
mod target;
mod testbed;
mod usage;

pub use target::Docker;
pub use usage::ContainerAccount;
