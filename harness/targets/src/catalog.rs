//! The targets that this build knows.

use crate::{settings::Settings, target::Target};

/// One of each target whose feature is compiled in.
#[must_use]
pub fn all(settings: &Settings) -> Vec<Box<dyn Target>> {
    // Not every target has settings.
    let _ = settings;
    vec![
        #[cfg(feature = "local")]
        Box::new(crate::local::Local::default()),
        #[cfg(feature = "docker")]
        Box::new(crate::docker::Docker::new(&settings.docker)),
    ]
}
