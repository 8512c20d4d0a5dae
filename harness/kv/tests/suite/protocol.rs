//! Promises about the protocol itself.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
};

use kv::Reply;

use crate::{
    Promise,
    servers::Place,
    transcript::{ask, check, check_with},
};

pub(crate) const PROMISES: &[Promise] = &[
    ("protocol::the_server_answers", the_server_answers),
    ("protocol::unknown_commands_are_named", unknown_commands_are_named),
    ("protocol::wrong_arities_are_refused", wrong_arities_are_refused),
    ("protocol::ten_thousand_commands_in_one_go", ten_thousand_commands_in_one_go),
    ("protocol::requests_may_arrive_byte_by_byte", requests_may_arrive_byte_by_byte),
    ("protocol::words_on_a_line_are_a_request", words_on_a_line_are_a_request),
    ("protocol::a_malformed_frame_ends_the_connection", a_malformed_frame_ends_the_connection),
    (
        "protocol::requests_before_a_malformed_frame_are_answered",
        requests_before_a_malformed_frame_are_answered,
    ),
    ("protocol::quit_answers_and_closes", quit_answers_and_closes),
    ("protocol::hello_switches_to_resp3_and_back", hello_switches_to_resp3_and_back),
    ("protocol::hello_refuses_other_versions", hello_refuses_other_versions),
    ("protocol::clients_have_names_and_numbers", clients_have_names_and_numbers),
    ("protocol::only_compare_and_delete_deletes", only_compare_and_delete_deletes),
    ("protocol::eval_counts_its_keys", eval_counts_its_keys),
    ("protocol::a_script_by_hash_is_unknown", a_script_by_hash_is_unknown),
];

fn the_server_answers(place: &Place) {
    check(
        place,
        r#"
        PING          => +PONG
        PING hello    => "hello"
        PING a b      => -ERR wrong number of arguments for 'ping' command
        ECHO "a b"    => "a b"
        SELECT 0      => +OK
        SELECT -1     => -ERR DB index is out of range
        SELECT x      => -ERR value is not an integer or out of range
        "#,
    );
}

fn unknown_commands_are_named(place: &Place) {
    let long = "x".repeat(200);
    check(
        place,
        &format!(
            r#"
            FOO        => -ERR unknown command 'FOO', with args beginning with:
            FOO a "b c" => -ERR unknown command 'FOO', with args beginning with: 'a' 'b c'
            FOO "a\r\nb" => -ERR unknown command 'FOO', with args beginning with: 'a  b'
            {long} {long} b => -ERR unknown command '{short}', with args beginning with: '{short}'
            CLIENT FOO => -ERR unknown subcommand 'FOO'. Try CLIENT HELP.
            "#,
            short = &long[..128]
        ),
    );
}

fn wrong_arities_are_refused(place: &Place) {
    let mut client = place.client();
    for request in ["GET", "GET a b", "SET a", "SETRANGE a 0", "RPUSH l", "DEL", "sMembers", "ECHO"]
    {
        let name = request.split(' ').next().unwrap().to_lowercase();
        let expected = format!("-ERR wrong number of arguments for '{name}' command");
        check_with(&mut client, &format!("{request} => {expected}"));
    }
}

fn ten_thousand_commands_in_one_go(place: &Place) {
    let mut client = place.client();
    let mut pipeline = client.pipeline();
    for _ in 0..10_000 {
        pipeline.command(&[b"INCR", b"n"]);
    }
    let replies = pipeline.replies().unwrap();
    assert_eq!(replies.len(), 10_000);
    assert!(replies.into_iter().zip(1..).all(|(reply, n)| reply == Reply::Integer(n)));
}

fn requests_may_arrive_byte_by_byte(place: &Place) {
    let mut stream = place.raw();
    for byte in b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" {
        stream.write_all(&[*byte]).unwrap();
    }
    expect(&mut stream, "+OK\r\n$2\r\n\r\n\r\n");
}

fn words_on_a_line_are_a_request(place: &Place) {
    let mut stream = place.raw();
    stream.write_all(b"PING\r\n\r\nECHO 'a b'\nSET k \"\\x41\\n\"\r\nGET k\r\n").unwrap();
    expect(&mut stream, "+PONG\r\n$3\r\na b\r\n+OK\r\n$2\r\nA\n\r\n");
}

fn a_malformed_frame_ends_the_connection(place: &Place) {
    for (frame, error) in [
        ("*x\r\n", "invalid multibulk length"),
        ("*2147483648\r\n", "invalid multibulk length"),
        ("*1\r\nhello\r\n", "expected '$', got 'h'"),
        ("*1\r\n$-1\r\n", "invalid bulk length"),
        ("*1\r\n$536870913\r\n", "invalid bulk length"),
        ("*1\r\n$x\r\n", "invalid bulk length"),
        ("GET \"a\r\n", "unbalanced quotes in request"),
    ] {
        let mut stream = place.raw();
        stream.write_all(frame.as_bytes()).unwrap();
        assert_eq!(rest(stream), format!("-ERR Protocol error: {error}\r\n"), "{frame:?}");
    }
}

fn requests_before_a_malformed_frame_are_answered(place: &Place) {
    let mut stream = place.raw();
    stream.write_all(b"PING\r\n*x\r\n").unwrap();
    assert_eq!(rest(stream), "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n");
}

fn quit_answers_and_closes(place: &Place) {
    let mut stream = place.raw();
    stream.write_all(b"QUIT\r\n").unwrap();
    assert_eq!(rest(stream), "+OK\r\n");
}

fn hello_switches_to_resp3_and_back(place: &Place) {
    let mut client = place.client();
    let Reply::Map(fields) = ask(&mut client, "HELLO 3 SETNAME me") else {
        panic!("RESP3 answers HELLO by a map")
    };
    let text = |text: &str| Reply::Bulk(text.as_bytes().to_vec());
    assert!(fields.contains(&(text("server"), text("redis"))));
    assert!(fields.contains(&(text("proto"), Reply::Integer(3))));
    check_with(
        &mut client,
        r#"
        CLIENT GETNAME     => "me"
        GET none           => nil
        SADD s a           => 1
        SMEMBERS s         => <"a">
        SPOP s 1           => <"a">
        HSET h f v         => 1
        HGETALL h          => {"f": "v"}
        LPOP none 1        => nil
        BLPOP none 0.01    => nil
        FOO                => -ERR unknown command 'FOO', with args beginning with:
        HELLO 2
        HGETALL h          => ["f", "v"]
        "#,
    );
    let mut stream = place.raw();
    stream.write_all(b"GET none\r\nLPOP none 1\r\n").unwrap();
    expect(&mut stream, "$-1\r\n*-1\r\n");
}

fn hello_refuses_other_versions(place: &Place) {
    check(
        place,
        r#"
        HELLO 4        => -NOPROTO unsupported protocol version
        HELLO three    => -ERR Protocol version is not an integer or out of range
        HELLO 3 FOO    => -ERR Syntax error in HELLO option 'FOO'
        SADD s a       => 1
        SMEMBERS s     => ["a"]
        "#,
    );
}

fn clients_have_names_and_numbers(place: &Place) {
    let (mut first, mut second) = (place.client(), place.client());
    assert_ne!(ask(&mut first, "CLIENT ID"), ask(&mut second, "CLIENT ID"));
    check_with(
        &mut first,
        r#"
        CLIENT GETNAME        => nil
        CLIENT SETNAME "a b"  => -ERR Client names cannot contain spaces, newlines or special characters.
        CLIENT SETNAME me     => +OK
        CLIENT GETNAME        => "me"
        CLIENT SETNAME        => -ERR wrong number of arguments for 'client|setname' command
        "#,
    );
    check_with(&mut second, "CLIENT GETNAME => nil");
}

fn only_compare_and_delete_deletes(place: &Place) {
    let mut client = place.client();
    client.set("lock", b"mine").unwrap();
    assert!(!client.compare_and_delete("lock", b"yours").unwrap());
    assert!(client.exists("lock").unwrap());
    assert!(client.compare_and_delete("lock", b"mine").unwrap());
    assert!(!client.exists("lock").unwrap());
    assert!(!client.compare_and_delete("lock", b"mine").unwrap());
}

fn eval_counts_its_keys(place: &Place) {
    check(
        place,
        r#"
        EVAL "return 0" x        => -ERR value is not an integer or out of range
        EVAL "return 0" -1       => -ERR Number of keys can't be negative
        EVAL "return 0" 2 k      => -ERR Number of keys can't be greater than number of args
        EVAL "return 0"          => -ERR wrong number of arguments for 'eval' command
        "#,
    );
}

fn a_script_by_hash_is_unknown(place: &Place) {
    check(
        place,
        "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0 => -NOSCRIPT No matching script. Please use EVAL.",
    );
}

#[track_caller]
fn expect(stream: &mut TcpStream, expected: &str) {
    let mut received = vec![0; expected.len()];
    stream.read_exact(&mut received).unwrap();
    assert_eq!(String::from_utf8(received).unwrap(), expected);
}

/// Everything until the server closes the connection.
fn rest(mut stream: TcpStream) -> String {
    let mut received = String::new();
    stream.read_to_string(&mut received).unwrap();
    stream.shutdown(Shutdown::Both).unwrap_or_default();
    received
}
