//! What was found about one target, and how it reads.

use std::fmt;

use crate::target::Shortfall;

/// What this machine has for one target, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// The target's name.
    pub target: &'static str,
    /// What the target cannot run without.
    pub shortfalls: Vec<Shortfall>,
    /// Where it would run here, if it can.
    pub platform: Option<Platform>,
    /// What else is there, with its version and its use.
    pub extras: Vec<String>,
    /// What it can run without; `missing` says what then cannot be done.
    pub lacking_extras: Vec<Shortfall>,
}

/// A place of a kind that the target may or may not have been tried on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// What it is, such as `Docker 20.10.24, cgroups v1`.
    pub name: String,
    /// The day on which all tests passed on one like it, such as `2026-11-21`.
    pub verified: Option<&'static str>,
}

impl Checkup {
    /// Whether the target can run here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shortfalls.is_empty()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verified {
            Some(day) => write!(formatter, "{}: verified {day}", self.name),
            None => write!(formatter, "{}: not yet run against the real one", self.name),
        }
    }
}

impl fmt::Display for Checkup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_ready() { "ready" } else { "cannot run here" };
        writeln!(formatter, "{}: {state}", self.target)?;
        for shortfall in &self.shortfalls {
            writeln!(formatter, "  {}\n    mend it with: {}", shortfall.missing, shortfall.mend)?;
        }
        if let Some(platform) = &self.platform {
            writeln!(formatter, "  {platform}")?;
        }
        for extra in &self.extras {
            writeln!(formatter, "  {extra}")?;
        }
        for Shortfall { missing, mend } in &self.lacking_extras {
            writeln!(formatter, "  {missing}\n    mend it with: {mend}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_there_and_what_mends_the_rest() {
        let checkup = Checkup {
            target: "docker",
            shortfalls: vec![],
            platform: Some(Platform { name: "Docker 29.0.0, cgroups v2".into(), verified: None }),
            extras: vec!["tc 6.1.0: bandwidth limits and delays".into()],
            lacking_extras: vec![Shortfall {
                missing: "no nft, so no network partitions".into(),
                mend: "apt-get install --yes nftables".into(),
            }],
        };
        insta::assert_snapshot!(checkup, @r"
        docker: ready
          Docker 29.0.0, cgroups v2: not yet run against the real one
          tc 6.1.0: bandwidth limits and delays
          no nft, so no network partitions
            mend it with: apt-get install --yes nftables
        ");
    }

    #[test]
    fn a_target_that_cannot_run_says_why_first() {
        let checkup = Checkup {
            target: "docker",
            shortfalls: vec![Shortfall { missing: "no daemon".into(), mend: "start it".into() }],
            platform: None,
            extras: vec![],
            lacking_extras: vec![],
        };
        insta::assert_snapshot!(checkup, @r"
        docker: cannot run here
          no daemon
            mend it with: start it
        ");
    }
}
