//! Promises about the client, whichever server it talks to.

use std::{
    sync::{Arc, Barrier},
    time::Duration,
};

use kv::{Client, Error, Pool};
use node::Meter;

use crate::{Promise, servers::Place};

pub(crate) const PROMISES: &[Promise] = &[
    ("client::a_lock_has_one_holder", a_lock_has_one_holder),
    ("client::a_large_value_comes_back_whole", a_large_value_comes_back_whole),
    ("client::a_value_is_streamed_to_a_sink", a_value_is_streamed_to_a_sink),
    ("client::a_value_is_sent_in_pieces", a_value_is_sent_in_pieces),
    ("client::ranges_are_read_and_written", ranges_are_read_and_written),
    ("client::lists_and_sets_have_methods", lists_and_sets_have_methods),
    ("client::a_pipeline_runs_in_order", a_pipeline_runs_in_order),
    ("client::a_pipeline_names_the_command_that_failed", a_pipeline_names_the_command_that_failed),
    ("client::a_pipeline_pushes_and_pulls_in_one_go", a_pipeline_pushes_and_pulls_in_one_go),
    ("client::a_huge_pipeline_does_not_deadlock", a_huge_pipeline_does_not_deadlock),
    ("client::a_pipeline_that_is_dropped_does_nothing", a_pipeline_that_is_dropped_does_nothing),
    ("client::an_error_names_the_key", an_error_names_the_key),
    ("client::a_refusal_leaves_the_connection_intact", a_refusal_leaves_the_connection_intact),
    ("client::a_panicking_sink_spoils_the_connection", a_panicking_sink_spoils_the_connection),
    ("client::a_pool_reuses_what_is_intact", a_pool_reuses_what_is_intact),
    ("client::threads_share_a_pool", threads_share_a_pool),
    ("client::bytes_are_counted", bytes_are_counted),
    (
        "client::writers_at_different_offsets_do_not_disturb_each_other",
        writers_at_different_offsets_do_not_disturb_each_other,
    ),
];

const WEIGHTS_BYTES: usize = 377_888;

fn noise(len_bytes: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let step = |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len_bytes).map(step).collect()
}

fn a_lock_has_one_holder(place: &Place) {
    let ttl = Duration::from_secs(100);
    let (mut first, mut second) = (place.client(), place.client());
    assert!(first.set_nx_ex("lock", b"1", ttl).unwrap());
    assert!(!second.set_nx_ex("lock", b"2", ttl).unwrap());
    assert!(!second.compare_and_delete("lock", b"2").unwrap());
    assert!(first.compare_and_delete("lock", b"1").unwrap());
    assert!(second.set_nx_ex("lock", b"2", ttl).unwrap());
    assert!(second.set_nx_ex("none", b"2", Duration::ZERO).is_err());
}

fn a_large_value_comes_back_whole(place: &Place) {
    let mut client = place.client();
    for len_bytes in [WEIGHTS_BYTES, 20_000_000] {
        let value = noise(len_bytes);
        client.set("k", &value).unwrap();
        assert_eq!(client.strlen("k").unwrap(), len_bytes as u64);
        assert!(client.get("k").unwrap().unwrap() == value);
    }
}

fn a_value_is_streamed_to_a_sink(place: &Place) {
    let mut client = place.client();
    let value = noise(WEIGHTS_BYTES);
    client.set("k", &value).unwrap();
    let mut received = Vec::new();
    let mut sink = |offset: usize, chunk: &[u8]| {
        assert_eq!(offset, received.len());
        received.extend_from_slice(chunk);
    };
    assert_eq!(client.get_into("k", &mut sink).unwrap(), Some(WEIGHTS_BYTES as u64));
    assert!(received == value);

    let mut received = Vec::new();
    let mut sink = |_: usize, chunk: &[u8]| received.extend_from_slice(chunk);
    assert_eq!(client.get_range_into("k", 1000, 201_000, &mut sink).unwrap(), 200_001);
    assert!(received == value[1000..=201_000]);

    let mut untouched = |_: usize, _: &[u8]| panic!("there is nothing to receive");
    assert_eq!(client.get_into("none", &mut untouched).unwrap(), None);
    assert_eq!(client.get_range_into("none", 0, -1, &mut untouched).unwrap(), 0);
    client.set("empty", b"").unwrap();
    assert_eq!(client.get_into("empty", &mut untouched).unwrap(), Some(0));
}

fn a_value_is_sent_in_pieces(place: &Place) {
    let mut client = place.client();
    for len_bytes in [0, 1, 40_000, WEIGHTS_BYTES, 20_000_000] {
        let value = noise(len_bytes);
        let mut read = |offset: usize, into: &mut [u8]| {
            into.copy_from_slice(&value[offset..offset + into.len()]);
        };
        client.set_from("k", len_bytes, &mut read).unwrap();
        assert!(client.get("k").unwrap().unwrap() == value, "{len_bytes} bytes");
    }
}

fn ranges_are_read_and_written(place: &Place) {
    let mut client = place.client();
    assert_eq!(client.set_range("k", 4, b"abc").unwrap(), 7);
    assert_eq!(client.get("k").unwrap().unwrap(), b"\0\0\0\0abc");
    assert_eq!(client.append("k", b"d").unwrap(), 8);
    assert_eq!(client.get_range("k", 3, 5).unwrap(), b"\0ab");
    assert_eq!(client.get_range("k", -2, -1).unwrap(), b"cd");
    assert_eq!(client.get_range("none", 0, -1).unwrap(), b"");
    assert_eq!(client.incr("n").unwrap(), 1);
    assert_eq!(client.incr("n").unwrap(), 2);
}

fn lists_and_sets_have_methods(place: &Place) {
    let mut client = place.client();
    assert_eq!(client.rpush("l", b"a").unwrap(), 1);
    assert_eq!(client.rpush("l", b"b").unwrap(), 2);
    assert_eq!(client.lrange("l", 0, -1).unwrap(), [b"a", b"b"]);
    assert_eq!(client.llen("l").unwrap(), 2);
    assert_eq!(client.lpop("l").unwrap().unwrap(), b"a");
    assert_eq!(client.blpop("l", Duration::from_secs(1)).unwrap().unwrap(), b"b");
    assert_eq!(client.lpop("l").unwrap(), None);
    assert!(client.sadd("s", "a").unwrap());
    assert!(!client.sadd("s", "a").unwrap());
    assert!(client.sismember("s", "a").unwrap());
    assert_eq!(client.smembers("s").unwrap(), [b"a"]);
    assert_eq!(client.srandmember("s").unwrap().unwrap(), b"a");
    assert!(client.srem("s", "a").unwrap());
    assert_eq!(client.srandmember("s").unwrap(), None);
    client.set("k", b"v").unwrap();
    assert!(client.expire("k", Duration::from_secs(100)).unwrap());
    assert!(client.del("k").unwrap());
    assert!(!client.del("k").unwrap());
    client.ping().unwrap();
    client.flush_all().unwrap();
}

fn a_pipeline_runs_in_order(place: &Place) {
    let mut client = place.client();
    let mut pipeline = client.pipeline();
    pipeline.set("k", b"..........").set_range("k", 2, b"ab").append("k", b"!");
    pipeline.set_range_with("k", 4, 2, |payload| payload.copy_from_slice(b"cd"));
    pipeline.rpush("l", b"x").sadd("s", "y").srem("s", "y").set("gone", b"").del("gone");
    pipeline.expire("l", Duration::from_secs(100));
    assert_eq!(pipeline.len(), 10);
    pipeline.execute().unwrap();
    assert!(pipeline.is_empty());
    assert_eq!(client.get("k").unwrap().unwrap(), b"..abcd....!");
    assert_eq!(client.keys("*").unwrap().len(), 2);
}

fn a_pipeline_names_the_command_that_failed(place: &Place) {
    let mut client = place.client();
    client.rpush("list", b"x").unwrap();
    let mut pipeline = client.pipeline();
    pipeline.set("a", b"1").set_range("list", 0, b"x").set("b", b"2").append("list", b"y");
    let error = pipeline.execute().unwrap_err();
    assert!(matches!(error, Error::WrongType { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "SETRANGE `list` (command 2 of 4 in a pipeline): the key holds another kind of value"
    );
    // The others ran, and the connection is in step.
    assert_eq!(client.get("b").unwrap().unwrap(), b"2");
}

fn a_pipeline_pushes_and_pulls_in_one_go(place: &Place) {
    let mut client = place.client();
    client.set("w", &vec![0; WEIGHTS_BYTES]).unwrap();
    let mut expected = vec![0; WEIGHTS_BYTES];
    let mut pipeline = client.pipeline();
    for at in (0..WEIGHTS_BYTES).step_by(800) {
        expected[at..at + 8].copy_from_slice(&(at as u64).to_le_bytes());
        pipeline.set_range("w", at as u64, &expected[at..at + 8]);
    }
    let mut received = vec![0; WEIGHTS_BYTES];
    let mut sink = |offset: usize, chunk: &[u8]| {
        received[offset..offset + chunk.len()].copy_from_slice(chunk);
    };
    let len_bytes = pipeline.execute_and_get_into("w", &mut sink).unwrap();
    assert_eq!(len_bytes, Some(WEIGHTS_BYTES as u64));
    assert!(received == expected);

    // A refused push is reported, and the pull that followed it is consumed.
    client.rpush("list", b"x").unwrap();
    let mut sink = |_: usize, _: &[u8]| {};
    let refused = client.pipeline().set_range("list", 0, b"x").execute_and_get_into("w", &mut sink);
    assert!(matches!(refused, Err(Error::WrongType { .. })));
    client.ping().unwrap();
}

/// Both directions exceed what the sockets can hold, many times.
fn a_huge_pipeline_does_not_deadlock(place: &Place) {
    let mut client = place.client();
    let value = noise(100_000);
    let mut pipeline = client.pipeline();
    for _ in 0..500 {
        pipeline.command(&[b"ECHO", &value]);
    }
    let replies = pipeline.replies().unwrap();
    assert!(replies.into_iter().all(|reply| reply.into_bytes().unwrap() == value));
}

fn a_pipeline_that_is_dropped_does_nothing(place: &Place) {
    let mut client = place.client();
    let mut pipeline = client.pipeline();
    pipeline.set("k", b"v");
    let _never_executed = pipeline;
    assert!(!client.exists("k").unwrap());
}

fn an_error_names_the_key(place: &Place) {
    let mut client = place.client();
    client.rpush("my list", b"a").unwrap();
    let error = client.get("my list").unwrap_err();
    assert!(matches!(error, Error::WrongType { .. }), "{error:?}");
    assert_eq!(error.to_string(), "GET `my list`: the key holds another kind of value");
    client.set("text", b"abc").unwrap();
    let error = client.incr("text").unwrap_err();
    assert_eq!(
        error.to_string(),
        "INCR `text`: the server answered: ERR value is not an integer or out of range"
    );
}

fn a_refusal_leaves_the_connection_intact(place: &Place) {
    let mut client = place.client();
    assert!(client.command(&[b"FOO"]).is_err());
    assert!(client.is_usable());
    client.ping().unwrap();
}

fn a_panicking_sink_spoils_the_connection(place: &Place) {
    let mut client = place.client();
    client.set("k", &noise(WEIGHTS_BYTES)).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        client.get_into("k", &mut |_, _| std::panic::resume_unwind(Box::new("the sink gives up")))
    }));
    assert!(panicked.is_err());
    assert!(!client.is_usable());
    assert!(matches!(client.ping(), Err(Error::Io { .. })));
}

fn a_pool_reuses_what_is_intact(place: &Place) {
    let pool = Pool::new(place.address, &place.meter);
    let id = |client: &mut Client| client.command(&[b"CLIENT", b"ID"]).unwrap();
    let first = id(&mut pool.get().unwrap());
    assert_eq!(pool.n_idle(), 1);
    {
        let (mut one, mut two) = (pool.get().unwrap(), pool.get().unwrap());
        assert_eq!(id(&mut one), first);
        assert_ne!(id(&mut two), first);
    }
    assert_eq!(pool.n_idle(), 2);
    {
        let mut broken = pool.get().unwrap();
        broken.command(&[b"QUIT"]).unwrap();
        assert!(broken.ping().is_err());
    }
    assert_eq!(pool.n_idle(), 1);
    pool.get().unwrap().ping().unwrap();
}

fn threads_share_a_pool(place: &Place) {
    let pool = Pool::new(place.address, &place.meter);
    let together = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                together.wait();
                for _ in 0..200 {
                    pool.get().unwrap().incr("n").unwrap();
                }
            });
        }
    });
    assert_eq!(pool.get().unwrap().get("n").unwrap().unwrap(), b"1600");
    assert!(pool.n_idle() <= 8);
}

fn bytes_are_counted(place: &Place) {
    let meter = Meter::shared();
    let mut client = Client::connect(place.address, &meter).unwrap();
    client.ping().unwrap();
    assert_eq!(meter.read().sent_bytes, "*1\r\n$4\r\nPING\r\n".len() as u64);
    assert_eq!(meter.read().received_bytes, "+PONG\r\n".len() as u64);
}

fn writers_at_different_offsets_do_not_disturb_each_other(place: &Place) {
    const N_WRITERS: u64 = 4;
    const N_RUNS: u64 = 1_000;
    let together = Arc::new(Barrier::new(N_WRITERS as usize));
    std::thread::scope(|scope| {
        for writer in 0..N_WRITERS {
            let together = Arc::clone(&together);
            scope.spawn(move || {
                let mut client = place.client();
                let mut pipeline = client.pipeline();
                for run in 0..N_RUNS {
                    let at = 8 * (run * N_WRITERS + writer);
                    pipeline.set_range("w", at, &at.to_le_bytes());
                }
                together.wait();
                pipeline.execute().unwrap();
            });
        }
    });
    let expected: Vec<u8> =
        (0..N_WRITERS * N_RUNS).flat_map(|word| (8 * word).to_le_bytes()).collect();
    assert!(place.client().get("w").unwrap().unwrap() == expected);
}
