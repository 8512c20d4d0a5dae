//! Processor cycles of the calling thread, by the kernel's performance events.

use std::{
    fs::File,
    io::{Error, Read as _},
    os::fd::{FromRawFd as _, RawFd},
};

use serde::{Deserialize, Serialize};

/// How many cycles one start took, or why nobody knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cycles {
    /// The mean of all starts, the kernel's share included.
    PerStart(f64),
    /// Nothing counted them.
    NotCounted {
        /// The reason.
        why: String,
    },
}

/// A counter of the calling thread's cycles in user and kernel mode.
#[derive(Debug)]
pub struct Counter(File);

/// `struct perf_event_attr` of <linux/perf_event.h>, in its first version.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size_bytes: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint_type: u32,
    breakpoint_address: u64,
}

const HARDWARE: u32 = 0;
const CPU_CYCLES: u64 = 0;
/// Always on the processor, or in error: never scaled up from a part of the time.
const PINNED: u64 = 1 << 2;
const EXCLUDE_HYPERVISOR: u64 = 1 << 6;

impl Cycles {
    /// The mean of the starts, if they were counted.
    #[must_use]
    pub fn per_start(&self) -> Option<f64> {
        match self {
            Self::PerStart(cycles) => Some(*cycles),
            Self::NotCounted { .. } => None,
        }
    }
}

impl Counter {
    /// Counts from now on.
    ///
    /// # Errors
    /// Why this process cannot count, in words.
    pub fn start() -> Result<Self, String> {
        let attributes = Attributes {
            kind: HARDWARE,
            size_bytes: size_of::<Attributes>() as u32,
            config: CPU_CYCLES,
            flags: PINNED | EXCLUDE_HYPERVISOR,
            ..Attributes::default()
        };
        let (this_thread, any_processor, no_group, no_flags) = (0, -1, -1, 0_u64);
        // SAFETY: the kernel only reads the attributes, of the size that they say.
        let opened = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                &raw const attributes,
                this_thread,
                any_processor,
                no_group,
                no_flags,
            )
        };
        if opened < 0 {
            return Err(reason(&Error::last_os_error()));
        }
        // SAFETY: the kernel has just opened it for us, and it fits a descriptor.
        Ok(Self(unsafe { File::from_raw_fd(opened as RawFd) }))
    }

    /// Cycles since the start.
    ///
    /// # Errors
    /// If the processor's counters were taken away, in words.
    pub fn read(&mut self) -> Result<u64, String> {
        let mut cycles = [0; 8];
        self.0.read_exact(&mut cycles).map_err(|error| format!("the counter has gone: {error}"))?;
        Ok(u64::from_ne_bytes(cycles))
    }
}

/// What the kernel's refusal means for whoever wants the numbers.
fn reason(refusal: &Error) -> String {
    match refusal.raw_os_error() {
        Some(libc::ENOENT | libc::EOPNOTSUPP | libc::ENODEV) => {
            "this machine offers no cycle counter".to_owned()
        }
        Some(libc::EPERM | libc::EACCES) => "cycles may not be counted here (hint: \
             sysctl kernel.perf_event_paranoid=1, or a container that may use perf_event_open)"
            .to_owned(),
        Some(libc::ENOSYS) => "this kernel has no performance events".to_owned(),
        _ => format!("the kernel counts no cycles: {refusal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attributes_have_the_size_of_their_first_version() {
        assert_eq!(size_of::<Attributes>(), 64);
    }

    #[test]
    fn a_machine_without_counters_is_told_from_one_that_forbids_them() {
        let of = |code| reason(&Error::from_raw_os_error(code));
        assert_eq!(of(libc::ENOENT), "this machine offers no cycle counter");
        assert_eq!(of(libc::EOPNOTSUPP), of(libc::ENOENT));
        assert!(of(libc::EPERM).starts_with("cycles may not be counted here (hint: "));
    }

    #[test]
    fn what_was_not_counted_is_no_zero() {
        let absent = Cycles::NotCounted { why: "no counter".to_owned() };
        assert_eq!(absent.per_start(), None);
        let text = serde_json::to_string(&absent).unwrap();
        assert_eq!(text, r#"{"not-counted":{"why":"no counter"}}"#);
    }

    #[test]
    fn a_counter_counts_or_says_why_not() {
        match Counter::start() {
            Ok(mut counter) => {
                let (before, after) = (counter.read().unwrap(), counter.read().unwrap());
                assert!(after > before, "{before} {after}");
            }
            Err(why) => assert!(!why.is_empty()),
        }
    }
}
