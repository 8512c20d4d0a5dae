//! Which targets a command will use: each is a feature of what is built for it.
//!
//! A wrong guess is harmless: the binary says what is wrong with what was typed.

use std::{
    env,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::inventory;

/// The feature to build where nothing says otherwise; it is the lightest.
pub(crate) const LIGHTEST: &str = "local";

/// The target on which `exp` and `plan` run with these arguments: that of the
/// environment, which stands there or in the profile.
pub(crate) fn of_experiments(args: &[String]) -> String {
    let profile = || {
        let typed = value_of("--profile", args).map(str::to_owned);
        let name = typed.or_else(|| env::var("REPRISE_PROFILE").ok())?;
        text_in(&fixture("profiles", &name), "env")
    };
    let environment = value_of("--env", args).map(str::to_owned).or_else(profile);
    environment
        .and_then(|name| text_in(&fixture("envs", &name), "target"))
        .unwrap_or_else(|| LIGHTEST.to_owned())
}

/// What `data` needs beyond a target: the client of an object store, if what was
/// typed is the URL of one.
pub(crate) fn of_data(args: &[String]) -> Option<&'static str> {
    let place = value_of("--to", args).or_else(|| value_of("--from", args))?;
    let travels = args.iter().any(|arg| arg == "upload" || arg == "download");
    let is_url = place.contains("://") && !place.starts_with("rsync://");
    (travels && is_url).then_some("object-store")
}

/// The target of a run, by its manifest.
pub(crate) fn of_run(manifest: &Value) -> String {
    manifest["environment"]["target"].as_str().unwrap_or(LIGHTEST).to_owned()
}

/// The target, if the system has it; what it lacks its driver knows to explain.
pub(crate) fn known_to<'a>(system: &str, target: &'a str) -> &'a str {
    let manifest = inventory::root().join("experiments").join(system).join("Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap_or_default();
    let manifest = manifest.parse::<toml::Table>().unwrap_or_default();
    let has = manifest.get("features").is_some_and(|features| features.get(target).is_some());
    if has { target } else { LIGHTEST }
}

/// What was typed after an option, apart or joined by `=`.
pub(crate) fn value_of<'a>(option: &str, args: &'a [String]) -> Option<&'a str> {
    let joined = format!("{option}=");
    args.iter()
        .find_map(|arg| arg.strip_prefix(&joined))
        .or_else(|| args.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1].as_str()))
}

/// A fixture by its name or its path, as the harness finds it too.
fn fixture(folder: &str, wanted: &str) -> PathBuf {
    let named = inventory::root().join("fixtures").join(folder).join(format!("{wanted}.toml"));
    if named.is_file() { named } else { PathBuf::from(wanted) }
}

fn text_in(file: &Path, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    Some(text.parse::<toml::Table>().ok()?.get(key)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        let args: Vec<_> = typed.split_whitespace().map(str::to_owned).collect();
        assert_eq!(of_experiments(&args), expected);
    }

    #[test]
    fn only_an_object_store_needs_its_client() {
        let check = |typed: &str, expected| {
            let args: Vec<_> = typed.split_whitespace().map(str::to_owned).collect();
            assert_eq!(of_data(&args), expected, "{typed}");
        };
        check("upload rcv1 --to s3://bucket/data", Some("object-store"));
        check("download rcv1 --from=file:///data", Some("object-store"));
        check("upload rcv1 --to me@there:data", None);
        check("download rcv1 --from rsync://there/data", None);
        check("prepare rcv1 --from https://there/rcv1.gz", None);
        check("list", None);
    }

    #[test]
    fn the_profiles_environment_decides_and_an_environment_that_was_typed_outranks_it() {
        check("sgd --profile docker", "docker");
        check("--profile=docker sgd", "docker");
        check("sgd --profile docker --env local", "local");
        check("sgd --profile smoke --env=docker-redis", "docker");
        check("sgd --profile smoke", "local");
    }

    #[test]
    fn what_cannot_be_read_is_left_to_the_lightest_build() {
        check("sgd --profile no-such-profile", LIGHTEST);
        check("sgd --env /no/such/file.toml", LIGHTEST);
        check("sgd --profile", LIGHTEST);
    }

    #[test]
    fn a_target_that_a_system_lacks_is_not_asked_of_cargo() {
        let systems = inventory::systems().unwrap();
        assert_eq!(known_to(&systems[0], "docker"), "docker");
        assert_eq!(known_to(&systems[0], "no-such-target"), LIGHTEST);
    }

    #[test]
    fn a_run_knows_its_target() {
        let manifest = serde_json::json!({ "environment": { "target": "docker" } });
        assert_eq!(of_run(&manifest), "docker");
        assert_eq!(of_run(&Value::Null), LIGHTEST);
    }
}
