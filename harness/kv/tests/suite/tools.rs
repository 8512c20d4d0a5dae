//! Redis's own tools work with the embedded server.

use std::process::Stdio;

use libtest_mimic::{Arguments, Trial};

use crate::{
    needing,
    servers::{Embedded, Program, REDIS_BENCHMARK, REDIS_CLI},
};

pub(crate) fn trials(args: &Arguments) -> Vec<Trial> {
    let name = |name: &str| format!("tools::{name}");
    vec![
        needing(args, &REDIS_CLI, name("redis_cli_holds_a_dialogue"), redis_cli_holds_a_dialogue),
        needing(args, &REDIS_CLI, name("redis_cli_speaks_resp3"), redis_cli_speaks_resp3),
        needing(args, &REDIS_BENCHMARK, name("redis_benchmark_runs"), redis_benchmark_runs),
    ]
}

/// Runs a tool against a server, and answers what it printed.
fn run(program: &Program, server: &Embedded, args: &[&str]) -> String {
    let port = server.place().address.port().to_string();
    let mut command = program.command();
    command.args(["-h", "127.0.0.1", "-p", &port]).args(args).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn redis_cli_holds_a_dialogue() {
    let server = Embedded::start();
    let cli = |args: &[&str]| run(&REDIS_CLI, &server, args);
    assert_eq!(cli(&["SET", "k", "v"]), "OK\n");
    assert_eq!(cli(&["GET", "k"]), "v\n");
    assert_eq!(cli(&["RPUSH", "l", "a", "b"]), "2\n");
    assert_eq!(cli(&["LRANGE", "l", "0", "-1"]), "a\nb\n");
    assert!(cli(&["INFO"]).contains("db0:keys=2"));
}

fn redis_cli_speaks_resp3() {
    let server = Embedded::start();
    let cli = |args: &[&str]| run(&REDIS_CLI, &server, args);
    assert_eq!(cli(&["-3", "HSET", "h", "f", "v"]), "1\n");
    assert_eq!(cli(&["-3", "--no-raw", "HGETALL", "h"]), "1# \"f\" => \"v\"\n");
}

fn redis_benchmark_runs() {
    let server = Embedded::start();
    let tests =
        "ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,lrange_100,mset";
    let text =
        run(&REDIS_BENCHMARK, &server, &["-n", "500", "-P", "10", "-q", "--csv", "-t", tests]);
    // A line of titles, and one per test.
    assert!(text.lines().count() > tests.split(',').count(), "{text}");
    let text =
        run(&REDIS_BENCHMARK, &server, &["-n", "500", "-q", "SETRANGE", "w", "800", "12345678"]);
    assert!(text.contains("requests per second"), "{text}");
}
