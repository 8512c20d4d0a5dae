//! Control groups, versions 1 and 2: what is mounted, and what a group says.

mod group;
mod hierarchy;

pub(crate) use group::{Group, pids};
pub(crate) use hierarchy::{Hierarchy, Version};
