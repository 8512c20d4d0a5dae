//! Promises about strings.

use crate::{Promise, servers::Place, transcript::check};

pub(crate) const PROMISES: &[Promise] = &[
    ("strings::what_is_set_is_got", what_is_set_is_got),
    ("strings::values_and_keys_are_binary_safe", values_and_keys_are_binary_safe),
    ("strings::set_takes_conditions", set_takes_conditions),
    ("strings::set_takes_lifetimes", set_takes_lifetimes),
    ("strings::set_refuses_bad_options", set_refuses_bad_options),
    ("strings::set_replaces_any_kind_of_value", set_replaces_any_kind_of_value),
    ("strings::many_keys_are_set_and_got_at_once", many_keys_are_set_and_got_at_once),
    ("strings::append_grows_a_string", append_grows_a_string),
    ("strings::getrange_counts_from_both_ends", getrange_counts_from_both_ends),
    ("strings::setrange_overwrites_and_pads_with_zeros", setrange_overwrites_and_pads_with_zeros),
    ("strings::setrange_refuses_bad_offsets", setrange_refuses_bad_offsets),
    ("strings::counters_count", counters_count),
    ("strings::counters_refuse_what_is_no_integer", counters_refuse_what_is_no_integer),
    ("strings::counters_do_not_overflow", counters_do_not_overflow),
    ("strings::a_string_command_refuses_other_kinds", a_string_command_refuses_other_kinds),
];

fn what_is_set_is_got(place: &Place) {
    check(
        place,
        r#"
        GET k        => nil
        SET k v      => +OK
        GET k        => "v"
        get k        => "v"
        SET k ""     => +OK
        GET k        => ""
        STRLEN k     => 0
        STRLEN none  => 0
        "#,
    );
}

fn values_and_keys_are_binary_safe(place: &Place) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut client = place.client();
    client.set(&every_byte, &every_byte).unwrap();
    assert_eq!(client.get(&every_byte).unwrap().unwrap(), every_byte);
    assert_eq!(client.keys("*").unwrap(), [every_byte]);
}

fn set_takes_conditions(place: &Place) {
    check(
        place,
        r#"
        SET k a XX      => nil
        SET k a NX      => +OK
        SET k b NX      => nil
        GET k           => "a"
        SET k b XX      => +OK
        SET k c GET     => "b"
        SET new d GET   => nil
        SET k e NX GET  => "c"
        GET k           => "c"
        "#,
    );
}

fn set_takes_lifetimes(place: &Place) {
    check(
        place,
        r#"
        SET k v EX 100         => +OK
        TTL k                  => 100
        SET k v PX 1000000 NX  => nil
        SET k v px 1000000     => +OK
        TTL k                  => 1000
        SET k w KEEPTTL        => +OK
        TTL k                  => 1000
        SET k w                => +OK
        TTL k                  => -1
        SET k v EXAT 1         => +OK
        EXISTS k               => 0
        SET k v PXAT 1         => +OK
        EXISTS k               => 0
        "#,
    );
}

fn set_refuses_bad_options(place: &Place) {
    check(
        place,
        r#"
        SET k v FOO             => -ERR syntax error
        SET k v NX XX           => -ERR syntax error
        SET k v EX              => -ERR syntax error
        SET k v EX 1 PX 1       => -ERR syntax error
        SET k v EX 1 KEEPTTL    => -ERR syntax error
        SET k v EX one          => -ERR value is not an integer or out of range
        SET k v EX 0            => -ERR invalid expire time in 'set' command
        SET k v PX -1           => -ERR invalid expire time in 'set' command
        SET k v EX 9223372036854775807 => -ERR invalid expire time in 'set' command
        EXISTS k                => 0
        "#,
    );
}

fn set_replaces_any_kind_of_value(place: &Place) {
    check(
        place,
        r#"
        RPUSH k a     => 1
        SET k v GET   => -WRONGTYPE Operation against a key holding the wrong kind of value
        TYPE k        => +list
        SET k v       => +OK
        TYPE k        => +string
        "#,
    );
}

fn many_keys_are_set_and_got_at_once(place: &Place) {
    check(
        place,
        r#"
        MSET a 1 b 2 a 3  => +OK
        RPUSH l x         => 1
        MGET a none l b   => ["3", nil, nil, "2"]
        MSET a            => -ERR wrong number of arguments for 'mset' command
        MSET a 1 b        => -ERR wrong number of arguments for 'mset' command
        "#,
    );
}

fn append_grows_a_string(place: &Place) {
    check(
        place,
        r#"
        APPEND k ab  => 2
        APPEND k ""  => 2
        APPEND k cd  => 4
        GET k        => "abcd"
        "#,
    );
}

fn getrange_counts_from_both_ends(place: &Place) {
    check(
        place,
        r#"
        SET k "hello world"
        GETRANGE k 0 4       => "hello"
        GETRANGE k -5 -1     => "world"
        GETRANGE k 0 -1      => "hello world"
        GETRANGE k 6 1000    => "world"
        GETRANGE k 5 4       => ""
        GETRANGE k 100 200   => ""
        GETRANGE k -100 0    => "h"
        GETRANGE k -5 -100   => ""
        GETRANGE none 0 -1   => ""
        GETRANGE k a 1       => -ERR value is not an integer or out of range
        "#,
    );
}

fn setrange_overwrites_and_pads_with_zeros(place: &Place) {
    check(
        place,
        r#"
        SET k "hello world"
        SETRANGE k 6 redis   => 11
        GET k                => "hello redis"
        SETRANGE k 10 !!     => 12
        GET k                => "hello redi!!"
        SETRANGE new 3 a     => 4
        GET new              => "\x00\x00\x00a"
        SETRANGE none 9 ""   => 0
        EXISTS none          => 0
        SETRANGE k 99 ""     => 12
        EXPIRE k 100         => 1
        SETRANGE k 0 H       => 12
        TTL k                => 100
        "#,
    );
}

fn setrange_refuses_bad_offsets(place: &Place) {
    check(
        place,
        r#"
        SETRANGE k -1 a          => -ERR offset is out of range
        SETRANGE k x a           => -ERR value is not an integer or out of range
        SETRANGE k 536870911 a   => 536870912
        SETRANGE k 536870912 a   => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        SETRANGE k 9223372036854775807 a => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        APPEND k a               => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
        "#,
    );
}

fn counters_count(place: &Place) {
    check(
        place,
        r#"
        INCR n        => 1
        INCRBY n 41   => 42
        DECR n        => 41
        DECRBY n 50   => -9
        INCRBY n -1   => -10
        GET n         => "-10"
        EXPIRE n 100  => 1
        INCR n        => -9
        TTL n         => 100
        "#,
    );
}

fn counters_refuse_what_is_no_integer(place: &Place) {
    check(
        place,
        r#"
        SET n abc    => +OK
        INCR n       => -ERR value is not an integer or out of range
        SET n " 1"   => +OK
        INCR n       => -ERR value is not an integer or out of range
        SET n 01     => +OK
        INCR n       => -ERR value is not an integer or out of range
        SET n 1      => +OK
        INCRBY n x   => -ERR value is not an integer or out of range
        INCRBY n 1.5 => -ERR value is not an integer or out of range
        "#,
    );
}

fn counters_do_not_overflow(place: &Place) {
    check(
        place,
        r#"
        SET n 9223372036854775807
        INCR n                        => -ERR increment or decrement would overflow
        SET n -9223372036854775808
        DECR n                        => -ERR increment or decrement would overflow
        INCR n                        => -9223372036854775807
        DECRBY n -9223372036854775808 => -ERR decrement would overflow
        INCRBY n 9223372036854775808  => -ERR value is not an integer or out of range
        "#,
    );
}

fn a_string_command_refuses_other_kinds(place: &Place) {
    let mut client = place.client();
    client.rpush("l", b"a").unwrap();
    for request in [
        "GET l",
        "APPEND l a",
        "STRLEN l",
        "GETRANGE l 0 1",
        "SETRANGE l 0 a",
        "INCR l",
        "DECRBY l 2",
    ] {
        let expected = "-WRONGTYPE Operation against a key holding the wrong kind of value";
        crate::transcript::check_with(&mut client, &format!("{request} => {expected}"));
    }
}
