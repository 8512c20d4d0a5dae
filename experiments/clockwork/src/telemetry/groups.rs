//! Groups of models that have series of their own.

use std::{ops::Range, str::FromStr};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use super::Point;
use crate::message::ModelId;

/// Groups of models, none of which is in two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups(Vec<Group>);

/// Some models that have consecutive numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What it is called in series.
    pub name: String,
    /// The models' numbers.
    pub models: Range<u32>,
}

/// What happened to the models of a group, bucket by bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GroupSeries {
    /// The group's name.
    pub name: String,
    /// How many models are in it.
    pub n_models: u32,
    /// One for each bucket, up to the last with a row of the group.
    pub points: Vec<GroupPoint>,
}

/// What happened to the models of a group in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GroupPoint {
    /// As of all models.
    pub all: Point,
    /// Models of which a request was answered, in whatever way.
    pub active_models: u64,
    /// Copies of weights that were on GPUs when the bucket ended.
    pub loaded_copies: u64,
    /// How many GPUs its executions kept busy, on average.
    pub gpus_busy: f64,
    /// How many GPUs' links its copies of weights kept busy, on average.
    pub links_busy: f64,
}

impl Groups {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.0.iter()
    }
}

impl Group {
    /// Whether a model is in it.
    #[must_use]
    pub fn has(&self, model: ModelId) -> bool {
        self.models.contains(&model.0)
    }
}

impl FromStr for Groups {
    type Err = anyhow::Error;

    /// Reads groups such as `majors=0..3600,minor=3600`: from the first number to before
    /// the second, or one model.
    fn from_str(text: &str) -> Result<Groups> {
        let groups = text.split(',').map(str::parse).collect::<Result<Vec<Group>>>()?;
        for (nth, group) in groups.iter().enumerate() {
            let shares = |other: &&Group| {
                other.models.start < group.models.end && group.models.start < other.models.end
            };
            if let Some(other) = groups[..nth].iter().find(shares) {
                anyhow::bail!("`{}` and `{}` share models", other.name, group.name);
            }
        }
        Ok(Groups(groups))
    }
}

impl FromStr for Group {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Group> {
        let expected = || format!("`{text}` is no group\n(hint: NAME=FIRST..END or NAME=MODEL)");
        let (name, models) = text.split_once('=').with_context(expected)?;
        let number = |text: &str| text.parse::<u32>().with_context(expected);
        let models = match models.split_once("..") {
            Some((first, end)) => number(first)?..number(end)?,
            None => number(models)?..number(models)?.checked_add(1).with_context(expected)?,
        };
        ensure!(!name.is_empty() && !models.is_empty(), "{}", expected());
        Ok(Group { name: name.to_owned(), models })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_ranges_or_single_models() {
        let groups: Groups = "majors=0..3600,minor=3600".parse().unwrap();
        let found: Vec<_> =
            groups.iter().map(|group| (&*group.name, group.models.clone())).collect();
        assert_eq!(found, [("majors", 0..3600), ("minor", 3600..3601)]);
        assert!(found[0].1.contains(&3599) && !groups.0[0].has(ModelId(3600)));
    }

    #[test]
    fn what_is_no_group_is_refused() {
        let refused = |text: &str| format!("{:#}", text.parse::<Groups>().unwrap_err());
        insta::assert_snapshot!(refused("majors=0..10,minor=9"), @"`majors` and `minor` share models");
        insta::assert_snapshot!(refused("majors"), @r"
        `majors` is no group
        (hint: NAME=FIRST..END or NAME=MODEL)
        ");
        for text in ["a=3..3", "=3", "a=4294967295", ""] {
            assert!(refused(text).contains("is no group"), "{text}");
        }
        assert!(refused("a=x..3").contains("is no group"));
    }
}
