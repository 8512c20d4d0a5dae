//! Where requests go: `http://HOST:PORT`.

use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs as _},
    str::FromStr,
};

use anyhow::{Context as _, ensure};

/// A server, as it was named and as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    authority: String,
    socket: SocketAddr,
}

impl Address {
    /// `HOST:PORT`, as the `Host` header has it.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The first address that the name has.
    #[must_use]
    pub fn socket(&self) -> SocketAddr {
        self.socket
    }
}

impl From<SocketAddr> for Address {
    fn from(socket: SocketAddr) -> Self {
        Self { authority: socket.to_string(), socket }
    }
}

impl FromStr for Address {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        let authority = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        let is_authority = authority
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        ensure!(
            is_authority,
            "`{url}` is no server\n(hint: http://HOST:PORT; --path has the rest)"
        );
        let mut sockets = authority
            .to_socket_addrs()
            .with_context(|| format!("find the address of `{authority}`"))?;
        let socket = sockets.next().with_context(|| format!("`{authority}` has no address"))?;
        Ok(Self { authority: authority.to_owned(), socket })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_url_without_a_path() {
        let address: Address = "http://127.0.0.1:8080/".parse().unwrap();
        assert_eq!(address.to_string(), "http://127.0.0.1:8080");
        assert_eq!(address, SocketAddr::from(([127, 0, 0, 1], 8080)).into());
    }

    #[test]
    fn what_is_no_server_is_refused() {
        let wrong = ["https://127.0.0.1:1", "127.0.0.1", ":80", "http://127.0.0.1:1/path"];
        let errors = wrong.map(|url| url.parse::<Address>().unwrap_err().to_string());
        insta::assert_snapshot!(errors.join("\n"), @r"
        find the address of `https://127.0.0.1:1`
        `127.0.0.1` is no server
        (hint: http://HOST:PORT; --path has the rest)
        `:80` is no server
        (hint: http://HOST:PORT; --path has the rest)
        `http://127.0.0.1:1/path` is no server
        (hint: http://HOST:PORT; --path has the rest)
        ");
    }
}
