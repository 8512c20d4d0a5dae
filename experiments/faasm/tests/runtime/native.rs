//! Calls on native processes.

use faasm::{message::Outcome, native::Process};

use crate::{
    global::Global,
    workers::{Runs as _, ToProcesses, end_of, new_call, process, process_settings, success, text},
};

#[test]
fn an_output_is_what_the_guest_writes() {
    let global = Global::start();
    assert_eq!(process(&global, "echo").run_index("echo", 0, b"hello"), success(b"hello"));
}

#[test]
fn a_process_can_serve_the_call_that_its_own_call_awaits() {
    let global = Global::start();
    assert_eq!(process(&global, "echo").run_index("echo", 0, b">hello"), success(b"hello"));
}

#[test]
fn a_guest_that_panics_fails_its_own_call_only() {
    let global = Global::start();
    let process = process(&global, "trap");
    for _ in 0..2 {
        let failed = text(process.run_index("trap", 0, b""));
        assert_eq!(failed, "guest panicked: this guest always fails");
    }
}

#[test]
fn a_failed_host_function_fails_the_call() {
    let global = Global::start();
    let process = process(&global, "reuters_svm");
    drop(global);
    let failed = text(process.run(faasm::message::Call {
        id: 1,
        function: "u/reuters_svm".parse().unwrap(),
        index: 0,
        input: b"1 60000".to_vec(),
        seed: 7,
        hops: 0,
        cold_start_interval: None,
        depth: 0,
    }));
    assert!(failed.starts_with("host function failed: connect at 127.0.0.1:"), "{failed}");
}

#[test]
fn a_background_call_is_published() {
    let global = Global::start();
    let process = process(&global, "echo");
    let call = new_call(process.results(), "echo", 0, b">hello");
    let id = call.id;
    process.submit(call).unwrap();
    assert_eq!(end_of(process.results(), id), success(b"hello"));
}

#[test]
fn a_process_serves_one_function_only() {
    let global = Global::start();
    let process = process(&global, "echo");
    let expected = Outcome::failed("this process serves `u/echo`, not `u/noop`");
    assert_eq!(process.run_index("noop", 0, b""), expected);
    let expected = Outcome::failed("`u/echo` has no function 2");
    assert_eq!(process.run_index("echo", 2, b""), expected);
}

#[test]
fn a_guest_that_is_not_linked_in_is_refused_at_once() {
    let global = Global::start();
    let settings = process_settings("absent");
    let refused = Process::new(settings, &global.pool(), ToProcesses::default());
    assert_eq!(refused.err().unwrap().to_string(), "this binary has no native guest `absent`");
}
