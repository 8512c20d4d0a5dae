//! Promises about hashes.

use crate::{Promise, servers::Place, transcript::check};

pub(crate) const PROMISES: &[Promise] = &[
    ("hashes::hold_a_value_per_field", hold_a_value_per_field),
    ("hashes::an_emptied_hash_is_gone", an_emptied_hash_is_gone),
    ("hashes::fields_count", fields_count),
    ("hashes::a_hash_command_refuses_other_kinds", a_hash_command_refuses_other_kinds),
];

fn hold_a_value_per_field(place: &Place) {
    check(
        place,
        r#"
        HSET h a 1 b 2 a 3    => 2
        HSET h a 4 c 5        => 1
        HGET h a              => "4"
        HGET h none           => nil
        HGET none a           => nil
        HMGET h a none c      => ["4", nil, "5"]
        HMGET none a b        => [nil, nil]
        HLEN h                => 3
        HLEN none             => 0
        HEXISTS h a           => 1
        HEXISTS h none        => 0
        HKEYS h               =>sorted ["a", "b", "c"]
        HVALS h               =>sorted ["2", "4", "5"]
        HGETALL h             =>sorted ["2", "4", "5", "a", "b", "c"]
        HGETALL none          => []
        HSET h a              => -ERR wrong number of arguments for 'hset' command
        HSET h a 1 b          => -ERR wrong number of arguments for 'hset' command
        "#,
    );
}

fn an_emptied_hash_is_gone(place: &Place) {
    check(
        place,
        r#"
        HSET h a 1 b 2   => 2
        HDEL h a c       => 1
        HDEL h b         => 1
        HDEL h b         => 0
        EXISTS h         => 0
        "#,
    );
}

fn fields_count(place: &Place) {
    check(
        place,
        r#"
        HINCRBY h n 5                     => 5
        HINCRBY h n -7                    => -2
        HSET h t abc max 9223372036854775807 => 2
        HINCRBY h t 1                     => -ERR hash value is not an integer
        HINCRBY h max 1                   => -ERR increment or decrement would overflow
        HINCRBY h n x                     => -ERR value is not an integer or out of range
        "#,
    );
}

fn a_hash_command_refuses_other_kinds(place: &Place) {
    let mut client = place.client();
    client.set("k", b"a").unwrap();
    for request in [
        "HSET k f v",
        "HGET k f",
        "HMGET k f",
        "HGETALL k",
        "HDEL k f",
        "HEXISTS k f",
        "HLEN k",
        "HKEYS k",
        "HVALS k",
        "HINCRBY k f 1",
    ] {
        let expected = "-WRONGTYPE Operation against a key holding the wrong kind of value";
        crate::transcript::check_with(&mut client, &format!("{request} => {expected}"));
    }
}
