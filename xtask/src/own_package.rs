//! What Cargo says of this package to this process, kept from those that it starts.

use std::env;

use xshell::Cmd;

/// The same command, in the environment in which this one was typed. Some build scripts
/// run again whenever Cargo is called from within another package, and all that needs
/// them is built again.
pub(crate) fn unsaid(command: Cmd<'_>) -> Cmd<'_> {
    let said = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let said = said.filter(|name| is_said(name));
    said.fold(command, |command, name| command.env_remove(name))
}

fn is_said(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|begin| variable.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use xshell::{Shell, cmd};

    use super::*;

    #[test]
    fn who_is_started_does_not_know_of_this_package() {
        let shell = Shell::new().unwrap();
        let variables = |command: Cmd<'_>| command.read().unwrap();
        assert!(variables(cmd!(shell, "env")).contains("CARGO_MANIFEST_DIR="));
        let left = variables(unsaid(cmd!(shell, "env")));
        assert!(!left.lines().any(is_said), "{left}");
        // Where it builds to, and with what, stays.
        assert!(left.lines().any(|variable| variable.starts_with("PATH=")), "{left}");
    }
}
