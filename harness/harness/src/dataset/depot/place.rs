//! What people type for another place: a URL, or a host as rsync writes it.

use std::str::FromStr;

use super::Depot;
use crate::fault::Fault;

/// A place outside this machine's cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A folder of an object store, such as `s3://bucket/folder`.
    Url(String),
    /// A folder that rsync reaches: `user@host:/folder`, `rsync://host/module`.
    Host(String),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_rsync = text.starts_with("rsync://");
        if !is_rsync && text.contains("://") {
            return Ok(Self::Url(text.trim_end_matches('/').to_owned()));
        }
        // As rsync has it: a colon before any slash ends a host's name. An
        // option would be taken for one.
        let host = text.split_once(':').filter(|(host, _)| !host.contains('/'));
        if is_rsync || host.is_some_and(|(host, _)| !host.is_empty() && !host.starts_with('-')) {
            return Ok(Self::Host(text.trim_end_matches('/').to_owned()));
        }
        Err("expected the URL of a folder (s3://BUCKET/FOLDER, file:///FOLDER) \
             or [USER@]HOST:FOLDER"
            .to_owned())
    }
}

impl Place {
    pub(super) fn open(&self) -> anyhow::Result<Box<dyn Depot>> {
        match self {
            Self::Host(remote) => Ok(Box::new(super::host::Host::new(remote))),
            #[cfg(feature = "object-store")]
            Self::Url(url) => Ok(Box::new(super::bucket::Bucket::open(url)?)),
            #[cfg(not(feature = "object-store"))]
            Self::Url(url) => Err(Fault::unavailable(format!(
                "this build reaches no object store such as {url}\n\
                 (hint: `cargo xtask data` builds one that does, with --features object-store)"
            ))),
        }
    }

    /// A shortfall of this place.
    pub(super) fn lacks(&self, what: &anyhow::Error) -> anyhow::Error {
        let (Self::Url(text) | Self::Host(text)) = self;
        Fault::unavailable(format!("{text}: {what:#}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&Place>) {
        assert_eq!(text.parse::<Place>().ok().as_ref(), expected);
    }

    #[test]
    fn a_url_is_of_an_object_store_and_a_colon_names_a_host() {
        let url = |text: &str| Place::Url(text.to_owned());
        let host = |text: &str| Place::Host(text.to_owned());
        check("s3://bucket/data/", Some(&url("s3://bucket/data")));
        check("file:///tmp/data", Some(&url("file:///tmp/data")));
        check("me@there:some/data/", Some(&host("me@there:some/data")));
        check("rsync://there/module", Some(&host("rsync://there/module")));
    }

    #[test]
    fn a_bare_path_or_an_option_is_refused() {
        for text in ["/tmp/data", "./a:b", "-e:sh", ":data"] {
            check(text, None);
        }
    }
}
