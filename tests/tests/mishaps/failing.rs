//! A run in an environment that does not suit, and what it says.

use std::net::Ipv4Addr;

use crate::support::{Answer, Site};

/// Runs one red trial in this environment, with more arguments.
pub(crate) fn run(site: &Site, environment: &str, args: &[&str]) -> Answer {
    let env = site.write("failing.toml", environment);
    let one = ["--env", &env, "--points", "toy=red", "--trials", "1", "--set", "retries=0"];
    site.exp(&[&one, args].concat())
}

/// What the error of a whole run says, the same on every machine.
pub(crate) fn error(site: &Site, answer: &Answer) -> String {
    let text = answer.stderr.split_once("error: ").map_or(answer.stderr.as_str(), |(_, it)| it);
    redact(site, text)
}

/// What the one trial of the run has failed of, the same on every machine;
/// nothing of the run is left.
#[track_caller]
pub(crate) fn trial_error(site: &Site) -> String {
    let run = site.run();
    site.expect_nothing_left(&run);
    redact(site, run.attempts_at("red")[0].failure())
}

fn redact(site: &Site, text: &str) -> String {
    let mut text = site.redact(text);
    for run in site.runs() {
        text = text.replace(&run.label(), "[label]");
    }
    let word = |word: &str| {
        // The id of a container's init process, as it prints it.
        let pid = word.strip_prefix('(').and_then(|rest| rest.strip_suffix(")]"));
        if pid.is_some_and(|pid| pid.parse::<u32>().is_ok()) {
            return "([pid])]".to_owned();
        }
        let address = word.split(['/', ':']).next().unwrap_or_default();
        match address.parse::<Ipv4Addr>() {
            Ok(_) => word.replace(address, "[address]"),
            Err(_) => word.split('/').map(identity).collect::<Vec<_>>().join("/"),
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<String>>().join(" ");
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The same for every identity that a daemon gives.
fn identity(part: &str) -> &str {
    let is_one = part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { "[identity]" } else { part }
}
