//! `[resources.ROLE]`: what each instance of a role may use.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};
use targets::role::Resources;

/// The limits of roles, by the role's name.
pub(crate) type RoleLimits = BTreeMap<String, Resources>;

/// [`Resources`], read strictly: what makes no sense is refused where it stands.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Limits {
    #[serde(default, deserialize_with = "processors")]
    cpus: Option<f64>,
    #[serde(default, deserialize_with = "bytes")]
    memory_bytes: Option<u64>,
    #[serde(default, deserialize_with = "bytes")]
    disk_bytes: Option<u64>,
}

/// The sections of all roles.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Sections(BTreeMap<String, Limits>);

impl Sections {
    /// What the sections say.
    pub(super) fn into_limits(self) -> RoleLimits {
        self.0.into_iter().map(|(role, limits)| (role, limits.into())).collect()
    }
}

impl From<Limits> for Resources {
    fn from(Limits { cpus, memory_bytes, disk_bytes }: Limits) -> Self {
        Self { cpus, memory_bytes, disk_bytes }
    }
}

/// Sets one limit of one role, as `--set resources.ROLE.KEY=VALUE` says it.
///
/// # Errors
/// If there is no such limit, or the value makes no sense.
pub(super) fn set(
    limits: &mut RoleLimits,
    role: &str,
    key: &str,
    value: toml::Value,
) -> anyhow::Result<()> {
    let earlier = limits.get(role).copied().unwrap_or_default();
    let mut table = toml::Table::try_from(earlier)?;
    table.insert(key.to_owned(), value);
    let changed: Limits = table
        .try_into()
        .map_err(|error: toml::de::Error| anyhow::anyhow!("{}", error.message()))?;
    limits.insert(role.to_owned(), changed.into());
    Ok(())
}

/// Less than a hundredth of a processor is a slip of the pen, and no target
/// could enforce it.
fn processors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let cpus = f64::deserialize(deserializer)?;
    if cpus.is_finite() && cpus >= 0.01 {
        return Ok(Some(cpus));
    }
    Err(D::Error::custom(format!("{cpus} is no number of processors: at least 0.01")))
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match u64::deserialize(deserializer)? {
        0 => Err(D::Error::custom("0 bytes are no limit to live with: at least 1")),
        n_bytes => Ok(Some(n_bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Resources, String> {
        let limits = toml::from_str::<Limits>(text);
        limits.map(Resources::from).map_err(|error| error.to_string())
    }

    #[test]
    fn a_limit_that_is_not_named_is_none() {
        let expected = Resources { cpus: Some(2.0), ..Resources::default() };
        assert_eq!(parse("cpus = 2").unwrap(), expected);
        assert_eq!(parse("").unwrap(), Resources::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused_where_it_stands() {
        insta::assert_snapshot!(parse("memory-bytes = 1\ncpus = -1.0").unwrap_err(), @r"
        TOML parse error at line 2, column 8
          |
        2 | cpus = -1.0
          |        ^^^^
        -1 is no number of processors: at least 0.01
        ");
        insta::assert_snapshot!(parse("memory-bytes = 0").unwrap_err(), @r"
        TOML parse error at line 1, column 16
          |
        1 | memory-bytes = 0
          |                ^
        0 bytes are no limit to live with: at least 1
        ");
        insta::assert_snapshot!(parse("memory = 1").unwrap_err(), @r"
        TOML parse error at line 1, column 1
          |
        1 | memory = 1
          | ^^^^^^
        unknown field `memory`, expected one of `cpus`, `memory-bytes`, `disk-bytes`
        ");
    }

    #[test]
    fn setting_one_limit_keeps_the_others() {
        let memory = Resources { memory_bytes: Some(7), ..Resources::default() };
        let mut limits = RoleLimits::from([("worker".to_owned(), memory)]);
        set(&mut limits, "worker", "cpus", toml::Value::Float(0.5)).unwrap();
        assert_eq!(limits["worker"], Resources { cpus: Some(0.5), ..memory });
    }
}
