//! The report as a page: its contents once, and two ways of writing them down.

mod block;
mod claims;
mod contents;
mod foreign;
mod hosts;
mod html;
mod markdown;
mod next;
mod precision;
mod provenance;
mod results;
mod trials;

pub(super) use block::Picture;
pub(super) use contents::blocks;
pub(super) use foreign::foreign_blocks;
pub(super) use html::html;
pub(super) use markdown::markdown;
