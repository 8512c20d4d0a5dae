//! Promises about waiting for a list to have something.
//!
//! A test knows that a client waits because the server says so (INFO), not
//! because some time has passed.

use std::{
    io::{Read as _, Write as _},
    time::{Duration, Instant},
};

use kv::Client;

use crate::{
    Promise,
    servers::Place,
    transcript::{ask, check, check_with},
};

pub(crate) const PROMISES: &[Promise] = &[
    ("blocking::what_is_there_is_popped_at_once", what_is_there_is_popped_at_once),
    ("blocking::a_push_wakes_who_waits", a_push_wakes_who_waits),
    ("blocking::who_waits_longest_is_served_first", who_waits_longest_is_served_first),
    ("blocking::one_push_of_many_serves_many", one_push_of_many_serves_many),
    (
        "blocking::the_pusher_sees_the_length_before_the_pop",
        the_pusher_sees_the_length_before_the_pop,
    ),
    ("blocking::a_waiter_may_name_many_keys", a_waiter_may_name_many_keys),
    ("blocking::a_wait_ends_after_its_timeout", a_wait_ends_after_its_timeout),
    ("blocking::a_wait_of_zero_does_not_end", a_wait_of_zero_does_not_end),
    ("blocking::a_waiter_that_left_loses_nothing", a_waiter_that_left_loses_nothing),
    ("blocking::others_go_on_meanwhile", others_go_on_meanwhile),
    (
        "blocking::commands_after_a_blocked_one_wait_for_it",
        commands_after_a_blocked_one_wait_for_it,
    ),
    ("blocking::bad_timeouts_are_refused", bad_timeouts_are_refused),
];

/// A client of its own thread that waits for `key`; joined, it answers what it
/// got.
fn waiter(place: &Place, command: &str) -> std::thread::JoinHandle<kv::Reply> {
    let n_waiting = n_waiting(&mut place.client());
    let (mut client, command) = (place.client(), command.to_owned());
    let thread = std::thread::spawn(move || ask(&mut client, &command));
    until_waiting(place, n_waiting + 1);
    thread
}

fn until_waiting(place: &Place, n: usize) {
    let mut client = place.client();
    while n_waiting(&mut client) != n {
        std::thread::yield_now();
    }
}

fn n_waiting(client: &mut Client) -> usize {
    let info = client.command(&[b"INFO", b"clients"]).unwrap().into_bytes().unwrap();
    let info = String::from_utf8(info).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("blocked_clients:"));
    line.unwrap().trim().parse().unwrap()
}

fn popped(key: &str, value: &str) -> kv::Reply {
    let bulk = |text: &str| kv::Reply::Bulk(text.as_bytes().to_vec());
    kv::Reply::Array(vec![bulk(key), bulk(value)])
}

fn what_is_there_is_popped_at_once(place: &Place) {
    check(
        place,
        r#"
        RPUSH l a b c    => 3
        BLPOP l 0        => ["l", "a"]
        BRPOP l 0        => ["l", "c"]
        BLPOP x l 1.5    => ["l", "b"]
        EXISTS l         => 0
        "#,
    );
}

fn a_push_wakes_who_waits(place: &Place) {
    for (pop, push, value) in [("BLPOP q 0", "RPUSH q a b", "a"), ("BRPOP q 0", "LPUSH q a b", "a")]
    {
        let waiter = waiter(place, pop);
        check(place, &format!("{push} => 2"));
        assert_eq!(waiter.join().unwrap(), popped("q", value));
        check(place, r#"LRANGE q 0 -1 => ["b"]"#);
        check(place, "DEL q => 1");
    }
}

fn who_waits_longest_is_served_first(place: &Place) {
    let waiters: Vec<_> = (0..5).map(|_| waiter(place, "BLPOP q 0")).collect();
    for value in ["a", "b", "c", "d", "e"] {
        place.client().rpush("q", value.as_bytes()).unwrap();
    }
    let got: Vec<_> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
    assert_eq!(got, ["a", "b", "c", "d", "e"].map(|value| popped("q", value)));
}

fn one_push_of_many_serves_many(place: &Place) {
    let waiters: Vec<_> = (0..3).map(|_| waiter(place, "BLPOP q 0")).collect();
    check(place, "RPUSH q a b c d => 4");
    let got: Vec<_> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
    assert_eq!(got, ["a", "b", "c"].map(|value| popped("q", value)));
    check(place, r#"LRANGE q 0 -1 => ["d"]"#);
}

fn the_pusher_sees_the_length_before_the_pop(place: &Place) {
    let waiter = waiter(place, "BLPOP q 0");
    check(place, "RPUSH q a => 1\n LLEN q => 0");
    assert_eq!(waiter.join().unwrap(), popped("q", "a"));
}

fn a_waiter_may_name_many_keys(place: &Place) {
    let waiter = waiter(place, "BLPOP p q p 0");
    check(place, "RPUSH q a => 1\n RPUSH p b => 1");
    assert_eq!(waiter.join().unwrap(), popped("q", "a"));
    check(place, r#"LRANGE p 0 -1 => ["b"]"#);
}

fn a_wait_ends_after_its_timeout(place: &Place) {
    let started = Instant::now();
    check(place, "BLPOP q 0.05 => nil");
    // Servers keep time in whole milliseconds.
    assert!(started.elapsed() >= Duration::from_millis(49));
    assert_eq!(place.client().blpop("q", Duration::from_nanos(1)).unwrap(), None);
    // The wait is over, so what comes now stays.
    check(place, "RPUSH q a => 1\n LLEN q => 1");
}

fn a_wait_of_zero_does_not_end(place: &Place) {
    let waiter = waiter(place, "BLPOP q 0");
    check(place, "BLPOP other 0.05 => nil");
    assert!(!waiter.is_finished());
    check(place, "RPUSH q a => 1");
    assert_eq!(waiter.join().unwrap(), popped("q", "a"));
}

fn a_waiter_that_left_loses_nothing(place: &Place) {
    let mut leaving = place.raw();
    leaving.write_all(b"BLPOP q 0\r\n").unwrap();
    until_waiting(place, 1);
    drop(leaving);
    until_waiting(place, 0);
    check(place, "RPUSH q a => 1\n LLEN q => 1");
}

fn others_go_on_meanwhile(place: &Place) {
    let waiter = waiter(place, "BLPOP q 0");
    check(place, "SET k v => +OK\n GET k => \"v\"");
    assert!(!waiter.is_finished());
    check(place, "RPUSH q a => 1");
    waiter.join().unwrap();
}

fn commands_after_a_blocked_one_wait_for_it(place: &Place) {
    let mut stream = place.raw();
    stream.write_all(b"BLPOP q 0\r\nINCR n\r\n").unwrap();
    until_waiting(place, 1);
    let mut client = place.client();
    check_with(&mut client, "GET n => nil\n RPUSH q a => 1");
    let expected = b"*2\r\n$1\r\nq\r\n$1\r\na\r\n:1\r\n";
    let mut received = vec![0; expected.len()];
    stream.read_exact(&mut received).unwrap();
    assert_eq!(received, expected);
}

fn bad_timeouts_are_refused(place: &Place) {
    check(
        place,
        r#"
        BLPOP q soon   => -ERR timeout is not a float or out of range
        BLPOP q nan    => -ERR timeout is not a float or out of range
        BLPOP q -1     => -ERR timeout is negative
        BLPOP q        => -ERR wrong number of arguments for 'blpop' command
        "#,
    );
}
