//! The host interface, as guests in the text format use it: what the
//! committed guests leave out.

use faasm::faaslet::Worker;

use crate::{
    global::Global,
    workers::{Runs as _, function, settings, start, success, text},
};

/// Imports, and a memory with the key `k` at 0, the key `m` at 1 and a buffer at 16.
const PRELUDE: &str = r#"
    (import "env" "__faasm_read_state" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "env" "__faasm_read_state_ptr" (func $ptr (param i32 i32 i32) (result i32)))
    (import "env" "__faasm_read_state_offset"
        (func $read_offset (param i32 i32 i32 i32 i32 i32)))
    (import "env" "__faasm_read_state_offset_ptr"
        (func $offset_ptr (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "__faasm_write_state_offset"
        (func $write_offset (param i32 i32 i32 i32 i32 i32)))
    (import "env" "__faasm_flag_state_offset_dirty" (func $flag (param i32 i32 i32 i32 i32)))
    (import "env" "__faasm_push_state_partial" (func $push_partial (param i32 i32)))
    (import "env" "__faasm_pull_state" (func $pull (param i32 i32 i32)))
    (import "env" "__faasm_lock_state_write" (func $lock (param i32 i32)))
    (import "env" "__faasm_unlock_state_write" (func $unlock (param i32 i32)))
    (import "env" "__faasm_lock_state_global" (func $lock_global (param i32 i32)))
    (import "env" "__faasm_chain_function"
        (func $chain (param i32 i32 i32 i32) (result i32)))
    (import "env" "__faasm_await_call" (func $await (param i32) (result i32)))
    (import "env" "__faasm_write_output" (func $output (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "km")
    (data (i32.const 16) "XY")
    (data (i32.const 32) "echo")
"#;

/// Uploads a function whose main is `body`.
fn upload(worker: &Worker, name: &str, body: &str) {
    let module = format!(
        "(module {PRELUDE} (func (export \"faasm_func_0\") (result i32) {body} (i32.const 0)))"
    );
    let wasm = wat::parse_str(module).unwrap();
    worker.programs().accept(&function(name), &wasm, worker.functions()).unwrap();
}

fn worker_with(global: &Global, functions: &[(&str, &str)]) -> Worker {
    let worker = start(global, settings("a"));
    for (name, body) in functions {
        upload(&worker, name, body);
    }
    worker
}

fn store(global: &Global, value: &[u8]) {
    global.pool().get().unwrap().set("u_k", value).unwrap();
}

fn stored(global: &Global) -> Vec<u8> {
    global.pool().get().unwrap().get("u_k").unwrap().unwrap()
}

/// Outputs the value as the guest sees it in place.
const SHOW: &str = "
    (call $output (call $ptr (i32.const 0) (i32.const 1) (i32.const 8)) (i32.const 8))";

/// Writes `XY` at offset 3, in place, and says nothing to the host.
const SCRIBBLE: &str = "
    (i32.store16
        (call $offset_ptr
            (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 3) (i32.const 2))
        (i32.const 0x5958))";

#[test]
fn two_faaslets_of_a_worker_see_the_same_bytes() {
    let global = Global::start();
    store(&global, b"abcdefgh");
    let worker = worker_with(&global, &[("scribble", SCRIBBLE), ("show", SHOW)]);
    assert_eq!(worker.run("show", b""), success(b"abcdefgh"));
    worker.run("scribble", b"");
    assert_eq!(worker.run("show", b""), success(b"abcXYfgh"), "shared, not copied");
    assert_eq!(stored(&global), b"abcdefgh", "and not pushed");
}

#[test]
fn another_worker_does_not_see_them() {
    let global = Global::start();
    store(&global, b"abcdefgh");
    let one = worker_with(&global, &[("scribble", SCRIBBLE), ("show", SHOW)]);
    one.run("scribble", b"");
    drop(one);
    let other = start(&global, settings("b"));
    assert_eq!(other.run("show", b""), success(b"abcdefgh"));
}

#[test]
fn flagged_bytes_are_what_a_partial_push_sends() {
    let global = Global::start();
    store(&global, b"abcdefgh");
    let push_y = format!(
        "{SCRIBBLE}
        (call $flag (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 4) (i32.const 1))
        (call $push_partial (i32.const 0) (i32.const 1))"
    );
    worker_with(&global, &[("push", &push_y)]).run("push", b"");
    assert_eq!(stored(&global), b"abcdYfgh");
}

#[test]
fn a_written_range_is_pushed_and_the_rest_is_read() {
    let global = Global::start();
    store(&global, b"abcdefgh");
    let write = "
        (call $write_offset
            (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 6) (i32.const 16) (i32.const 2))
        (call $push_partial (i32.const 0) (i32.const 1))
        (call $read_offset
            (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 4) (i32.const 64) (i32.const 4))
        (call $output (i32.const 64) (i32.const 4))";
    let worker = worker_with(&global, &[("write", write)]);
    assert_eq!(worker.run("write", b""), success(b"efXY"));
    assert_eq!(stored(&global), b"abcdefXY");
}

#[test]
fn a_pull_replaces_what_was_written_in_place() {
    let global = Global::start();
    store(&global, b"abcdefgh");
    let pull = format!("{SCRIBBLE} (call $pull (i32.const 0) (i32.const 1) (i32.const 8)) {SHOW}");
    let worker = worker_with(&global, &[("pull", &pull)]);
    assert_eq!(worker.run("pull", b""), success(b"abcdefgh"));
}

#[test]
fn a_read_is_cut_to_the_guests_buffer() {
    let global = Global::start();
    store(&global, b"abcdefgh");
    let read = "
        (call $output
            (i32.const 64)
            (call $read (i32.const 0) (i32.const 1) (i32.const 64) (i32.const 3)))";
    assert_eq!(worker_with(&global, &[("read", read)]).run("read", b""), success(b"abc"));
}

#[test]
fn another_module_of_the_user_can_be_chained() {
    let global = Global::start();
    let chain = "
        (if (call $await
                (call $chain (i32.const 32) (i32.const 4) (i32.const 16) (i32.const 2)))
            (then unreachable))";
    assert_eq!(worker_with(&global, &[("chain", chain)]).run("chain", b""), success(b""));
}

#[test]
fn locks_are_released_when_a_call_ends_by_a_trap() {
    let global = Global::start();
    store(&global, b"abcdefgh");
    let hold = "
        (call $lock (i32.const 0) (i32.const 1))
        (call $lock_global (i32.const 0) (i32.const 1))
        unreachable";
    let take = "
        (call $lock_global (i32.const 0) (i32.const 1))
        (call $lock (i32.const 0) (i32.const 1))
        (call $unlock (i32.const 0) (i32.const 1))";
    let worker = worker_with(&global, &[("hold", hold), ("take", take)]);
    assert!(!worker.run("hold", b"").is_success());
    assert_eq!(worker.run("take", b""), success(b""));
}

#[test]
fn an_unlock_without_a_lock_fails_the_call() {
    let global = Global::start();
    store(&global, b"abcdefgh");
    let unlock = "(call $unlock (i32.const 0) (i32.const 1))";
    let failed = worker_with(&global, &[("unlock", unlock)]).run("unlock", b"");
    let expected = "host function failed: the guest unlocks state `k`, which it has not locked";
    assert_eq!(text(failed), expected);
}

#[test]
fn a_pointer_outside_the_guests_memory_fails_the_call() {
    let global = Global::start();
    let wild = "(call $output (i32.const 65530) (i32.const 100))";
    let failed = text(worker_with(&global, &[("wild", wild)]).run("wild", b""));
    assert!(failed.starts_with("guest trapped: bad pointer passed to the host"), "{failed}");
}

#[test]
fn a_chunk_outside_its_value_fails_the_call() {
    let global = Global::start();
    let beyond = "
        (drop (call $offset_ptr
            (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 7) (i32.const 2)))";
    let failed = text(worker_with(&global, &[("beyond", beyond)]).run("beyond", b""));
    let expected = "host function failed: state `u_k` of 8 bytes: bytes 7..9 are outside";
    assert_eq!(failed, expected);
}

#[test]
fn every_call_starts_where_the_zygote_ended() {
    let global = Global::start();
    let module = r#"(module
        (import "env" "__faasm_write_output" (func $output (param i32 i32)))
        (memory (export "memory") 1)
        (func (export "faasm_zygote") (i32.store8 (i32.const 64) (i32.const 7)))
        (func (export "faasm_func_0") (result i32)
            (call $output (i32.const 64) (i32.const 1))
            (i32.store8 (i32.const 64) (i32.const 9))
            (i32.const 0)))"#;
    let worker = start(&global, settings("a"));
    let wasm = wat::parse_str(module).unwrap();
    worker.programs().accept(&function("warm"), &wasm, worker.functions()).unwrap();
    for _ in 0..3 {
        assert_eq!(worker.run("warm", b""), success(&[7]));
    }
}

#[test]
fn nothing_of_a_call_is_left_for_the_next() {
    let global = Global::start();
    let count = "
        (i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1)))
        (call $output (i32.const 64) (i32.const 1))";
    let worker = worker_with(&global, &[("count", count)]);
    for _ in 0..3 {
        assert_eq!(worker.run("count", b""), success(&[1]));
    }
}
