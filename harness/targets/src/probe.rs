//! Whether an instance's readiness condition holds now: one look, no waiting.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use anyhow::Context as _;
use tokio::net::TcpStream;

use crate::{http, role::Probe};

/// The longest that one look may take; a slow answer is looked for again.
const LOOK: Duration = Duration::from_secs(1);

/// A probe whose port has become an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// `GET path` answers 2xx.
    Http { address: SocketAddr, path: String },
    /// The address accepts connections.
    Tcp { address: SocketAddr },
    /// Always true.
    Started,
}

impl Condition {
    /// Resolves the probe's port name.
    pub(crate) fn of(
        probe: &Probe,
        addresses: &BTreeMap<String, SocketAddr>,
    ) -> anyhow::Result<Self> {
        let address = |port: &str| {
            addresses.get(port).copied().with_context(|| {
                format!("the probe names the port `{port}`, which the role does not declare")
            })
        };
        Ok(match probe {
            Probe::Http { port, path } => {
                Self::Http { address: address(port)?, path: path.clone() }
            }
            Probe::Tcp { port } => Self::Tcp { address: address(port)? },
            Probe::Started => Self::Started,
        })
    }

    /// Looks once.
    pub(crate) async fn holds(&self) -> bool {
        match self {
            Self::Http { address, path } => http::get(*address, path, LOOK)
                .await
                .is_ok_and(|answer| (200..300).contains(&answer.status)),
            Self::Tcp { address } => {
                matches!(tokio::time::timeout(LOOK, TcpStream::connect(address)).await, Ok(Ok(_)))
            }
            Self::Started => true,
        }
    }

    /// What is waited for, to complete "gave up waiting for …".
    pub(crate) fn describe(&self, instance: &str) -> String {
        match self {
            Self::Http { address, path } => format!("{instance} to answer {path} on {address}"),
            Self::Tcp { address } => format!("{instance} to accept connections on {address}"),
            Self::Started => format!("{instance} to start"),
        }
    }
}
