//! Listening TCP sockets and the processes that hold them.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    pub(crate) uid: u32,
    pub(crate) inode: u64,
}

/// All listening TCP sockets of this network namespace.
pub(crate) fn listeners() -> Vec<Listener> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|text| text.lines().skip(1).filter_map(parse).collect::<Vec<_>>())
        .collect()
}

/// The holders of sockets, by inode; the first that is found of each.
pub(crate) fn holders(pids: impl IntoIterator<Item = u32>) -> BTreeMap<u64, u32> {
    let mut holders = BTreeMap::new();
    for pid in pids {
        let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for entry in entries.filter_map(Result::ok) {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            let inode = target
                .to_str()
                .and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            if let Some(inode) = inode {
                holders.entry(inode).or_insert(pid);
            }
        }
    }
    holders
}

/// One line of /proc/net/tcp or tcp6, if it is that of a listener.
fn parse(line: &str) -> Option<Listener> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    if *fields.get(3)? != LISTEN {
        return None;
    }
    let (address, port) = fields.get(1)?.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(Listener {
        address: parse_address(address, port)?,
        uid: fields.get(7)?.parse().ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// Addresses are printed as 32-bit words of the machine's byte order.
fn parse_address(hex: &str, port: u16) -> Option<SocketAddr> {
    let words: Vec<u32> = (0..hex.len() / 8)
        .map(|i| u32::from_str_radix(hex.get(i * 8..i * 8 + 8)?, 16).ok())
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
    match bytes.len() {
        4 => Some((Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?), port).into()),
        16 => Some((Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?), port).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn a_listener_is_read() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 \
                    1000        0 12345 1 0000000000000000 100 0 0 10 0";
        let expected =
            Listener { address: "127.0.0.1:8080".parse().unwrap(), uid: 1000, inode: 12345 };
        assert_eq!(parse(line), Some(expected));
    }

    #[test]
    fn a_connection_is_no_listener() {
        let line = "   0: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000 \
                    1000        0 12345 1 0000000000000000 100 0 0 10 0";
        assert_eq!(parse(line), None);
    }

    #[test]
    fn our_own_listener_is_found_with_its_holder() {
        let ours = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = ours.local_addr().unwrap();
        let found = listeners().into_iter().find(|listener| listener.address == address).unwrap();
        let holders = holders([std::process::id()]);
        assert_eq!(holders.get(&found.inode), Some(&std::process::id()));
    }

    #[test]
    fn our_own_listener_on_ipv6_is_found() {
        let Ok(ours) = std::net::TcpListener::bind("[::1]:0") else {
            eprintln!("not shown here: this machine has no IPv6 loopback");
            return;
        };
        let address = ours.local_addr().unwrap();
        assert!(listeners().iter().any(|listener| listener.address == address));
    }
}
