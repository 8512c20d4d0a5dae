//! Promises about keys and their lifetimes.

use std::time::{Duration, Instant};

use crate::{Promise, servers::Place, transcript::check};

pub(crate) const PROMISES: &[Promise] = &[
    ("keys::are_deleted_and_counted", are_deleted_and_counted),
    ("keys::have_a_type", have_a_type),
    ("keys::are_listed_by_pattern", are_listed_by_pattern),
    ("keys::lifetimes_are_set_read_and_lifted", lifetimes_are_set_read_and_lifted),
    ("keys::expire_takes_conditions", expire_takes_conditions),
    ("keys::expire_refuses_bad_times", expire_refuses_bad_times),
    ("keys::a_past_lifetime_deletes_at_once", a_past_lifetime_deletes_at_once),
    ("keys::an_expired_key_is_gone", an_expired_key_is_gone),
    ("keys::a_flush_removes_everything", a_flush_removes_everything),
];

fn are_deleted_and_counted(place: &Place) {
    check(
        place,
        r#"
        DBSIZE            => 0
        MSET a 1 b 2      => +OK
        EXISTS a b c a    => 3
        DBSIZE            => 2
        DEL a c b a       => 2
        DEL a             => 0
        DBSIZE            => 0
        "#,
    );
}

fn have_a_type(place: &Place) {
    check(
        place,
        r#"
        SET s v      => +OK
        RPUSH l v    => 1
        SADD e v     => 1
        HSET h f v   => 1
        TYPE s       => +string
        TYPE l       => +list
        TYPE e       => +set
        TYPE h       => +hash
        TYPE none    => +none
        "#,
    );
}

fn are_listed_by_pattern(place: &Place) {
    check(
        place,
        r#"
        MSET ann_weights 1 ann_params 2 bob_model 3 h1 4 h2 5
        KEYS ann_*      =>sorted ["ann_params", "ann_weights"]
        KEYS h?         =>sorted ["h1", "h2"]
        KEYS h[^1]      =>sorted ["h2"]
        KEYS none*      => []
        KEYS *          =>sorted ["ann_params", "ann_weights", "bob_model", "h1", "h2"]
        "#,
    );
}

fn lifetimes_are_set_read_and_lifted(place: &Place) {
    check(
        place,
        r#"
        TTL none          => -2
        PTTL none         => -2
        EXPIRE none 10    => 0
        PERSIST none      => 0
        SET k v           => +OK
        TTL k             => -1
        PTTL k            => -1
        PERSIST k         => 0
        EXPIRE k 100      => 1
        TTL k             => 100
        PEXPIRE k 200000  => 1
        TTL k             => 200
        PERSIST k         => 1
        TTL k             => -1
        "#,
    );
}

fn expire_takes_conditions(place: &Place) {
    check(
        place,
        r#"
        SET k v              => +OK
        EXPIRE k 100 XX      => 0
        EXPIRE k 100 GT      => 0
        EXPIRE k 100 NX      => 1
        EXPIRE k 200 NX      => 0
        EXPIRE k 50 GT       => 0
        EXPIRE k 200 gt      => 1
        EXPIRE k 300 LT      => 0
        EXPIRE k 100 XX LT   => 1
        TTL k                => 100
        EXPIRE k 1 NX XX     => -ERR NX and XX, GT or LT options at the same time are not compatible
        EXPIRE k 1 GT LT     => -ERR GT and LT options at the same time are not compatible
        EXPIRE k 1 FOO       => -ERR Unsupported option FOO
        "#,
    );
}

fn expire_refuses_bad_times(place: &Place) {
    check(
        place,
        r#"
        SET k v                        => +OK
        EXPIRE k soon                  => -ERR value is not an integer or out of range
        EXPIRE k 9223372036854775807   => -ERR invalid expire time in 'expire' command
        PEXPIRE k 9223372036854775807  => -ERR invalid expire time in 'pexpire' command
        TTL k                          => -1
        "#,
    );
}

fn a_past_lifetime_deletes_at_once(place: &Place) {
    check(
        place,
        r#"
        SET k v       => +OK
        EXPIRE k -1   => 1
        EXISTS k      => 0
        SET k v       => +OK
        PEXPIRE k 0   => 1
        EXISTS k      => 0
        "#,
    );
}

/// Waits by asking: nothing is assumed about how long anything takes, only
/// that the key exists before its time and is gone in the end.
fn an_expired_key_is_gone(place: &Place) {
    let mut client = place.client();
    let started = Instant::now();
    client.command(&[b"SET", b"k", b"v", b"PX", b"100"]).unwrap();
    while client.exists("k").unwrap() {}
    assert!(started.elapsed() >= Duration::from_millis(99));
    check(place, "GET k => nil\n TTL k => -2\n SET k w NX => +OK\n TTL k => -1");
}

fn a_flush_removes_everything(place: &Place) {
    check(
        place,
        r#"
        MSET a 1 b 2     => +OK
        EXPIRE a 100     => 1
        FLUSHALL         => +OK
        DBSIZE           => 0
        SET a 1          => +OK
        TTL a            => -1
        FLUSHDB SYNC     => +OK
        DBSIZE           => 0
        SET a 1          => +OK
        FLUSHALL async   => +OK
        EXISTS a         => 0
        FLUSHALL now     => -ERR syntax error
        FLUSHALL SYNC a  => -ERR syntax error
        "#,
    );
}
