//! The targets by name: those that are compiled in, and those that could be.

use targets::{catalog, target::Target};

use crate::fault::Fault;

/// Every target that there is; each is also the feature that compiles it in.
pub(crate) const NAMES: [&str; 1] = ["local"];

/// Whether the target of that name is compiled in.
#[must_use]
pub(crate) fn is_compiled_in(name: &str) -> bool {
    catalog::all().iter().any(|target| target.name() == name)
}

/// The target of that name.
///
/// # Errors
/// A usage error for an unknown name; a shortfall if it was not compiled in.
pub(crate) fn target_named(name: &str) -> anyhow::Result<Box<dyn Target>> {
    if let Some(target) = catalog::all().into_iter().find(|target| target.name() == name) {
        return Ok(target);
    }
    if NAMES.contains(&name) {
        return Err(Fault::unavailable(format!(
            "the target `{name}` is not compiled in\n(hint: add `--features {name}`)"
        )));
    }
    Err(Fault::usage(format!("no target `{name}`\n(hint: there is {})", NAMES.join(", "))))
}
