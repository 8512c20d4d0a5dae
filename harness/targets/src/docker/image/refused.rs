//! Why a daemon did not take or get an image, in words.

use anyhow::anyhow;
use bollard::errors::Error;

use crate::{docker::daemon::Refusal as _, target::Unavailable};

/// The daemon's own words, and what to do if its disk is full.
pub(crate) fn refused(error: Error) -> anyhow::Error {
    let error = match error {
        Error::DockerStreamError { error } => anyhow!("the Docker daemon says: {}", error.trim()),
        error => error.explain(),
    };
    if error.to_string().contains("no space left on device") {
        return anyhow!(Unavailable(format!(
            "{error}\n(hint: make room where the daemon keeps its data; \
             `docker system df` shows what takes it)"
        )));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_of_the_daemon_is_named_with_the_remedy() {
        let error = "write /layer.tar: no space left on device\n".to_owned();
        insta::assert_snapshot!(refused(Error::DockerStreamError { error }), @r"
        the Docker daemon says: write /layer.tar: no space left on device
        (hint: make room where the daemon keeps its data; `docker system df` shows what takes it)
        ");
    }
}
