//! What was said about roles that never ran: most likely a slip of the pen.

use std::collections::BTreeSet;

use crate::profile::{Environment, Profile};

/// The roles that the profile limits or the environment replaces, and of which
/// no instance was started. An experiment starts roles as it goes, so nobody
/// knows beforehand.
pub(super) fn unused_roles(
    profile: &Profile,
    environment: &Environment,
    started: &BTreeSet<String>,
) -> Vec<String> {
    let named: BTreeSet<_> = profile.resources.keys().chain(environment.roles.keys()).collect();
    named.into_iter().filter(|role| !started.contains(*role)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use targets::role::Resources;

    use super::*;

    #[test]
    fn a_role_that_nobody_started_is_named_once() {
        let limits = Resources::default();
        let profile = Profile {
            name: "smoke".into(),
            env: "local".into(),
            trials: 1,
            retries: 0,
            seed: 1,
            resources: [("wroker".to_owned(), limits), ("client".to_owned(), limits)].into(),
            params: toml::Table::new(),
        };
        let replaced = "target = \"local\"\n[roles.wroker]\ncommand = [\"true\"]\n";
        let environment = Environment::parse(replaced).unwrap();
        let started = BTreeSet::from(["client".to_owned(), "worker".to_owned()]);
        assert_eq!(unused_roles(&profile, &environment, &started), ["wroker"]);
    }
}
