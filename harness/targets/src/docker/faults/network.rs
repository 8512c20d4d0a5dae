//! Where an instance is in its network, for rules about its packets.

use std::net::Ipv4Addr;

use anyhow::Context as _;

use super::state::Faults;
use crate::docker::{daemon::Refusal as _, instance::Running, subnet};

/// The interface of a container in its testbed's network.
pub(super) const INTERFACE: &str = "eth0";

/// An instance's place in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) address: Ipv4Addr,
    prefix: u32,
}

impl Location {
    /// The first address of the network: the bridge's, never an instance's.
    pub(super) fn neighbour(self) -> Ipv4Addr {
        Ipv4Addr::from((u32::from(self.address) & subnet::mask(self.prefix)) + 1)
    }
}

impl Faults {
    /// Where the instance is; an error if it does not run.
    pub(super) async fn locate(&self, running: &Running) -> anyhow::Result<Location> {
        running.expect_alive()?;
        let api = self.daemon.api().await?;
        let inspected = api.inspect_container(&running.container, None).await;
        let inspected = inspected.map_err(|error| error.explain())?;
        let networks = inspected.network_settings.and_then(|settings| settings.networks);
        // Somebody may have attached it to others.
        let endpoint = networks.and_then(|mut networks| networks.remove(&self.network));
        let location = endpoint.and_then(|endpoint| {
            let address = endpoint.ip_address?.parse().ok()?;
            Some(Location { address, prefix: u32::try_from(endpoint.ip_prefix_len?).ok()? })
        });
        location.with_context(|| format!("{} has no address any more", running.instance.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neighbour_of_an_instance_is_the_bridge() {
        let location = Location { address: Ipv4Addr::new(10, 64, 7, 2), prefix: 22 };
        assert_eq!(location.neighbour(), Ipv4Addr::new(10, 64, 4, 1));
    }
}
