//! What a thousand idle guests cost in memory: the proportional set size of each.
//!
//! A measurement, not a timing, so it needs no statistics: one run says it.

use std::time::Duration;

use anyhow::Context as _;
use sandbox::{Guest, Limit, Linker, Sandbox, Settings};

const N_GUESTS: u32 = 1_000;

/// Each has been called once and has written to its stack, as any compiled guest does.
const GUEST: &str = r#"(module
    (memory (export "memory") 2)
    (data (i32.const 65536) "initialised state")
    (func (export "noop") (i32.store (i32.const 65000) (i32.const 1))))"#;

fn main() -> anyhow::Result<()> {
    let settings =
        Settings { slots: N_GUESTS, memory_max_bytes: 16 << 20, tick: Duration::from_millis(10) };
    let sandbox = Sandbox::new(settings)?;
    let program = sandbox.compile(&wat::parse_str(GUEST)?)?;
    let prepared = Linker::<()>::new(&sandbox).prepare(&program)?;

    let before_bytes = pss_bytes()?;
    let guests: Vec<_> = (0..N_GUESTS)
        .map(|_| -> anyhow::Result<Guest<()>> {
            let mut guest = prepared.start((), Limit::Unlimited)?;
            guest.call::<(), ()>("noop", (), Limit::Unlimited)?;
            Ok(guest)
        })
        .collect::<anyhow::Result<_>>()?;
    let per_guest_bytes = (pss_bytes()? - before_bytes) / guests.len() as u64;
    eprintln!("idle_guests: {N_GUESTS} guests, {per_guest_bytes} bytes of PSS each");
    Ok(())
}

fn pss_bytes() -> anyhow::Result<u64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup")
        .context("cannot read this process's memory use")?;
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.strip_suffix("kB"));
    let pss_kib: u64 = pss.context("the kernel reports no PSS")?.trim().parse()?;
    Ok(pss_kib * 1024)
}
