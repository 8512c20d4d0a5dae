//! Day files with the shape of the published data set, for where it cannot be had.
//!
//! Published (Shahrad et al., ATC 2020, "Serverless in the Wild", and the data set's
//! own description), some of it only known from summaries of the paper, and held to:
//! - the number of functions of a day, about 46,400, and of invocations, about
//!   10,000 a second;
//! - how many functions applications have (Figure 1);
//! - which share of functions, and of invocations, each kind of trigger has (Figure 2);
//! - that the invocations of all have a baseline of about half their peak, and rise
//!   and fall once a day (Figure 4);
//! - that 45 % of applications are invoked at most once an hour, 81.4 % at most once
//!   a minute, and the other 18.6 % make 99.6 % of all invocations (here 99.8 %), in a
//!   range of 8 orders of magnitude (Figure 5);
//! - that applications are periodic, as memoryless, or burstier (Figure 6).
//!
//! Chosen, where nothing is published in numbers: all that `pattern.rs` says of when
//! in the day a function is invoked, how an application's invocations are divided
//! among its functions, and which periods timers have.

mod names;
mod pattern;
mod population;
mod sample;
mod shape;
mod timer;
mod trigger;

pub use sample::Generator;
pub use shape::Shape;
pub use trigger::Trigger;
