//! The targets by name: those that are compiled in, and those that could be.

use targets::{
    catalog,
    settings::Settings,
    target::{Shortfall, Target},
};

use crate::fault::Fault;

/// Every target that there is; each is also the feature that compiles it in.
pub(crate) const NAMES: [&str; 2] = ["local", "docker"];

/// The target of that name with its usual settings, if it is compiled in.
#[must_use]
pub(crate) fn compiled_in(name: &str) -> Option<Box<dyn Target>> {
    catalog::all(&Settings::default()).into_iter().find(|target| target.name() == name)
}

/// The first thing that the machine lacks for a target, as an error says it.
pub(crate) async fn first_shortfall(target: &dyn Target) -> Option<String> {
    let Shortfall { missing, mend } = target.shortfalls().await.into_iter().next()?;
    Some(format!("{missing}\n(hint: {mend})"))
}

/// The target of that name.
///
/// # Errors
/// A usage error for an unknown name; a shortfall if it was not compiled in.
pub(crate) fn target_named(name: &str, settings: &Settings) -> anyhow::Result<Box<dyn Target>> {
    if let Some(target) = catalog::all(settings).into_iter().find(|target| target.name() == name) {
        return Ok(target);
    }
    if NAMES.contains(&name) {
        return Err(Fault::unavailable(format!(
            "the target `{name}` is not compiled in\n(hint: add `--features {name}`)"
        )));
    }
    Err(Fault::usage(format!("no target `{name}`\n(hint: there is {})", NAMES.join(", "))))
}
