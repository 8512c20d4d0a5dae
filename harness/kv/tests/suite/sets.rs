//! Promises about sets.

use std::collections::HashSet;

use kv::Reply;

use crate::{
    Promise,
    servers::Place,
    transcript::{ask, check},
};

pub(crate) const PROMISES: &[Promise] = &[
    ("sets::hold_each_value_once", hold_each_value_once),
    ("sets::an_emptied_set_is_gone", an_emptied_set_is_gone),
    ("sets::a_random_member_is_a_member", a_random_member_is_a_member),
    ("sets::every_member_is_chosen_sometimes", every_member_is_chosen_sometimes),
    (
        "sets::chosen_members_differ_unless_asked_otherwise",
        chosen_members_differ_unless_asked_otherwise,
    ),
    ("sets::popped_members_are_gone", popped_members_are_gone),
    ("sets::a_set_command_refuses_other_kinds", a_set_command_refuses_other_kinds),
];

fn hold_each_value_once(place: &Place) {
    check(
        place,
        r#"
        SADD s a b a       => 2
        SADD s b c         => 1
        SCARD s            => 3
        SCARD none         => 0
        SMEMBERS s         =>sorted ["a", "b", "c"]
        SMEMBERS none      => []
        SISMEMBER s a      => 1
        SISMEMBER s d      => 0
        SISMEMBER none a   => 0
        SREM s a d         => 1
        SREM none a        => 0
        SMEMBERS s         =>sorted ["b", "c"]
        "#,
    );
}

fn an_emptied_set_is_gone(place: &Place) {
    check(
        place,
        r#"
        SADD s a b    => 2
        SREM s a b    => 2
        EXISTS s      => 0
        "#,
    );
}

fn a_random_member_is_a_member(place: &Place) {
    check(
        place,
        r#"
        SRANDMEMBER none      => nil
        SRANDMEMBER none 3    => []
        SADD s a              => 1
        SRANDMEMBER s         => "a"
        SRANDMEMBER s 0       => []
        SRANDMEMBER s 5       => ["a"]
        SRANDMEMBER s -3      => ["a", "a", "a"]
        SCARD s               => 1
        SRANDMEMBER s x       => -ERR value is not an integer or out of range
        SRANDMEMBER s 1 2     => -ERR syntax error
        "#,
    );
}

/// A member that 200 fair choices out of four miss is missed once in 10^24.
fn every_member_is_chosen_sometimes(place: &Place) {
    let mut client = place.client();
    for member in ["a", "b", "c", "d"] {
        client.sadd("s", member).unwrap();
    }
    let chosen: HashSet<_> = (0..200).map(|_| client.srandmember("s").unwrap().unwrap()).collect();
    assert_eq!(chosen.len(), 4);
}

fn chosen_members_differ_unless_asked_otherwise(place: &Place) {
    let mut client = place.client();
    ask(&mut client, "SADD s a b c d e f g h");
    for n in 1..=8 {
        let chosen = items(ask(&mut client, &format!("SRANDMEMBER s {n}")));
        assert_eq!(chosen.iter().collect::<HashSet<_>>().len(), n);
    }
    let chosen = items(ask(&mut client, "SRANDMEMBER s -100"));
    assert_eq!(chosen.len(), 100);
    assert!(chosen.iter().collect::<HashSet<_>>().len() <= 8);
}

fn popped_members_are_gone(place: &Place) {
    let mut client = place.client();
    ask(&mut client, "SADD s a b c d e f");
    let mut seen: HashSet<Vec<u8>> = items(ask(&mut client, "SPOP s 3")).into_iter().collect();
    seen.extend(ask(&mut client, "SPOP s").into_bytes());
    assert_eq!(client.smembers("s").unwrap().len(), 2);
    seen.extend(items(ask(&mut client, "SPOP s 9")));
    assert_eq!(seen.len(), 6);
    check(
        place,
        r#"
        EXISTS s   => 0
        SPOP s     => nil
        SPOP s 2   => []
        SPOP s -1  => -ERR value is out of range, must be positive
        "#,
    );
}

fn items(reply: Reply) -> Vec<Vec<u8>> {
    reply.into_items().unwrap().into_iter().map(|item| item.into_bytes().unwrap()).collect()
}

fn a_set_command_refuses_other_kinds(place: &Place) {
    let mut client = place.client();
    client.set("k", b"a").unwrap();
    for request in [
        "SADD k a",
        "SREM k a",
        "SMEMBERS k",
        "SISMEMBER k a",
        "SCARD k",
        "SPOP k",
        "SRANDMEMBER k",
    ] {
        let expected = "-WRONGTYPE Operation against a key holding the wrong kind of value";
        crate::transcript::check_with(&mut client, &format!("{request} => {expected}"));
    }
}
