//! A slot that is used again holds nothing of its last tenant, however that ended.

use std::{sync::Arc, time::Duration};

use sandbox::{CallError, Guest, Host, Limit, Linker, Region, Sandbox, Stopper};

use crate::support::{A_MINUTE, WASM_PAGE, guest, memory_of, sandbox, wasm};

/// How a tenant ends after it has written over everything that it can reach.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Return,
    Trap,
    OutOfMemory,
    Deadline,
    Stop,
    Exit,
    HostError,
    HostPanic,
}

struct Messy {
    ending: Ending,
    region: Arc<Region>,
    stopper: Option<Stopper>,
}

const REGION_BYTES: usize = 100_000;

/// Grows, attaches, grows again, writes 0xaa everywhere and 0xbb into the region.
const MESSY: &str = r#"(module
    (import "host" "attach" (func $attach (result i32)))
    (import "host" "end" (func $end (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 100) "initial image")
    (func (export "run")
        (local $region i32) (local $ending i32)
        (drop (memory.grow (i32.const 1)))
        (local.set $region (call $attach))
        (drop (memory.grow (i32.const 1)))
        (memory.fill (i32.const 0) (i32.const 0xaa) (i32.mul (memory.size) (i32.const 65536)))
        (memory.fill (local.get $region) (i32.const 0xbb) (i32.const 100000))
        (local.set $ending (call $end))
        (if (i32.eq (local.get $ending) (i32.const 1)) (then unreachable))
        (if (i32.eq (local.get $ending) (i32.const 2))
            (then (drop (memory.grow (i32.const 60000)))))
        (if (i32.eq (local.get $ending) (i32.const 3)) (then (loop $forever (br $forever))))))"#;

/// Has an image of its own and grows on demand.
const NEXT: &str = r#"(module
    (memory (export "memory") 1)
    (data (i32.const 4096) "the next tenant")
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;

fn messy_linker(sandbox: &Sandbox) -> Linker<Messy> {
    let mut linker = Linker::<Messy>::new(sandbox);
    let attach = |host: &mut Host<'_, Messy>| {
        let region = Arc::clone(&host.data().region);
        host.attach(&region)
    };
    let end = |host: &mut Host<'_, Messy>| match host.data().ending {
        Ending::Return => Ok(0),
        Ending::Trap => Ok(1),
        Ending::OutOfMemory => Ok(2),
        Ending::Deadline => Ok(3),
        Ending::Stop => {
            host.data().stopper.as_ref().unwrap().stop();
            Ok(3)
        }
        Ending::Exit => Err(host.exit(5)),
        Ending::HostError => anyhow::bail!("no such luck"),
        Ending::HostPanic => panic!("on purpose"),
    };
    linker.func("host", "attach", attach).unwrap().func("host", "end", end).unwrap();
    linker
}

/// Runs a messy tenant to its end and returns how that went.
fn run_messy(sandbox: &Sandbox, ending: Ending, region: &Arc<Region>) -> Result<(), CallError> {
    let program = sandbox.compile(&wasm(MESSY)).unwrap();
    let data = Messy { ending, region: Arc::clone(region), stopper: None };
    let mut guest = messy_linker(sandbox).prepare(&program).unwrap().start(data, A_MINUTE).unwrap();
    guest.data_mut().stopper = Some(guest.stopper());
    let limit = match ending {
        Ending::Deadline => Limit::Within(Duration::from_millis(5)),
        _ => A_MINUTE,
    };
    guest.call("run", (), limit)
}

fn assert_holds_only<T>(guest: &Guest<T>, offset: usize, image: &[u8]) {
    let memory = memory_of(guest);
    assert_eq!(&memory[offset..offset + image.len()], image);
    let rest = memory[..offset].iter().chain(&memory[offset + image.len()..]);
    assert_eq!(rest.filter(|byte| **byte != 0).count(), 0, "bytes of the last tenant are left");
}

/// The only slot of a sandbox, used by a messy tenant and then by two clean ones.
fn assert_nothing_stays(ending: Ending) -> Result<(), CallError> {
    let sandbox = sandbox(1);
    let region = Region::new(REGION_BYTES).unwrap();
    let outcome = run_messy(&sandbox, ending, &region);

    let mut next = guest(&sandbox, NEXT);
    assert_eq!(next.call::<_, i32>("grow", (9,), A_MINUTE).unwrap(), 1);
    assert_eq!(next.memory_len(), 10 * WASM_PAGE);
    assert_holds_only(&next, 4096, b"the next tenant");
    // What the next tenant does is not the region's business either.
    next.write(0, &vec![0xcc; 10 * WASM_PAGE]).unwrap();
    drop(next);

    let data = Messy { ending, region: Arc::clone(&region), stopper: None };
    let again = messy_linker(&sandbox).prepare(&sandbox.compile(&wasm(MESSY)).unwrap()).unwrap();
    assert_holds_only(&again.start(data, A_MINUTE).unwrap(), 100, b"initial image");

    let content = region.read_vec(0, REGION_BYTES).unwrap();
    assert!(content.iter().all(|byte| *byte == 0xbb), "the region lost what was written");
    outcome
}

#[test]
fn nothing_stays_after_a_return() {
    assert!(assert_nothing_stays(Ending::Return).is_ok());
}

#[test]
fn nothing_stays_after_a_trap() {
    let error = assert_nothing_stays(Ending::Trap).unwrap_err();
    assert!(matches!(error, CallError::Trap { .. }), "{error}");
}

#[test]
fn nothing_stays_after_memory_runs_out() {
    let error = assert_nothing_stays(Ending::OutOfMemory).unwrap_err();
    assert!(matches!(error, CallError::OutOfMemory { .. }), "{error}");
}

#[test]
fn nothing_stays_after_a_deadline() {
    let error = assert_nothing_stays(Ending::Deadline).unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error}");
}

#[test]
fn nothing_stays_after_a_stop() {
    let error = assert_nothing_stays(Ending::Stop).unwrap_err();
    assert!(matches!(error, CallError::Stopped), "{error}");
}

#[test]
fn nothing_stays_after_an_exit() {
    let error = assert_nothing_stays(Ending::Exit).unwrap_err();
    assert!(matches!(error, CallError::Exited { status: 5 }), "{error}");
}

#[test]
fn nothing_stays_after_a_host_error() {
    let error = assert_nothing_stays(Ending::HostError).unwrap_err();
    assert_eq!(error.to_string(), "host function failed: no such luck");
}

#[test]
fn nothing_stays_after_a_host_panic() {
    let error = assert_nothing_stays(Ending::HostPanic).unwrap_err();
    assert_eq!(error.to_string(), "host function panicked: on purpose");
}

#[test]
fn nothing_stays_after_a_start_that_fails() {
    let failing = r#"(module
        (import "host" "attach" (func $attach (result i32)))
        (memory (export "memory") 1)
        (func $start
            (memory.fill (call $attach) (i32.const 0xbb) (i32.const 100000))
            (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 65536))
            unreachable)
        (start $start))"#;
    let sandbox = sandbox(1);
    let region = Region::new(REGION_BYTES).unwrap();
    let prepared = crate::support::prepare(&sandbox, failing);
    let error = prepared.start(Some(Arc::clone(&region)), A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::Trap { .. }), "{error}");

    let mut next = guest(&sandbox, NEXT);
    next.call::<_, i32>("grow", (9,), A_MINUTE).unwrap();
    assert_holds_only(&next, 4096, b"the next tenant");
    assert_eq!(region.read_vec(REGION_BYTES - 1, 1).unwrap(), [0xbb]);
}

#[test]
fn nothing_stays_while_guests_come_and_go_on_many_threads() {
    const THREADS: u32 = 3;
    let sandbox = sandbox(THREADS);
    let region = Region::new(REGION_BYTES).unwrap();
    let messy = messy_linker(&sandbox).prepare(&sandbox.compile(&wasm(MESSY)).unwrap()).unwrap();
    let next = crate::support::prepare(&sandbox, NEXT);
    let come_and_go = || {
        for _ in 0..50 {
            let data = Messy { ending: Ending::Trap, region: Arc::clone(&region), stopper: None };
            let mut guest = messy.start(data, A_MINUTE).unwrap();
            assert!(guest.call::<(), ()>("run", (), A_MINUTE).is_err());
            drop(guest);
            let mut guest = next.start(None, A_MINUTE).unwrap();
            guest.call::<_, i32>("grow", (9,), A_MINUTE).unwrap();
            assert_holds_only(&guest, 4096, b"the next tenant");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(come_and_go);
        }
    });
    let content = region.read_vec(0, REGION_BYTES).unwrap();
    assert!(content.iter().all(|byte| *byte == 0xbb), "the region lost what was written");
}

#[test]
fn nothing_stays_when_the_owner_of_a_guest_panics() {
    let sandbox = sandbox(1);
    let region = Region::new(REGION_BYTES).unwrap();
    let owner = std::thread::spawn({
        let (sandbox, region) = (sandbox.clone(), Arc::clone(&region));
        move || {
            let program = sandbox.compile(&wasm(MESSY)).unwrap();
            let data = Messy { ending: Ending::Return, region, stopper: None };
            let prepared = messy_linker(&sandbox).prepare(&program).unwrap();
            let mut guest = prepared.start(data, A_MINUTE).unwrap();
            guest.call::<(), ()>("run", (), A_MINUTE).unwrap();
            panic!("with a live guest");
        }
    });
    assert!(owner.join().is_err());

    let mut next = guest(&sandbox, NEXT);
    next.call::<_, i32>("grow", (9,), A_MINUTE).unwrap();
    assert_holds_only(&next, 4096, b"the next tenant");
    assert_eq!(region.read_vec(REGION_BYTES - 1, 1).unwrap(), [0xbb]);
}
