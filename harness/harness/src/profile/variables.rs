//! A role's extra environment variables, whose secrets no run directory holds.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};

/// What a name ends in whose value nobody should read in a report.
const SECRET: [&str; 5] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIALS"];

/// Refuses secrets in plain text: an environment file is copied into manifest
/// and report.
///
/// # Errors
/// If a variable that is named like a secret has a plain value.
pub(super) fn check(role: &str, variables: &BTreeMap<String, String>) -> anyhow::Result<()> {
    for (name, value) in variables {
        let is_secret = SECRET.iter().any(|end| name.to_uppercase().ends_with(end));
        ensure!(
            !is_secret || source(value).is_some(),
            "role `{role}` has {name} in plain text, which would end in the report\n\
             (hint: write {name} = \"{{env:{name}}}\" and set the variable before the run)"
        );
    }
    Ok(())
}

/// The variables with those filled in that `{env:NAME}` takes from `user`'s.
///
/// # Errors
/// If one is not set.
pub(super) fn fill(
    role: &str,
    variables: &BTreeMap<String, String>,
    user: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let filled = variables.iter().map(|(name, value)| {
        let value = match source(value) {
            None => value.clone(),
            Some(source) => user(source).with_context(|| {
                format!(
                    "role `{role}` takes {name} from the variable {source}, which is not set\n\
                     (hint: export {source}=…)"
                )
            })?,
        };
        Ok((name.clone(), value))
    });
    filled.collect()
}

/// The name in `{env:NAME}`.
fn source(value: &str) -> Option<&str> {
    value.strip_prefix("{env:")?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_secret_in_plain_text_is_refused() {
        let error = check("kv", &variables("REDIS_PASSWORD", "hunter2")).unwrap_err();
        insta::assert_snapshot!(error, @r#"
        role `kv` has REDIS_PASSWORD in plain text, which would end in the report
        (hint: write REDIS_PASSWORD = "{env:REDIS_PASSWORD}" and set the variable before the run)
        "#);
    }

    #[test]
    fn a_secret_of_the_users_own_variables_and_what_is_no_secret_pass() {
        check("kv", &variables("REDIS_PASSWORD", "{env:PW}")).unwrap();
        check("kv", &variables("KEYSPACE", "0")).unwrap();
    }

    #[test]
    fn a_variable_takes_the_users_value() {
        let user = |name: &str| (name == "PW").then(|| "hunter2".to_owned());
        let filled = fill("kv", &variables("REDIS_PASSWORD", "{env:PW}"), user).unwrap();
        assert_eq!(filled, variables("REDIS_PASSWORD", "hunter2"));
    }

    #[test]
    fn one_that_is_not_set_is_told() {
        let error = fill("kv", &variables("PASSWORD", "{env:PW}"), |_| None).unwrap_err();
        insta::assert_snapshot!(error, @"
        role `kv` takes PASSWORD from the variable PW, which is not set
        (hint: export PW=…)
        ");
    }
}
