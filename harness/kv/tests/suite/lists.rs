//! Promises about lists.

use crate::{Promise, servers::Place, transcript::check};

pub(crate) const PROMISES: &[Promise] = &[
    ("lists::grow_at_both_ends", grow_at_both_ends),
    ("lists::shrink_at_both_ends", shrink_at_both_ends),
    ("lists::several_values_are_popped_at_once", several_values_are_popped_at_once),
    ("lists::are_read_by_position", are_read_by_position),
    ("lists::an_emptied_list_is_gone", an_emptied_list_is_gone),
    ("lists::a_list_command_refuses_other_kinds", a_list_command_refuses_other_kinds),
];

fn grow_at_both_ends(place: &Place) {
    check(
        place,
        r#"
        RPUSH l a b      => 2
        LPUSH l c d      => 4
        LRANGE l 0 -1    => ["d", "c", "a", "b"]
        LLEN l           => 4
        LLEN none        => 0
        RPUSH l ""       => 5
        LINDEX l -1      => ""
        "#,
    );
}

fn shrink_at_both_ends(place: &Place) {
    check(
        place,
        r#"
        RPUSH l a b c    => 3
        LPOP l           => "a"
        RPOP l           => "c"
        LPOP l           => "b"
        LPOP l           => nil
        RPOP none        => nil
        "#,
    );
}

fn several_values_are_popped_at_once(place: &Place) {
    check(
        place,
        r#"
        RPUSH l a b c d  => 4
        LPOP l 0         => []
        LPOP l 2         => ["a", "b"]
        RPOP l 5         => ["d", "c"]
        LPOP l 1         => nil
        LPOP l -1        => -ERR value is out of range, must be positive
        LPOP l x         => -ERR value is out of range, must be positive
        LPOP l 1 2       => -ERR wrong number of arguments for 'lpop' command
        "#,
    );
}

fn are_read_by_position(place: &Place) {
    check(
        place,
        r#"
        RPUSH l a b c       => 3
        LRANGE l 0 1        => ["a", "b"]
        LRANGE l -2 -1      => ["b", "c"]
        LRANGE l -100 100   => ["a", "b", "c"]
        LRANGE l 2 1        => []
        LRANGE l 3 9        => []
        LRANGE l 0 -9       => []
        LRANGE none 0 -1    => []
        LRANGE l a b        => -ERR value is not an integer or out of range
        LINDEX l 0          => "a"
        LINDEX l -1         => "c"
        LINDEX l 3          => nil
        LINDEX l -4         => nil
        LINDEX none 0       => nil
        "#,
    );
}

fn an_emptied_list_is_gone(place: &Place) {
    check(
        place,
        r#"
        RPUSH l a     => 1
        EXPIRE l 100  => 1
        LPOP l        => "a"
        EXISTS l      => 0
        TYPE l        => +none
        RPUSH l b     => 1
        TTL l         => -1
        "#,
    );
}

fn a_list_command_refuses_other_kinds(place: &Place) {
    let mut client = place.client();
    client.set("s", b"a").unwrap();
    for request in [
        "RPUSH s a",
        "LPUSH s a",
        "LPOP s",
        "RPOP s",
        "LPOP s 1",
        "LLEN s",
        "LRANGE s 0 1",
        "LINDEX s 0",
        "BLPOP s 1",
        "BRPOP none s 1",
    ] {
        let expected = "-WRONGTYPE Operation against a key holding the wrong kind of value";
        crate::transcript::check_with(&mut client, &format!("{request} => {expected}"));
    }
}
