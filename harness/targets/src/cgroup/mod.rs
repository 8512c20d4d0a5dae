//! Control groups, versions 1 and 2: what is mounted, and what a group says.

pub(crate) mod group;
mod hierarchy;

pub(crate) use hierarchy::{Hierarchy, Version};
