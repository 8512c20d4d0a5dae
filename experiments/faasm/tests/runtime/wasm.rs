//! Calls on one wasm worker.

use std::time::Duration;

use faasm::{
    faaslet::{Worker, WorkerSettings},
    message::Outcome,
    scheduler::Limits,
};

use crate::{
    global::Global,
    workers::{Runs as _, end_of, function, guest, new_call, settings, start, success, text},
};

#[test]
fn a_noop_succeeds() {
    let global = Global::start();
    assert_eq!(start(&global, settings("a")).run("noop", b""), success(b""));
}

#[test]
fn an_output_is_what_the_guest_writes() {
    let global = Global::start();
    assert_eq!(start(&global, settings("a")).run("echo", b"hello"), success(b"hello"));
}

#[test]
fn a_chained_call_is_awaited() {
    let global = Global::start();
    assert_eq!(start(&global, settings("a")).run("echo", b">hello"), success(b"hello"));
}

#[test]
fn a_failed_chained_call_fails_its_caller_only() {
    let global = Global::start();
    let worker = start(&global, settings("a"));
    assert_eq!(worker.run("echo", b">!").return_value, 1);
    assert_eq!(worker.run("echo", b">fine"), success(b"fine"));
}

#[test]
fn a_caller_and_its_chained_call_need_one_thread_only() {
    let global = Global::start();
    let limits = Limits { max_faaslets_per_function: 1, ..settings("a").limits };
    let worker = start(&global, WorkerSettings { limits, threads_max: 1, ..settings("a") });
    assert_eq!(worker.run("echo", b">hello"), success(b"hello"));
}

#[test]
fn functions_take_turns_on_one_thread() {
    let global = Global::start();
    let worker = start(&global, WorkerSettings { threads_max: 1, ..settings("a") });
    for _ in 0..3 {
        assert_eq!(worker.run("echo", b"hello"), success(b"hello"));
        assert_eq!(worker.run("noop", b""), success(b""));
    }
}

#[test]
fn many_calls_at_once_all_end() {
    let global = Global::start();
    let worker = start(&global, settings("a"));
    let ids: Vec<_> = (100..200_u8)
        .map(|nth| {
            let call = new_call(worker.results(), "echo", 0, &[b'>', nth]);
            let id = call.id;
            worker.submit(call).unwrap();
            (id, nth)
        })
        .collect();
    for (id, nth) in ids {
        assert_eq!(end_of(worker.results(), id), success(&[nth]));
    }
}

#[test]
fn an_unknown_function_says_how_to_upload_it() {
    let global = Global::start();
    let worker = Worker::start(settings("a"), &global.pool()).unwrap();
    let expected = "there is no function `u/noop` (hint: upload it by PUT /f/u/noop)";
    assert_eq!(worker.run("noop", b""), Outcome::failed(expected));
}

#[test]
fn a_missing_chained_function_is_named() {
    let global = Global::start();
    let outcome = start(&global, settings("a")).run_index("noop", 5, b"");
    assert!(text(outcome).starts_with("no function `faasm_func_5` to call"));
}

#[test]
fn a_guest_that_fails_fails_its_own_call_only() {
    let global = Global::start();
    let call_limit = Duration::from_millis(200);
    let worker = start(&global, WorkerSettings { call_limit, ..settings("a") });
    for (name, reason) in [
        ("trap", "guest trapped: "),
        ("spin", "guest ran for longer than its limit of 200ms"),
        ("exhaust", "guest asked for "),
    ] {
        let failed = text(worker.run(name, b""));
        assert!(failed.starts_with(reason), "{name}: {failed}");
        assert_eq!(worker.run("echo", b"fine"), success(b"fine"));
    }
}

#[test]
fn a_stopped_worker_fails_its_calls() {
    let global = Global::start();
    let worker = start(&global, settings("a"));
    let call = new_call(worker.results(), "spin", 0, b"");
    let (id, results) = (call.id, worker.results().clone());
    worker.submit(call).unwrap();
    drop(worker);
    assert!(!end_of(&results, id).is_success());
}

#[test]
fn a_new_upload_replaces_the_function() {
    let global = Global::start();
    let worker = start(&global, settings("a"));
    assert_eq!(worker.run("noop", b"hello"), success(b""));
    worker.programs().accept(&function("noop"), &guest("echo"), worker.functions()).unwrap();
    assert_eq!(worker.run("noop", b"hello"), success(b"hello"));
}

#[test]
fn a_module_that_cannot_run_is_rejected() {
    let global = Global::start();
    let worker = start(&global, settings("a"));
    let rejection = |module: &str| {
        let wasm = wat::parse_str(module).unwrap();
        let accepted = worker.programs().accept(&function("bad"), &wasm, worker.functions());
        accepted.unwrap_err().to_string()
    };
    let without_main = rejection("(module)");
    assert_eq!(without_main, "the module exports no `faasm_func_0`, its main function");
    let foreign = rejection(r#"(module (import "env" "fork" (func)))"#);
    assert!(foreign.starts_with("the module's imports do not fit the host's functions"));
}
