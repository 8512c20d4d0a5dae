//! The targets by name, and why one cannot be used here.

use std::sync::Arc;

use targets::{catalog, settings::Settings, target::Target};

use crate::Trials;

/// Every target that the tests of all targets are tried on; each is also the
/// feature that compiles it in.
pub const TARGETS: [&str; 2] = ["local", "docker"];

/// The target of that name.
///
/// # Errors
/// In words, what is lacking and the command that mends it.
pub fn usable_target(name: &str, test: &str) -> Result<Arc<dyn Target>, String> {
    let compiled_in = catalog::all(&Settings::default());
    let Some(target) = compiled_in.into_iter().find(|target| target.name() == name) else {
        return Err(format!(
            "needs the feature `{name}` \
             (hint: cargo test -p workspace-tests --test {test} --features {name})"
        ));
    };
    match Trials::block_on(target.shortfalls()).first() {
        Some(lacking) => Err(format!("{} (hint: {})", lacking.missing, lacking.mend)),
        None => Ok(Arc::from(target)),
    }
}
