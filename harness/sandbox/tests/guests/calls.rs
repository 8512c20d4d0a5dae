//! Calls in both directions: into a guest, and from a guest into the host.

use sandbox::{CallError, Host, Linker};

use crate::support::{A_MINUTE, guest, sandbox, wasm};

const CALLING: &str = r#"(module
    (import "host" "shout" (func $shout (param i32 i32)))
    (import "host" "sum" (func $sum
        (param i32 i64 f32 f64 i32 i32 i32 i32) (result f64)))
    (memory (export "memory") 1)
    (data (i32.const 8) "quiet")
    (func (export "shout") (param i32 i32) (call $shout (local.get 0) (local.get 1)))
    (func (export "sum") (result f64)
        (call $sum (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)
            (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8))))"#;

fn calling() -> sandbox::Guest<Vec<String>> {
    let sandbox = sandbox(1);
    let mut linker = Linker::<Vec<String>>::new(&sandbox);
    let shout = |host: &mut Host<'_, Vec<String>>, address: u32, len: u32| {
        let text = host.read_string(address, len)?.to_uppercase();
        host.write(address, text.as_bytes())?;
        host.data_mut().push(text);
        Ok(())
    };
    let sum = |_: &mut Host<'_, Vec<String>>,
               a: i32,
               b: i64,
               c: f32,
               d: f64,
               e: u32,
               f: i32,
               g: i32,
               h: i32| {
        Ok(f64::from(a) + b as f64 + f64::from(c) + d + f64::from(e) + f64::from(f + g + h))
    };
    linker.func("host", "shout", shout).unwrap().func("host", "sum", sum).unwrap();
    let program = sandbox.compile(&wasm(CALLING)).unwrap();
    linker.prepare(&program).unwrap().start(Vec::new(), A_MINUTE).unwrap()
}

#[test]
fn a_host_function_reads_and_writes_the_guests_memory() {
    let mut guest = calling();
    guest.call::<_, ()>("shout", (8, 5), A_MINUTE).unwrap();
    let mut bytes = [0; 5];
    guest.read(8, &mut bytes).unwrap();
    assert_eq!(&bytes, b"QUIET");
    assert_eq!(guest.data(), &["QUIET"]);
}

#[test]
fn a_host_function_takes_eight_numbers_of_any_type() {
    assert_eq!(calling().call::<_, f64>("sum", (), A_MINUTE).unwrap(), 36.0);
}

#[test]
fn a_bad_pointer_is_the_guests_trap() {
    let error = calling().call::<_, ()>("shout", (65_530, 7), A_MINUTE).unwrap_err();
    let CallError::Trap { reason } = error else { panic!("{error}") };
    assert_eq!(
        reason,
        "bad pointer passed to the host: \
         7 bytes at offset 65530 are outside a memory of 65536 bytes"
    );
}

#[test]
fn a_text_that_is_not_utf8_fails_the_call() {
    let mut guest = calling();
    guest.write(8, &[0xff]).unwrap();
    let error = guest.call::<_, ()>("shout", (8, 1), A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::HostError(_)), "{error}");
}

#[test]
fn calling_what_is_not_exported_says_so() {
    let sandbox = sandbox(1);
    let mut guest = guest(&sandbox, r#"(module (func (export "takes") (param i32)))"#);
    assert!(guest.has_function("takes"));
    assert!(!guest.has_function("gives"));
    let error = guest.call::<(), ()>("gives", (), A_MINUTE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no function `gives` to call: the module exports no function of that name"
    );
    let error = guest.call::<(f64,), ()>("takes", (0.0,), A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::NoSuchExport { .. }), "{error}");
}

#[test]
fn a_guest_without_memory_has_nothing_to_read() {
    let sandbox = sandbox(1);
    let mut guest = guest(&sandbox, "(module)");
    assert_eq!(guest.memory_len(), 0);
    assert!(guest.read(0, &mut [0]).is_err());
    assert!(guest.write(0, &[0]).is_err());
}

#[test]
fn state_of_a_guest_stays_between_its_calls() {
    let sandbox = sandbox(1);
    let counting = r#"(module
        (global $n (mut i32) (i32.const 0))
        (func (export "count") (result i32)
            (global.set $n (i32.add (global.get $n) (i32.const 1)))
            (global.get $n)))"#;
    let mut guest = guest(&sandbox, counting);
    let counts = [(); 3].map(|()| guest.call::<_, i32>("count", (), A_MINUTE).unwrap());
    assert_eq!(counts, [1, 2, 3]);
}
