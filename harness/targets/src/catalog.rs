//! The targets that this build knows.

use crate::target::Target;

/// One of each target whose feature is compiled in.
#[must_use]
pub fn all() -> Vec<Box<dyn Target>> {
    vec![
        #[cfg(feature = "local")]
        Box::new(crate::local::Local::default()),
    ]
}
