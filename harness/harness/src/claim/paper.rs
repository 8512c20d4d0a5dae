//! The published numbers of one paper: `fixtures/papers/<system>.toml`.

use serde::{Deserialize, Serialize};
use stats::Tolerance;

use crate::dataset::DataKind;

/// A paper's claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Paper {
    /// Title, venue and year.
    pub title: String,
    /// The machines that the paper measured on.
    pub testbed: String,
    /// The claims, in the paper's order.
    #[serde(rename = "claim")]
    pub claims: Vec<Claim>,
}

/// A statement of the paper and how it is checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Claim {
    /// Unique within the paper.
    pub id: String,
    /// The experiment that exercises it.
    pub experiment: String,
    /// Figure, table or section.
    pub figure: String,
    /// The sentence, in our words.
    pub says: String,
    /// What kind of statement it is.
    pub kind: Kind,
    /// The published value.
    pub published: Published,
    /// The measure that is compared.
    pub measure: String,
    /// The least value that agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The greatest value that agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// What a run must have for the claim to be exercised.
    #[serde(default)]
    pub needs: Needs,
    /// What the value is put in by, where the system is emulated or simulated: such
    /// a run cannot find it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Why our result is known to differ, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_deviation: Option<String>,
}

/// What kind of statement a claim is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An order or a direction: holds at every scale.
    Shape,
    /// A number: holds at the paper's scale.
    Magnitude,
    /// Shown beside our result and never judged.
    Annotation,
}

/// A published value and where it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Published {
    /// The value as people quote it, such as `-70 %`.
    pub value: String,
    /// Where it was read.
    pub source: String,
    /// Whether it is only remembered, not read: then it is no threshold.
    #[serde(default)]
    pub remembered: bool,
}

/// What a run must have; everything else is no obstacle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Needs {
    /// Processors of one machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<u32>,
    /// A real network link of at least this speed between machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_gbit_per_s: Option<u32>,
    /// Whether only real data shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataKind>,
}

impl Paper {
    /// Parses and checks a paper's file.
    ///
    /// # Errors
    /// Syntax with line and column, or a claim that cannot be checked as it
    /// stands, by its id.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let paper: Self = toml::from_str(text)
            .map_err(|error| anyhow::anyhow!("{}", error.to_string().trim_end()))?;
        for (i, claim) in paper.claims.iter().enumerate() {
            claim.check().map_err(|error| error.context(format!("claim `{}`", claim.id)))?;
            anyhow::ensure!(
                paper.claims[..i].iter().all(|earlier| earlier.id != claim.id),
                "claim `{}` stands twice",
                claim.id
            );
        }
        Ok(paper)
    }

    /// The claims of one experiment.
    pub fn claims_of<'a>(&'a self, experiment: &'a str) -> impl Iterator<Item = &'a Claim> {
        self.claims.iter().filter(move |claim| claim.experiment == experiment)
    }
}

impl Claim {
    /// The values that agree; none for an annotation.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        let bounded = self.at_least.is_some() || self.at_most.is_some();
        bounded.then_some(Tolerance { low: self.at_least, high: self.at_most })
    }

    fn check(&self) -> anyhow::Result<()> {
        let Some(tolerance) = self.tolerance() else {
            anyhow::ensure!(
                self.kind == Kind::Annotation,
                "has neither `at-least` nor `at-most`\n\
                 (hint: give it a bound, or make it an annotation)"
            );
            return Ok(());
        };
        anyhow::ensure!(self.kind != Kind::Annotation, "an annotation has no bounds");
        anyhow::ensure!(
            !self.published.remembered,
            "what is only remembered is an annotation, never a threshold"
        );
        tolerance.checked()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: &str = r#"
title = "A paper"
testbed = "one machine"
[[claim]]
id = "c1"
experiment = "toy"
figure = "Fig. 1"
says = "ours is faster"
kind = "magnitude"
published = { value = "2x", source = "abstract" }
measure = "speed-up"
at-least = 1.5
"#;

    #[track_caller]
    fn check_refused(change: (&str, &str), expected: &str) {
        let error = Paper::parse(&CLAIM.replace(change.0, change.1)).unwrap_err();
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }

    #[test]
    fn a_claim_is_read() {
        let paper = Paper::parse(CLAIM).unwrap();
        assert_eq!(paper.claims[0].tolerance(), Some(Tolerance::at_least(1.5)));
    }

    #[test]
    fn what_is_only_remembered_is_no_threshold() {
        let source = r#"source = "abstract""#;
        check_refused((source, &format!("{source}, remembered = true")), "never a threshold");
    }

    #[test]
    fn bounds_that_accept_nothing_are_refused() {
        check_refused(("1.5", "1.5\nat-most = 1.0"), "no value lies between low = 1.5");
        check_refused(("1.5", "nan"), "no value lies between low = NaN");
    }

    #[test]
    fn an_annotation_with_bounds_is_refused() {
        check_refused(("magnitude", "annotation"), "an annotation has no bounds");
    }

    #[test]
    fn an_id_that_stands_twice_is_refused() {
        let (_, claim) = CLAIM.split_once("[[claim]]").unwrap();
        let twice = format!("at-least = 1.5\n[[claim]]{claim}");
        check_refused(("at-least = 1.5\n", &twice), "claim `c1` stands twice");
    }

    #[test]
    fn a_claim_without_bounds_is_refused() {
        check_refused(("at-least = 1.5", ""), "neither `at-least` nor `at-most`");
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_line() {
        check_refused(("measure =", "mesure ="), "line 11");
    }
}
