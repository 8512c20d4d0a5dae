//! Images: assembled from programs of this machine, or the user's own.
//!
//! A program's image holds what the program needs to run and nothing else:
//! [`closure`] finds the files, [`tree`] is the plan of them, [`layer`] and
//! [`archive`] write it down for the daemon, and [`images`] keeps it for later.

mod archive;
mod clear;
mod closure;
mod feed;
mod images;
mod layer;
mod libraries;
mod program;
mod pull;
mod refused;
mod remove;
mod shelf;
mod tree;

pub(crate) use clear::clear;
pub(crate) use images::{Image, Images};
pub(crate) use remove::remove;
