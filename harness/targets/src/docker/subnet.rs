//! Subnets of testbeds: where they come from, and the addresses in them.

use std::{fmt, net::Ipv4Addr};

use anyhow::{Context as _, ensure};

/// Whence networks are taken unless the environment says otherwise.
pub(crate) const USUAL_POOL: &str = "10.64.0.0/10";

/// The prefix length of a testbed's network: a thousand instances fit.
const PREFIX: u32 = 22;

/// A block of IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subnet {
    first: u32,
    prefix: u32,
}

impl Subnet {
    /// Reads a block such as `10.64.0.0/10`.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let parts = text.split_once('/').and_then(|(address, prefix)| {
            let address: Ipv4Addr = address.parse().ok()?;
            Some((u32::from(address), prefix.parse::<u32>().ok()?))
        });
        let (address, prefix) = parts.with_context(|| {
            format!("`{text}` is no block of addresses (hint: such as `{USUAL_POOL}`)")
        })?;
        ensure!(
            (8..=PREFIX).contains(&prefix),
            "the block `{text}` does not suit (hint: a prefix between 8 and {PREFIX})"
        );
        Ok(Self { first: address & mask(prefix), prefix })
    }

    /// The `nth` network that a testbed may take of this block. The numbers
    /// wrap around.
    pub(crate) fn network(self, nth: u64) -> Self {
        let n_networks = 1_u64 << (PREFIX - self.prefix);
        let offset = (nth % n_networks) << (32 - PREFIX);
        Self { first: self.first + offset as u32, prefix: PREFIX }
    }

    /// The address of the `nth` instance; the first is the bridge's own.
    pub(crate) fn address(self, nth: usize) -> anyhow::Result<Ipv4Addr> {
        // The network's, the bridge's and the broadcast address are taken.
        let n_addresses = (1_usize << (32 - self.prefix)) - 3;
        ensure!(nth < n_addresses, "a testbed's network {self} has {n_addresses} addresses");
        Ok(Ipv4Addr::from(self.first + 2 + nth as u32))
    }

    /// Whether an address is in both.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        let shorter = self.prefix.min(other.prefix);
        self.first & mask(shorter) == other.first & mask(shorter)
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", Ipv4Addr::from(self.first), self.prefix)
    }
}

/// The blocks that this machine already has routes to.
pub(crate) fn routed() -> Vec<Subnet> {
    let table = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    parse_routes(&table)
}

fn parse_routes(table: &str) -> Vec<Subnet> {
    let block = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // The kernel prints addresses as they lie in memory.
        let number =
            |field: usize| Some(u32::from_str_radix(fields.get(field)?, 16).ok()?.swap_bytes());
        let (first, mask) = (number(1)?, number(7)?);
        // The default route leads everywhere and takes nothing.
        (mask != 0).then(|| Subnet { first, prefix: mask.count_ones() })
    };
    table.lines().skip(1).filter_map(block).collect()
}

/// The mask of a prefix of this length.
pub(crate) fn mask(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Subnet {
        Subnet::parse(USUAL_POOL).unwrap()
    }

    #[test]
    fn networks_of_a_pool_are_disjoint_and_wrap_around() {
        let [a, b] = [0, 1].map(|nth| pool().network(nth));
        assert_eq!([a.to_string(), b.to_string()], ["10.64.0.0/22", "10.64.4.0/22"]);
        assert!(!a.overlaps(b) && a.overlaps(pool()));
        assert_eq!(pool().network(1 << 12), a);
        assert_eq!(pool().network((1 << 12) - 1).to_string(), "10.127.252.0/22");
    }

    #[test]
    fn instances_have_addresses_from_the_second_on() {
        let network = pool().network(0);
        assert_eq!(network.address(0).unwrap().to_string(), "10.64.0.2");
        assert_eq!(network.address(1020).unwrap().to_string(), "10.64.3.254");
        let error = network.address(1021).unwrap_err().to_string();
        assert_eq!(error, "a testbed's network 10.64.0.0/22 has 1021 addresses");
    }

    #[test]
    fn a_block_that_is_none_is_refused() {
        for text in ["", "10.0.0.0", "10.0.0/8", "10.0.0.0/7", "10.0.0.0/24", "::/64"] {
            assert!(Subnet::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn routes_are_read_without_the_default_one() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
                     eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\n\
                     docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n";
        let [docker0] = parse_routes(table).try_into().unwrap();
        assert_eq!(docker0.to_string(), "172.17.0.0/16");
        assert!(!docker0.overlaps(pool()));
    }
}
