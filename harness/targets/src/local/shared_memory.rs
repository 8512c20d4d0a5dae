//! System V shared memory segments, which live until somebody removes them.

use std::fs;

/// One segment of /proc/sysvipc/shm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) id: i32,
    pub(crate) creator: u32,
    pub(crate) uid: u32,
    /// When it was created or last changed, in seconds since 1970.
    pub(crate) changed_at_s: u64,
}

/// All segments of this IPC namespace.
pub(crate) fn segments() -> Vec<Segment> {
    let text = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    text.lines().skip(1).filter_map(parse).collect()
}

/// Marks a segment for removal; the kernel does it when the last user detaches.
pub(crate) fn remove(id: i32) -> std::io::Result<()> {
    // SAFETY: IPC_RMID takes no buffer, and an id that is not valid is refused.
    let outcome = unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    let error = std::io::Error::last_os_error();
    // Both say that there is no such segment any more.
    let is_gone = matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EIDRM));
    if outcome == 0 || is_gone { Ok(()) } else { Err(error) }
}

fn parse(line: &str) -> Option<Segment> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    Some(Segment {
        id: fields.get(1)?.parse().ok()?,
        creator: fields.get(4)?.parse().ok()?,
        uid: fields.get(7)?.parse().ok()?,
        changed_at_s: fields.get(13)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_read() {
        let line = "  0  3  600  4096  120  130  0  1000  1000  1000  1000  0  0  1700000000  0  0";
        let expected = Segment { id: 3, creator: 120, uid: 1000, changed_at_s: 1_700_000_000 };
        assert_eq!(parse(line), Some(expected));
    }

    #[test]
    fn a_segment_that_is_gone_counts_as_removed() {
        remove(i32::MAX).unwrap();
    }
}
