//! A profile file: common settings and one section per experiment.

use std::{fmt, marker::PhantomData, num::NonZeroU32};

use serde::{
    Deserialize, Deserializer as _, Serialize,
    de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use super::limits::{RoleLimits, Sections};

/// A resolved profile as the manifest stores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Profile {
    /// The profile's name: the file's stem.
    pub name: String,
    /// The environment to use.
    pub env: String,
    /// Repetitions of every point: the profile's, unless its `trials-of` has others for the
    /// experiment, whose trials may scatter more.
    pub trials: u32,
    /// How often an invalid or failed trial is repeated.
    pub retries: u32,
    /// The seed that every random choice derives from.
    pub seed: u64,
    /// What each instance of a role may use.
    #[serde(default)]
    pub resources: RoleLimits,
    /// The experiment's own parameters.
    pub params: toml::Table,
}

/// A profile file, read for one experiment. Unknown keys are errors with their
/// line and column; sections of other experiments are passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileFile {
    /// See [`Profile::env`].
    pub env: String,
    /// See [`Profile::trials`].
    pub trials: u32,
    /// See [`Profile::retries`].
    pub retries: u32,
    /// See [`Profile::seed`].
    pub seed: u64,
    /// See [`Profile::resources`].
    pub resources: RoleLimits,
    /// The experiment's section, read with the experiment's own type.
    pub section: toml::Table,
}

const COMMON_KEYS: [&str; 6] = ["env", "trials", "trials-of", "retries", "seed", "resources"];

impl ProfileFile {
    /// Parses `text`, whose section of `experiment` has the type `P`.
    /// `experiments` are all names that may have a section.
    ///
    /// # Errors
    /// With line and column: syntax, unknown or missing keys, wrong types.
    pub fn parse<P: DeserializeOwned + Serialize>(
        text: &str,
        experiment: &str,
        experiments: &[&str],
    ) -> anyhow::Result<Self> {
        let visitor = FileVisitor { experiment, experiments, params: PhantomData::<P> };
        toml::Deserializer::parse(text)
            .and_then(|deserializer| deserializer.deserialize_map(visitor))
            .map_err(|error| anyhow::anyhow!("{}", error.to_string().trim_end()))
    }
}

struct FileVisitor<'a, P> {
    experiment: &'a str,
    experiments: &'a [&'a str],
    params: PhantomData<P>,
}

impl<'de, P: DeserializeOwned + Serialize> Visitor<'de> for FileVisitor<'_, P> {
    type Value = ProfileFile;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a profile")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ProfileFile, A::Error> {
        use serde::de::Error as _;
        let (mut env, mut trials, mut retries, mut seed) = (None, None, None, None);
        let (mut resources, mut section, mut own_trials) = (RoleLimits::new(), None, None);
        let known = [&COMMON_KEYS, self.experiments].concat();
        while let Some(key) = map.next_key_seed(KnownKey { known: &known })? {
            match key.as_str() {
                "env" => env = Some(map.next_value()?),
                "trials" => trials = Some(map.next_value::<NonZeroU32>()?),
                "trials-of" => {
                    let Self { experiment, experiments, .. } = self;
                    own_trials = map.next_value_seed(TrialsOf { experiment, experiments })?;
                }
                "retries" => retries = Some(map.next_value()?),
                "seed" => seed = Some(map.next_value()?),
                "resources" => resources = map.next_value::<Sections>()?.into_limits(),
                name if name == self.experiment => {
                    let params: P = map.next_value()?;
                    section = Some(toml::Table::try_from(&params).map_err(A::Error::custom)?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(ProfileFile {
            env: env.ok_or_else(|| A::Error::missing_field("env"))?,
            trials: own_trials.or(trials).ok_or_else(|| A::Error::missing_field("trials"))?.get(),
            retries: retries.ok_or_else(|| A::Error::missing_field("retries"))?,
            seed: seed.ok_or_else(|| A::Error::missing_field("seed"))?,
            resources,
            section: section
                .ok_or_else(|| A::Error::custom(format!("no section [{}]", self.experiment)))?,
        })
    }
}

/// Reads how many trials experiments have, and keeps those of one.
struct TrialsOf<'a> {
    experiment: &'a str,
    experiments: &'a [&'a str],
}

impl<'de> DeserializeSeed<'de> for TrialsOf<'_> {
    type Value = Option<NonZeroU32>;

    fn deserialize<D: serde::Deserializer<'de>>(self, table: D) -> Result<Self::Value, D::Error> {
        table.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TrialsOf<'_> {
    type Value = Option<NonZeroU32>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("trials of experiments, such as { sgd = 5 }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut own = None;
        while let Some(key) = map.next_key_seed(KnownKey { known: self.experiments })? {
            let trials = map.next_value()?;
            own = if key == self.experiment { Some(trials) } else { own };
        }
        Ok(own)
    }
}

/// Reads a key and refuses an unknown one, so that the error points at the key.
struct KnownKey<'a> {
    known: &'a [&'a str],
}

impl<'de> DeserializeSeed<'de> for KnownKey<'_> {
    type Value = String;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        use serde::de::Error as _;
        let key = String::deserialize(deserializer)?;
        if self.known.contains(&key.as_str()) {
            return Ok(key);
        }
        let known = self.known.iter().copied();
        Err(D::Error::custom(format!("unknown key `{key}`\n{}", crate::fault::hint(&key, known))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "env = \"local\"\ntrials = 3\nretries = 1\nseed = 7\n[sgd]\nworkers = [2]\n";

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {
        workers: Vec<u32>,
    }

    fn parse(text: &str) -> anyhow::Result<ProfileFile> {
        ProfileFile::parse::<Params>(text, "sgd", &["sgd", "matrices"])
    }

    #[test]
    fn reads_the_common_settings_and_its_own_section() {
        let file = parse(&format!("{GOOD}[matrices]\nanything = true\n")).unwrap();
        assert_eq!((file.trials, file.seed), (3, 7));
        assert_eq!(file.section.keys().collect::<Vec<_>>(), ["workers"]);
    }

    #[test]
    fn an_experiment_may_have_trials_of_its_own() {
        let trials_of = |experiments: &str| {
            parse(&GOOD.replace("retries", &format!("trials-of = {{ {experiments} }}\nretries")))
        };
        assert_eq!(trials_of("sgd = 9, matrices = 5").unwrap().trials, 9);
        assert_eq!(trials_of("matrices = 5").unwrap().trials, 3);
        insta::assert_snapshot!(trials_of("matrics = 5").unwrap_err(), @"
        TOML parse error at line 3, column 15
          |
        3 | trials-of = { matrics = 5 }
          |               ^^^^^^^
        unknown key `matrics`
        (hint: did you mean `matrices`?)
        ");
        let none = trials_of("sgd = 0").unwrap_err().to_string();
        assert!(none.contains("line 3"), "{none}");
    }

    #[test]
    fn an_unknown_key_is_named_with_line_and_column() {
        let error = parse(&GOOD.replace("retries", "retires")).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"
        TOML parse error at line 3, column 1
          |
        3 | retires = 1
          | ^^^^^^^
        unknown key `retires`
        (hint: did you mean `retries`?)
        ");
    }

    #[test]
    fn an_unknown_section_is_named_with_line_and_column() {
        let error = parse(&GOOD.replace("[sgd]", "[sdg]")).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"
        TOML parse error at line 5, column 2
          |
        5 | [sdg]
          |  ^^^
        unknown key `sdg`
        (hint: did you mean `sgd`?)
        ");
    }

    #[test]
    fn an_unknown_knob_is_named_with_line_and_column() {
        let error = parse(&GOOD.replace("workers", "worker")).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"
        TOML parse error at line 6, column 1
          |
        6 | worker = [2]
          | ^^^^^^
        unknown field `worker`, expected `workers`
        ");
    }

    #[test]
    fn the_limits_of_roles_are_read() {
        let file = parse(&format!("{GOOD}[resources.worker]\ncpus = 0.5\n")).unwrap();
        assert_eq!(file.resources["worker"].cpus, Some(0.5));
        assert_eq!(parse(GOOD).unwrap().resources, RoleLimits::new());
    }

    #[test]
    fn an_unknown_limit_is_named_with_line_and_column() {
        let text = format!("{GOOD}[resources.worker]\ncpu = 0.5\n");
        insta::assert_snapshot!(parse(&text).unwrap_err(), @"
        TOML parse error at line 8, column 1
          |
        8 | cpu = 0.5
          | ^^^
        unknown field `cpu`, expected one of `cpus`, `memory-bytes`, `disk-bytes`
        ");
    }

    #[test]
    fn zero_trials_are_refused() {
        let error = parse(&GOOD.replace("trials = 3", "trials = 0")).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
