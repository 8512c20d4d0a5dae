//! Programs: compiled, kept as an artifact, linked.

use std::time::Duration;

use sandbox::{Host, Linker, Sandbox, Settings};

use crate::support::{A_MINUTE, linker, sandbox, wasm};

const ANSWER: &str = r#"(module (func (export "answer") (result i32) (i32.const 42)))"#;

#[test]
fn an_artifact_runs_in_another_sandbox() {
    let artifact = sandbox(1).compile(&wasm(ANSWER)).unwrap().serialize().unwrap();
    let other = sandbox(2);
    // SAFETY: the artifact was made just above.
    let program = unsafe { other.deserialize(&artifact) }.unwrap();
    let mut guest = linker(&other).prepare(&program).unwrap().start(None, A_MINUTE).unwrap();
    assert_eq!(guest.call::<_, i32>("answer", (), A_MINUTE).unwrap(), 42);
}

#[test]
fn sandboxes_of_different_size_are_compatible() {
    assert_eq!(sandbox(1).compatibility(), sandbox(2).compatibility());
}

#[test]
fn settings_of_zero_are_refused() {
    let settings = *sandbox(1).settings();
    assert!(Sandbox::new(Settings { slots: 0, ..settings }).is_err());
    assert!(Sandbox::new(Settings { tick: Duration::ZERO, ..settings }).is_err());
}

#[test]
fn what_is_no_artifact_is_refused() {
    // SAFETY: this is not code, which is what the test is about.
    let error = unsafe { sandbox(1).deserialize(b"no machine code at all") }.unwrap_err();
    assert!(error.to_string().contains("compile it again"), "{error}");
}

#[test]
fn what_is_no_module_is_refused() {
    let error = sandbox(1).compile(b"\0asm and then nonsense").unwrap_err();
    assert_eq!(error.to_string(), "cannot compile the module");
}

#[test]
fn an_import_that_nobody_defined_is_named() {
    let sandbox = sandbox(1);
    let program = sandbox.compile(&wasm(r#"(module (import "host" "missing" (func)))"#)).unwrap();
    let error = format!("{:#}", linker(&sandbox).prepare(&program).unwrap_err());
    assert!(error.contains("host::missing"), "{error}");
}

#[test]
fn a_host_function_is_defined_once() {
    let sandbox = sandbox(1);
    let mut linker = Linker::<()>::new(&sandbox);
    let nothing = |_: &mut Host<'_, ()>| Ok(());
    linker.func("host", "twice", nothing).unwrap();
    let error = linker.func("host", "twice", nothing).unwrap_err();
    assert!(error.to_string().contains("host.twice"), "{error}");
}
