//! What a guest costs the system: mappings, of which it allows a process so many.
//!
//! A process of its own, so that no other test's mappings are counted.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use std::time::Duration;

use sandbox::{Guest, Host, Limit, Linker, MAPPINGS_PER_GUEST, Region, Sandbox, Settings};

const N_GUESTS: u32 = 200;

/// What the heap of the test itself may add meanwhile.
const OTHERS: u32 = 20;

/// With an image, globals, a table, and memory that is grown beside the region.
const TYPICAL: &str = r#"(module
    (import "host" "attach" (func $attach (result i32)))
    (memory (export "memory") 2)
    (table 4 funcref)
    (elem (i32.const 0) $attach)
    (data (i32.const 70000) "image")
    (func (export "run")
        (i32.store (i32.const 0) (i32.const 1))
        (i32.store (i32.const 70000) (i32.const 1)))
    (func (export "attach")
        (i32.store (call $attach) (i32.const 1))
        (drop (memory.grow (i32.const 1)))))"#;

fn n_mappings() -> u32 {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().count() as u32
}

#[test]
fn a_guest_needs_no_more_mappings_than_we_say() {
    let settings =
        Settings { slots: N_GUESTS, memory_max_bytes: 1 << 20, tick: Duration::from_millis(10) };
    let sandbox = Sandbox::new(settings).unwrap();
    let region = Region::new(378_000).unwrap();
    let mut linker = Linker::<()>::new(&sandbox);
    linker.func("host", "attach", move |host: &mut Host<'_, ()>| host.attach(&region)).unwrap();
    let program = sandbox.compile(&wat::parse_str(TYPICAL).unwrap()).unwrap();
    let prepared = linker.prepare(&program).unwrap();

    let start_all = || -> Vec<_> {
        (0..N_GUESTS).map(|_| prepared.start((), Limit::Unlimited).unwrap()).collect()
    };
    let call_all = |guests: &mut Vec<Guest<()>>, export: &str| {
        for guest in guests {
            guest.call::<(), ()>(export, (), Limit::Unlimited).unwrap();
        }
    };

    let before = n_mappings();
    let mut guests = start_all();
    call_all(&mut guests, "run");
    let idle = n_mappings() - before;
    assert!(idle <= MAPPINGS_PER_GUEST * N_GUESTS + OTHERS, "{idle} mappings");

    call_all(&mut guests, "attach");
    let attached = n_mappings() - before - idle;
    assert!(attached <= 2 * N_GUESTS + OTHERS, "{attached} mappings more for attached regions");

    drop(guests);
    let mut guests = start_all();
    call_all(&mut guests, "run");
    let again = n_mappings() - before;
    assert!(again <= idle + OTHERS, "{again} mappings in used slots, {idle} in fresh ones");
    eprintln!("{N_GUESTS} guests: {idle} mappings, with a region each {attached} more");
}
