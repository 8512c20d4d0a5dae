//! What every target promises, tried with one toy system and one list.
//!
//! Trials are named `promise::target`. Each of them has a run of its own, and
//! ends with a closed ledger and a listing as it was before.

mod cleanup;
#[cfg(feature = "docker")]
mod enclosure;
mod ending;
mod faults;
mod files;
mod foreign;
mod leak;
mod limits;
mod place;
mod promise;
mod run;
mod starting;
mod toy;
mod usage;

use std::process::ExitCode;

use workspace_tests::Trials;

fn main() -> ExitCode {
    targets::helper::run_if_asked();
    #[cfg(feature = "local")]
    targets::local::become_subreaper().expect("Linux 3.4 and newer allow it");
    let promises = [
        starting::promises(),
        files::promises(),
        ending::promises(),
        usage::promises(),
        limits::promises(),
        cleanup::promises(),
        faults::promises(),
        foreign::promises(),
        #[cfg(feature = "docker")]
        enclosure::promises(),
    ];
    // The audit of one trial would see what another is making.
    let mut trials = Trials::from_args().one_at_a_time();
    let places = place::all();
    for promise in promises.into_iter().flatten() {
        places.iter().for_each(|place| promise.try_on(place, &mut trials));
    }
    trials.run()
}
