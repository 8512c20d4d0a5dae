//! Replicas that are processes: this binary, started again as a replica.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed trial, as in any test")]

mod replica;
mod trials;

use libtest_mimic::Arguments;

fn main() {
    // The first argument, if it is a role, makes this process a replica.
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [role, rest @ ..] = words.as_slice()
        && let Some(role) = role.strip_prefix("role-")
    {
        replica::run(role, rest);
        return;
    }
    libtest_mimic::run(&Arguments::from_args(), trials::all()).exit();
}
