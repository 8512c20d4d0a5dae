//! The text of a /proc/net/dev. Pure.

/// The bytes received and sent at the interfaces whose names `counts`; `None` if
/// there is no such interface.
pub(crate) fn sum(text: &str, counts: impl Fn(&str) -> bool) -> Option<(u64, u64)> {
    let bytes = |line: &str| {
        let (name, columns) = line.split_once(':')?;
        let columns: Vec<u64> = columns.split_whitespace().map_while(|n| n.parse().ok()).collect();
        // Eight columns for what was received, and then those for what was sent.
        counts(name.trim()).then_some((*columns.first()?, *columns.get(8)?))
    };
    let add = |sum: (u64, u64), one: (u64, u64)| (sum.0 + one.0, sum.1 + one.1);
    text.lines().filter_map(bytes).reduce(add)
}

/// Whether it is not the interface by which processes of one network reach
/// each other.
pub(crate) fn is_not_loopback(name: &str) -> bool {
    name != "lo"
}

#[cfg(test)]
mod tests {
    use super::*;

    const NET_DEV: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    2222      10    0    0    0     0          0         0     2222      10    0    0    0     0       0          0
  eth0:    1042      15    0    0    0     0          0         0   104857     700    0    0    0     0       0          0
";

    #[test]
    fn loopback_is_no_traffic_of_a_container() {
        assert_eq!(sum(NET_DEV, is_not_loopback), Some((1042, 104_857)));
    }

    #[test]
    fn it_is_traffic_of_a_host() {
        assert_eq!(sum(NET_DEV, |_| true), Some((3264, 107_079)));
    }

    #[test]
    fn a_second_interface_counts_too() {
        let two = format!("{NET_DEV}  eth1: 8 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n");
        assert_eq!(sum(&two, is_not_loopback), Some((1050, 104_864)));
    }

    #[test]
    fn without_an_interface_there_are_no_bytes() {
        let alone: String = NET_DEV.lines().take(3).map(|line| format!("{line}\n")).collect();
        assert_eq!(sum(&alone, is_not_loopback), None);
    }
}
