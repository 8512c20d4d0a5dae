//! Asks the kernel to run this thread soon after it is woken.
//!
//! A generator needs little processor time, but needs it now: beside a busy
//! neighbour a woken thread waits for milliseconds. A short time slice tells
//! the scheduler (Linux 6.12 and later, no privilege needed) that the thread
//! gives the processor back soon, so it is let in before those with long ones.
//! The share of processor time that it may have stays the same.

use std::{ffi::c_long, num::NonZeroU64};

/// The shortest slice that the kernel accepts.
const SLICE_NS: u64 = 100_000;

/// The attributes of a thread, in the kernel's first layout.
#[repr(C)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    /// The slice, of a thread that is not of a real-time policy.
    runtime_ns: u64,
    deadline_ns: u64,
    period_ns: u64,
}

/// Prefers promptness for the calling thread. Where the kernel refuses, the
/// generator works as well, and its recorded lag shows what that costs.
pub(crate) fn prefer() {
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: libc::SCHED_OTHER as u32,
        flags: 0,
        // What the thread has already, or the call would change it.
        nice: rustix::process::getpriority_process(None).unwrap_or(0),
        priority: 0,
        runtime_ns: SLICE_NS,
        deadline_ns: 0,
        period_ns: 0,
    };
    // SAFETY: the kernel reads `size` bytes of a structure that lives until the
    // call returns, and writes nothing but, if it is larger, its own size.
    unsafe {
        let (this_thread, no_flags): (c_long, c_long) = (0, 0);
        libc::syscall(libc::SYS_sched_setattr, this_thread, &raw const attributes, no_flags);
    }
    // Timers of the runtime may be late by this much; 50 µs is the default.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}
