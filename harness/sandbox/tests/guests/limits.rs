//! A guest that misbehaves fails its own call, with its cause, and nothing else.

use std::{sync::mpsc, thread, time::Duration};

use sandbox::{CallError, Host, Limit, Linker, Region};

use crate::support::{A_MINUTE, MEMORY_MAX, WASM_PAGE, guest, prepare, sandbox, wasm};

const A_MOMENT: Limit = Limit::Within(Duration::from_millis(5));

const MISBEHAVING: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "loop_forever") (loop $forever (br $forever)))
    (func $recurse (export "recurse") (call $recurse))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "divide") (param i32 i32) (result i32)
        (i32.div_s (local.get 0) (local.get 1)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "behave") (result i32) (i32.const 42)))"#;

#[test]
fn a_guest_that_loops_for_ever_meets_its_deadline() {
    let sandbox = sandbox(1);
    let error = guest(&sandbox, MISBEHAVING).call::<(), ()>("loop_forever", (), A_MOMENT);
    assert_eq!(error.unwrap_err().to_string(), "guest ran for longer than its limit of 5ms");
}

#[test]
fn a_start_function_that_loops_meets_its_deadline() {
    let sandbox = sandbox(1);
    let looping = "(module (func $s (loop $forever (br $forever))) (start $s))";
    let error = prepare(&sandbox, looping).start(None, A_MOMENT).unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error}");
}

#[test]
fn time_in_a_host_function_is_not_the_guests() {
    let sandbox = sandbox(1);
    let mut linker = Linker::<()>::new(&sandbox);
    let wait = |_: &mut Host<'_, ()>| {
        let (_never_sends, receiver) = mpsc::channel::<()>();
        assert!(receiver.recv_timeout(Duration::from_millis(1_500)).is_err());
        Ok(())
    };
    linker.func("host", "wait", wait).unwrap();
    let waiting = wasm(
        r#"(module (import "host" "wait" (func $wait))
            (func (export "run") (local $i i32)
                (call $wait)
                (loop $again
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))))"#,
    );
    let prepared = linker.prepare(&sandbox.compile(&waiting).unwrap()).unwrap();
    let mut guest = prepared.start((), A_MINUTE).unwrap();
    guest.call::<(), ()>("run", (), Limit::Within(Duration::from_secs(1))).unwrap();
}

#[test]
fn endless_recursion_traps() {
    let sandbox = sandbox(1);
    let error = guest(&sandbox, MISBEHAVING).call::<(), ()>("recurse", (), A_MINUTE).unwrap_err();
    let CallError::Trap { reason } = error else { panic!("{error}") };
    assert!(reason.contains("call stack exhausted"), "{reason}");
}

#[test]
fn an_access_out_of_bounds_traps() {
    let sandbox = sandbox(1);
    for address in [WASM_PAGE as i32 - 3, WASM_PAGE as i32, -4] {
        let mut guest = guest(&sandbox, MISBEHAVING);
        let error = guest.call::<_, i32>("load", (address,), A_MINUTE).unwrap_err();
        let CallError::Trap { reason } = error else { panic!("{error}") };
        assert!(reason.contains("out of bounds memory access"), "{reason}");
    }
}

#[test]
fn a_division_by_zero_traps() {
    let sandbox = sandbox(1);
    let mut guest = guest(&sandbox, MISBEHAVING);
    let error = guest.call::<_, i32>("divide", (1, 0), A_MINUTE).unwrap_err();
    let CallError::Trap { reason } = error else { panic!("{error}") };
    assert!(reason.contains("integer divide by zero"), "{reason}");
}

#[test]
fn a_guest_may_have_all_its_memory() {
    let sandbox = sandbox(1);
    let mut guest = guest(&sandbox, MISBEHAVING);
    let rest = (MEMORY_MAX / WASM_PAGE - 1) as i32;
    assert_eq!(guest.call::<_, i32>("grow", (rest,), A_MINUTE).unwrap(), 1);
}

#[test]
fn a_guest_that_wants_more_memory_fails() {
    let sandbox = sandbox(1);
    let mut guest = guest(&sandbox, MISBEHAVING);
    let error = guest.call::<_, i32>("grow", (16,), A_MINUTE).unwrap_err();
    assert_eq!(error.to_string(), "guest asked for 1114112 bytes of memory, its limit is 1048576");
}

#[test]
fn a_module_that_begins_with_too_much_memory_fails() {
    let sandbox = sandbox(1);
    let error = prepare(&sandbox, "(module (memory 17))").start(None, A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::OutOfMemory { .. }), "{error}");
}

const ATTACHING: &str = r#"(module
    (import "host" "attach" (func $attach (result i32)))
    (memory (export "memory") 1)
    (func (export "attach") (result i32) (call $attach))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;

#[test]
fn an_attached_region_is_not_the_guests_memory() {
    let sandbox = sandbox(1);
    let region = Region::new(10 * MEMORY_MAX).unwrap();
    let mut guest = prepare(&sandbox, ATTACHING).start(Some(region), A_MINUTE).unwrap();
    guest.call::<_, i32>("attach", (), A_MINUTE).unwrap();
    let rest = (MEMORY_MAX / WASM_PAGE - 1) as i32;
    guest.call::<_, i32>("grow", (rest,), A_MINUTE).unwrap();
    let error = guest.call::<_, i32>("grow", (1,), A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::OutOfMemory { .. }), "{error}");
}

#[test]
fn a_region_beyond_the_address_space_fails_the_call() {
    let sandbox = sandbox(1);
    let region = Region::new(4 << 30).unwrap();
    let mut guest = prepare(&sandbox, ATTACHING).start(Some(region), A_MINUTE).unwrap();
    let error = guest.call::<_, i32>("attach", (), A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::OutOfMemory { .. }), "{error}");
}

#[test]
fn a_guest_is_stopped_from_another_thread() {
    let sandbox = sandbox(1);
    let mut guest = guest(&sandbox, MISBEHAVING);
    let stopper = guest.stopper();
    let looping = thread::spawn(move || guest.call::<(), ()>("loop_forever", (), Limit::Unlimited));
    stopper.stop();
    let error = looping.join().unwrap().unwrap_err();
    assert!(matches!(error, CallError::Stopped), "{error}");
}

#[test]
fn a_stopped_guest_is_not_called_again() {
    let sandbox = sandbox(1);
    let mut guest = guest(&sandbox, MISBEHAVING);
    guest.stopper().stop();
    let error = guest.call::<_, i32>("behave", (), A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::Stopped), "{error}");
}

#[test]
fn without_a_free_slot_no_guest_starts() {
    let sandbox = sandbox(2);
    let prepared = prepare(&sandbox, MISBEHAVING);
    let first = prepared.start(None, A_MINUTE).unwrap();
    let _second = prepared.start(None, A_MINUTE).unwrap();
    let error = prepared.start(None, A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::NoSlot), "{error}");
    drop(first);
    assert!(prepared.start(None, A_MINUTE).is_ok());
}

#[test]
fn others_go_on_when_a_guest_fails() {
    let sandbox = sandbox(2);
    let (mut good, mut bad) = (guest(&sandbox, MISBEHAVING), guest(&sandbox, MISBEHAVING));
    for export in ["loop_forever", "recurse"] {
        assert!(bad.call::<(), ()>(export, (), A_MOMENT).is_err());
        assert_eq!(good.call::<_, i32>("behave", (), A_MINUTE).unwrap(), 42);
    }
}

#[test]
fn capacity_is_bounded_by_the_slots() {
    assert_eq!(sandbox(3).capacity(), 3);
}
