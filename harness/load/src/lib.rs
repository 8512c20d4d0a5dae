//! Load for systems under test: schedules, a generator, and what it records.
//!
//! A [`engine::Load`] says what to send; [`engine::generate`] sends it with
//! connections of a [`client::Client`] and brings a [`engine::Run`], of which a
//! [`report::Report`] is made. Who needs only HTTP flattens [`role::Args`] into
//! a subcommand of its own. Nothing here knows what answers.

pub mod calibrate;
pub mod client;
pub mod engine;
pub mod hlog;
pub mod http;
pub mod null;
pub mod record;
pub mod report;
pub mod role;
pub mod schedule;
pub mod validity;
