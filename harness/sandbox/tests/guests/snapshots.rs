//! A snapshot starts where the initialisation ended, and every guest starts there.

use sandbox::{Guest, Prepared, Region, Sandbox};

use crate::support::{A_MINUTE, Shared, WASM_PAGE, linker, memory_of, sandbox, wasm};

const INITIALISED: &str = r#"(module
    (import "host" "attach" (func $attach (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "before")
    (global $started (mut i32) (i32.const 0))
    (global $precise (mut f64) (f64.const 0))
    (global $wide (mut i64) (i64.const 0))
    (func $start (global.set $started (i32.add (global.get $started) (i32.const 1))))
    (start $start)
    (func (export "init")
        (drop (memory.grow (i32.const 2)))
        (memory.fill (i32.const 2) (i32.const 0x2a) (i32.const 3))
        (i32.store (i32.const 131080) (i32.const 77))
        (global.set $precise (f64.const 0.1))
        (global.set $wide (i64.const -5)))
    (func (export "init_attaching") (drop (call $attach)))
    (func (export "init_trapping") unreachable)
    (func (export "started") (result i32) (global.get $started))
    (func (export "precise") (result f64) (global.get $precise))
    (func (export "wide") (result i64) (global.get $wide))
    (func (export "spoil")
        (memory.fill (i32.const 0) (i32.const 0xee) (i32.const 196608))
        (global.set $precise (f64.const 9))))"#;

type Snapshotted = Prepared<Shared>;

fn snapshot(sandbox: &Sandbox, init: Option<&str>) -> anyhow::Result<Snapshotted> {
    let region = Region::new(8)?;
    let derived = linker(sandbox).snapshot(&wasm(INITIALISED), init, Some(region), A_MINUTE)?;
    linker(sandbox).prepare(&sandbox.compile(&derived)?)
}

fn start(prepared: &Snapshotted) -> Guest<Shared> {
    prepared.start(None, A_MINUTE).unwrap()
}

fn assert_is_initialised(guest: &mut Guest<Shared>) {
    let memory = memory_of(guest);
    assert_eq!(memory.len(), 3 * WASM_PAGE);
    assert_eq!(&memory[..6], b"be***e");
    assert_eq!(memory[131_080], 77);
    assert_eq!(memory.iter().filter(|byte| **byte != 0).count(), 7);
    assert_eq!(guest.call::<_, f64>("precise", (), A_MINUTE).unwrap(), 0.1);
    assert_eq!(guest.call::<_, i64>("wide", (), A_MINUTE).unwrap(), -5);
}

#[test]
fn what_init_did_is_there_in_every_guest() {
    let sandbox = sandbox(2);
    let prepared = snapshot(&sandbox, Some("init")).unwrap();
    let mut guests = [start(&prepared), start(&prepared)];
    guests.iter_mut().for_each(assert_is_initialised);
}

#[test]
fn what_a_guest_does_is_not_seen_by_the_next() {
    let sandbox = sandbox(1);
    let prepared = snapshot(&sandbox, Some("init")).unwrap();
    for _ in 0..3 {
        let mut guest = start(&prepared);
        assert_is_initialised(&mut guest);
        guest.call::<(), ()>("spoil", (), A_MINUTE).unwrap();
    }
}

#[test]
fn what_a_guest_does_is_not_seen_beside_it() {
    let sandbox = sandbox(2);
    let prepared = snapshot(&sandbox, Some("init")).unwrap();
    let (mut spoiler, mut other) = (start(&prepared), start(&prepared));
    spoiler.call::<(), ()>("spoil", (), A_MINUTE).unwrap();
    assert_is_initialised(&mut other);
}

#[test]
fn initialisation_does_not_run_again() {
    let sandbox = sandbox(1);
    let mut guest = start(&snapshot(&sandbox, Some("init")).unwrap());
    assert_eq!(guest.call::<_, i32>("started", (), A_MINUTE).unwrap(), 1);
    assert!(!guest.has_function("init"));
}

#[test]
fn without_an_init_the_start_function_is_the_initialisation() {
    let sandbox = sandbox(1);
    let mut guest = start(&snapshot(&sandbox, None).unwrap());
    assert_eq!(guest.call::<_, i32>("started", (), A_MINUTE).unwrap(), 1);
    assert_eq!(&memory_of(&guest)[..6], b"before");
    assert!(guest.has_function("init"));
}

#[test]
fn a_reactor_is_initialised_first() {
    let sandbox = sandbox(1);
    let reactor = wasm(
        r#"(module
            (global $n (mut i32) (i32.const 1))
            (func (export "_initialize") (global.set $n (i32.const 20)))
            (func (export "init")
                (global.set $n (i32.add (global.get $n) (i32.const 1))))
            (func (export "n") (result i32) (global.get $n)))"#,
    );
    for (init, n) in [(None, 20), (Some("_initialize"), 20), (Some("init"), 21)] {
        let derived = linker(&sandbox).snapshot(&reactor, init, None, A_MINUTE).unwrap();
        let program = sandbox.compile(&derived).unwrap();
        let mut guest = linker(&sandbox).prepare(&program).unwrap().start(None, A_MINUTE).unwrap();
        assert_eq!(guest.call::<_, i32>("n", (), A_MINUTE).unwrap(), n);
    }
}

#[test]
fn shared_state_cannot_be_part_of_a_snapshot() {
    let error = snapshot(&sandbox(1), Some("init_attaching")).unwrap_err();
    assert!(error.to_string().contains("a region was attached"), "{error}");
}

#[test]
fn an_init_that_fails_gives_no_snapshot() {
    let error = snapshot(&sandbox(1), Some("init_trapping")).unwrap_err();
    assert!(error.to_string().contains("guest trapped"), "{error}");
    let error = snapshot(&sandbox(1), Some("absent")).unwrap_err();
    assert!(error.to_string().contains("no function `absent`"), "{error}");
}
