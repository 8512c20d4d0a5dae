//! Prepared data in other places: what `data upload` and `data download`
//! promise, on an S3 server and on rsync's, both real and started here. Trials
//! are named `what::place`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed trial, as in any test")]

mod port;
mod promises;
mod rsync;
#[cfg(feature = "object-store")]
mod s3;
#[expect(dead_code, unused_imports, reason = "it serves other suites too")]
#[path = "../lifecycle/support/mod.rs"]
mod support;

use std::{path::PathBuf, process::ExitCode};

use workspace_tests::Trials;

/// A server that keeps what is uploaded, as long as it lives.
trait Server: Send {
    /// What to type for the place.
    fn place(&self) -> String;
    /// The variables that its client needs, `NAME=VALUE`.
    fn variables(&self) -> Vec<String>;
    /// Where the files lie that it keeps.
    fn files(&self) -> PathBuf;
    /// Ends it; who asks it then gets no answer.
    fn stop(&mut self);
}

/// Starts a server, or says what is missing for it.
type Start = fn() -> Result<Box<dyn Server>, String>;

fn main() -> ExitCode {
    let mut trials = Trials::from_args().one_at_a_time();
    let servers: [(&str, Result<Start, String>); 2] =
        [("rsync", rsync::usable().map(|()| rsync::start as Start)), ("s3", s3())];
    for (place, start) in servers {
        for (what, promise) in promises::ALL {
            let name = format!("{what}::{place}");
            match &start {
                Ok(start) => {
                    let start = *start;
                    trials.add_panicking(name, move || promise(start().unwrap().as_mut()));
                }
                Err(reason) => trials.add_impossible(name, reason.clone()),
            }
        }
    }
    trials.run()
}

#[cfg(feature = "object-store")]
fn s3() -> Result<Start, String> {
    Ok(s3::start)
}

#[cfg(not(feature = "object-store"))]
fn s3() -> Result<Start, String> {
    Err("needs --features object-store (hint: cargo test --features local,object-store \
         --package workspace-tests --test depots)"
        .to_owned())
}
