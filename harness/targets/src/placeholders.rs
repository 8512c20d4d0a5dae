//! Filling in what only the target knows: addresses, ports, the directory.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use anyhow::Context as _;

/// The values of one instance's placeholders.
pub(crate) struct Values<'a> {
    pub(crate) addresses: &'a BTreeMap<String, SocketAddr>,
    pub(crate) dir: &'a Path,
}

impl Values<'_> {
    /// Replaces `{addr:NAME}`, `{port:NAME}` and `{dir}`; other braces stay.
    pub(crate) fn fill(&self, text: &str) -> anyhow::Result<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            match after.split_once('}').map(|(name, tail)| (self.value(name), tail)) {
                Some((Some(value), tail)) => {
                    let value = value.with_context(|| format!("fill in `{text}`"))?;
                    filled.push_str(&value);
                    rest = tail;
                }
                _ => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// `None` if the name is not one of a placeholder.
    fn value(&self, name: &str) -> Option<anyhow::Result<String>> {
        if name == "dir" {
            return Some(Ok(self.dir.display().to_string()));
        }
        let (kind, port) = name.split_once(':')?;
        let address = self.addresses.get(port).with_context(|| {
            format!("the role declares no port `{port}` (hint: name it in the role's ports)")
        });
        match kind {
            "addr" => Some(address.map(ToString::to_string)),
            "port" => Some(address.map(|address| address.port().to_string())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> Result<String, String> {
        let addresses = BTreeMap::from([("http".to_owned(), "127.0.0.1:80".parse().unwrap())]);
        let values = Values { addresses: &addresses, dir: Path::new("/d") };
        values.fill(text).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn placeholders_are_filled_in() {
        assert_eq!(fill("--listen={addr:http}").unwrap(), "--listen=127.0.0.1:80");
        assert_eq!(fill("{port:http},{dir}/x").unwrap(), "80,/d/x");
    }

    #[test]
    fn other_braces_stay() {
        for text in [r#"{"a":1}"#, "{", "}", "{}", "{dirs}", "${HOME}"] {
            assert_eq!(fill(text).unwrap(), text);
        }
        assert_eq!(fill(r#"{"dir":"{dir}"}"#).unwrap(), r#"{"dir":"/d"}"#);
    }

    #[test]
    fn a_port_that_the_role_does_not_declare_is_an_error() {
        let error = fill("{port:grpc}").unwrap_err();
        assert!(error.contains("`{port:grpc}`") && error.contains("no port `grpc`"), "{error}");
    }
}
