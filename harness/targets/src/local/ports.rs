//! Ports for instances: below the range from which the kernel picks the ports
//! of outgoing connections, so that none of those can take one.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr as UnixAddress, UnixListener},
    },
};

use anyhow::Context as _;
use tokio::net::TcpSocket;

/// Ports below this belong to well-known services.
const LOWEST: u16 = 10_000;

/// A port that no other driver on this machine will choose while this lives.
///
/// The claim is a name in the abstract socket namespace: atomic, as local to a
/// network namespace as ports are, and gone with the process that made it.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) port: u16,
    _name: UnixListener,
}

/// Claims a free port; `seed` decides where the search starts.
pub(crate) fn claim(seed: &str) -> anyhow::Result<Claim> {
    let range = range()?;
    let n_ports = range.len();
    let mut hasher = DefaultHasher::new();
    seed.hash(&mut hasher);
    let first = usize::try_from(hasher.finish() % n_ports as u64).expect("it is below n_ports");
    range
        .clone()
        .cycle()
        .skip(first)
        .take(n_ports)
        .find_map(try_claim)
        .with_context(|| format!("every port from {} to {} is in use", range.start, range.end - 1))
}

fn try_claim(port: u16) -> Option<Claim> {
    let name = UnixAddress::from_abstract_name(format!("reprise-port-{port}")).ok()?;
    let name = UnixListener::bind_addr(&name).ok()?;
    is_free(port).then_some(Claim { port, _name: name })
}

/// Whether a listener without SO_REUSEADDR could have the port now.
fn is_free(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpSocket::new_v4().and_then(|socket| socket.bind(address)).is_ok()
}

fn range() -> anyhow::Result<Range<u16>> {
    let path = "/proc/sys/net/ipv4/ip_local_port_range";
    let text = fs::read_to_string(path).with_context(|| format!("read {path}"))?;
    outside_ephemeral(&text)
        .with_context(|| format!("{path} leaves no ports to listen on (hint: set 32768 60999)"))
}

/// The wider of the ranges below and above the ephemeral one.
fn outside_ephemeral(text: &str) -> Option<Range<u16>> {
    let mut bounds = text.split_whitespace().map(str::parse::<u16>);
    let (lowest, highest) = (bounds.next()?.ok()?, bounds.next()?.ok()?);
    let below = LOWEST..lowest.max(LOWEST);
    let above = highest.max(LOWEST)..u16::MAX;
    let widest = if below.len() >= above.len() { below } else { above.start + 1..above.end };
    (widest.len() >= 100).then_some(widest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_range_leaves_the_ports_below() {
        assert_eq!(outside_ephemeral("32768\t60999\n"), Some(10_000..32_768));
    }

    #[test]
    fn a_low_range_leaves_the_ports_above() {
        assert_eq!(outside_ephemeral("1024 40000"), Some(40_001..65_535));
    }

    #[test]
    fn a_range_of_everything_leaves_none() {
        assert_eq!(outside_ephemeral("1024 65535"), None);
        assert_eq!(outside_ephemeral("garbage"), None);
    }

    #[tokio::test]
    async fn a_claimed_port_is_not_claimed_twice() {
        let first = claim("same").unwrap();
        let second = claim("same").unwrap();
        assert_ne!(first.port, second.port);
    }

    #[tokio::test]
    async fn a_port_in_use_is_not_claimed() {
        let first = claim("in use").unwrap();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, first.port)).unwrap();
        assert!(!is_free(first.port));
        drop(listener);
    }
}
