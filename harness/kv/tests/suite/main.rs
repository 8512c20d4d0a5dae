//! What the state tier promises, checked on the embedded server and on a real
//! Redis: clients cannot tell them apart.
//!
//! A promise is a function of a running server. Each is tried as
//! `embedded::NAME` and as `redis::NAME`, on a server of its own. Where no
//! `redis-server` is installed its trials are listed as ignored.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed trial, as in any test")]

mod blocking;
mod client;
mod embedded_only;
mod hashes;
mod keys;
mod lists;
mod protocol;
mod servers;
mod sets;
mod strings;
mod tools;
mod transcript;

use libtest_mimic::{Arguments, Completion, Trial};
use servers::{Embedded, Place, Program, Redis};

/// Something that holds on every server.
type Promise = (&'static str, fn(&Place));

fn main() {
    let args = Arguments::from_args();
    if args.list && args.ignored {
        for reason in servers::PROGRAMS.iter().filter_map(|program| program.missing()) {
            eprintln!("some trials are ignored: {reason}");
        }
    }
    let mut trials: Vec<Trial> =
        both().flat_map(|promise| [on_embedded(promise), on_redis(&args, promise)]).collect();
    trials.extend(embedded_only::PROMISES.iter().copied().map(on_embedded));
    trials.extend(tools::trials(&args));
    libtest_mimic::run(&args, trials).exit();
}

fn both() -> impl Iterator<Item = Promise> {
    [
        strings::PROMISES,
        keys::PROMISES,
        lists::PROMISES,
        blocking::PROMISES,
        sets::PROMISES,
        hashes::PROMISES,
        protocol::PROMISES,
        client::PROMISES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

fn on_embedded((name, promise): Promise) -> Trial {
    Trial::test(format!("embedded::{name}"), move || {
        promise(&Embedded::start().place());
        Ok(())
    })
}

fn on_redis(args: &Arguments, (name, promise): Promise) -> Trial {
    needing(args, &servers::REDIS_SERVER, format!("redis::{name}"), move || {
        promise(&Redis::start().place());
    })
}

/// A trial that needs an installed program, and is ignored without it.
///
/// `cargo test` prints the reason that a trial gives when it ignores itself.
/// nextest never runs a trial to learn that, so there it is listed as ignored
/// beforehand, and `main` has said why on stderr. Who asks for ignored trials
/// gets a failure with the reason.
pub(crate) fn needing(
    args: &Arguments,
    program: &'static Program,
    name: String,
    run: impl FnOnce() + Send + 'static,
) -> Trial {
    let missing = program.missing();
    let is_forced = args.ignored || args.include_ignored;
    let is_listed = args.list || std::env::var_os("NEXTEST").is_some();
    let trial = Trial::ignorable_test(name, move || match missing {
        Some(reason) if is_forced => Err(reason.into()),
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => {
            run();
            Ok(Completion::Completed)
        }
    });
    trial.with_ignored_flag(missing.is_some() && (is_listed || args.ignored))
}
