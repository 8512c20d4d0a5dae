//! The audit: whole listings before and after, compared.
//!
//! It does not ask the ledger what ought to be there: a leak that no ledger
//! knows is found.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{label::RunLabel, ledger::Resource};

/// Everything of certain kinds that exists at one moment, whoever made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// By kind and identity, so that a reused name is not mistaken for the old.
    pub entries: BTreeMap<Key, Entry>,
}

/// What makes an entry the same in two listings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind, as in [`Resource::kind`].
    pub kind: String,
    /// What is never reused: a path with its inode, a process with its start.
    pub identity: String,
}

/// One thing that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How a target can remove it.
    pub resource: Resource,
    /// Whose it is, in words: a command line, a user, a process.
    pub owner: String,
    /// Whose it is, as far as the audit cares.
    pub attribution: Attribution,
    /// How long it has existed, where that is known.
    pub age: Option<Duration>,
}

/// To whom an entry of a listing belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribution {
    /// This run's: it carries its label.
    Labelled,
    /// This driver's: it descends from it or was created by it, and carries no
    /// label. `gc` does not touch it, for it may be about another run.
    Descendant,
    /// Another run's: it carries that label.
    Other(RunLabel),
    /// Nobody says, but programs that run beside us rarely leave such a thing.
    Likely,
    /// Nobody says.
    Unknown,
}

/// What a comparison of two listings finds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// What the trial left behind.
    pub leaks: Vec<Leak>,
    /// What is new and may be anybody's.
    pub suspects: Vec<Leak>,
}

/// Something that was not there before and is there after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leak {
    /// What it is; [`crate::target::Target::remove`] takes it.
    pub resource: Resource,
    /// Whose it is, in words.
    pub owner: String,
    /// How long it has existed, where that is known.
    pub age_s: Option<f64>,
}

impl Listing {
    /// What exists in `after` and did not in `before`; entries that carry
    /// another run's label are that run's affair.
    #[must_use]
    pub fn compare(before: &Self, after: &Self) -> Audit {
        let mut audit = Audit::default();
        for (key, entry) in &after.entries {
            if before.entries.contains_key(key) {
                continue;
            }
            match entry.attribution {
                Attribution::Labelled | Attribution::Descendant | Attribution::Likely => {
                    audit.leaks.push(entry.into());
                }
                Attribution::Unknown => audit.suspects.push(entry.into()),
                Attribution::Other(_) => {}
            }
        }
        audit
    }

    /// Adds one entry.
    pub fn insert(&mut self, identity: impl Into<String>, entry: Entry) {
        let key = Key { kind: entry.resource.kind.clone(), identity: identity.into() };
        self.entries.insert(key, entry);
    }
}

impl Audit {
    /// Whether nothing was left. Suspects alone do not spoil a trial.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.leaks.is_empty()
    }
}

impl From<&Entry> for Leak {
    fn from(entry: &Entry) -> Self {
        Self {
            resource: entry.resource.clone(),
            owner: entry.owner.clone(),
            age_s: entry.age.map(|age| age.as_secs_f64()),
        }
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}` of {}", self.resource.kind, self.resource.name, self.owner)?;
        match self.age_s {
            Some(age_s) => write!(formatter, ", {age_s:.1} s old"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(entries: &[(&str, Attribution)]) -> Listing {
        let mut listing = Listing::default();
        for (identity, attribution) in entries {
            let entry = Entry {
                resource: Resource::new("thing", *identity),
                owner: "somebody".to_owned(),
                attribution: attribution.clone(),
                age: Some(Duration::from_millis(1500)),
            };
            listing.insert(*identity, entry);
        }
        listing
    }

    fn names(leaks: &[Leak]) -> Vec<&str> {
        leaks.iter().map(|leak| leak.resource.name.as_str()).collect()
    }

    #[test]
    fn what_was_there_before_is_no_leak() {
        let same = listing(&[("a", Attribution::Labelled)]);
        assert!(Listing::compare(&same, &same).is_clean());
    }

    #[test]
    fn what_is_ours_or_likely_is_a_leak_and_the_rest_is_suspect() {
        let other = Attribution::Other(RunLabel::from_bits(1 << 16));
        let after = listing(&[
            ("descendant", Attribution::Descendant),
            ("labelled", Attribution::Labelled),
            ("likely", Attribution::Likely),
            ("unknown", Attribution::Unknown),
            ("other", other),
        ]);
        let audit = Listing::compare(&Listing::default(), &after);
        assert_eq!(names(&audit.leaks), ["descendant", "labelled", "likely"]);
        assert_eq!(names(&audit.suspects), ["unknown"]);
    }

    #[test]
    fn what_went_away_is_no_leak() {
        let before = listing(&[("a", Attribution::Labelled)]);
        assert!(Listing::compare(&before, &Listing::default()).is_clean());
    }

    #[test]
    fn a_leak_names_kind_name_owner_and_age() {
        let after = listing(&[("a", Attribution::Labelled)]);
        let audit = Listing::compare(&Listing::default(), &after);
        assert_eq!(audit.leaks[0].to_string(), "thing `a` of somebody, 1.5 s old");
    }
}
