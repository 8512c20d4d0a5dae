//! Promises in which the embedded server differs from a real Redis on purpose.

use std::io::{Read as _, Write as _};

use crate::{Promise, servers::Place, transcript::check};

pub(crate) const PROMISES: &[Promise] = &[
    ("runs_no_lua", runs_no_lua),
    ("has_one_database", has_one_database),
    ("has_no_settings_to_change", has_no_settings_to_change),
    ("tells_tools_what_it_has", tells_tools_what_it_has),
    ("refuses_a_bulk_that_does_not_end", refuses_a_bulk_that_does_not_end),
    ("chooses_members_by_its_seed", chooses_members_by_its_seed),
];

fn runs_no_lua(place: &Place) {
    check(
        place,
        "EVAL \"return 1\" 0 => -NOSCRIPT The embedded server runs no Lua; the only script it knows \
         is compare-and-delete (hint: use a real Redis for others)",
    );
}

fn has_one_database(place: &Place) {
    check(place, "SELECT 1 => -ERR DB index is out of range");
}

fn has_no_settings_to_change(place: &Place) {
    check(
        place,
        r#"
        CONFIG GET save           => ["save", ""]
        CONFIG GET s* append*     => ["appendonly", "no", "save", ""]
        CONFIG GET none           => []
        CONFIG SET save 1         => -ERR the embedded server has no settings to change (hint: use a real Redis)
        "#,
    );
}

fn tells_tools_what_it_has(place: &Place) {
    check(
        place,
        r#"
        COMMAND INFO get none     => [["get", 2, [], 0, 0, 0], nil]
        COMMAND DOCS              => []
        CLIENT SETINFO LIB-NAME x => +OK
        COMMAND FOO               => -ERR unknown subcommand 'FOO'. Try COMMAND HELP.
        "#,
    );
    let info = place.client().command(&[b"INFO"]).unwrap().into_bytes().unwrap();
    assert!(String::from_utf8(info).unwrap().contains("redis_version:7."));
}

/// A real Redis takes any two bytes for the end.
fn refuses_a_bulk_that_does_not_end(place: &Place) {
    let mut stream = place.raw();
    stream.write_all(b"*1\r\n$4\r\nPINGPONG\r\n").unwrap();
    let mut received = String::new();
    stream.read_to_string(&mut received).unwrap();
    assert_eq!(received, "-ERR Protocol error: expected CRLF after a bulk\r\n");
}

fn chooses_members_by_its_seed(place: &Place) {
    let choices = |place: &Place| {
        let mut client = place.client();
        for member in 0..100 {
            client.sadd("s", member.to_string()).unwrap();
        }
        (0..50).map(|_| client.srandmember("s").unwrap()).collect::<Vec<_>>()
    };
    let other = crate::servers::Embedded::start();
    assert_eq!(choices(place), choices(&other.place()));
}
