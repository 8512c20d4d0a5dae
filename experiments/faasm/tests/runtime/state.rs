//! Two local tiers, as of two processes, over one global tier.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use faasm::state::{LocalTier, Value};

use crate::global::Global;

const KEY: &str = "u_k";

fn bytes_of(value: &Value) -> Vec<u8> {
    let mut bytes = vec![0; value.len()];
    value.read(0, &mut bytes).unwrap();
    bytes
}

fn pulled(tier: &LocalTier, len_bytes: usize) -> Vec<u8> {
    let value = tier.value(KEY, len_bytes).unwrap();
    value.pull_missing(0..len_bytes, tier.global()).unwrap();
    bytes_of(&value)
}

/// The value as another process would see it.
fn stored(global: &Global) -> Option<Vec<u8>> {
    global.pool().get().unwrap().get(KEY).unwrap()
}

fn store(global: &Global, bytes: &[u8]) {
    global.pool().get().unwrap().set(KEY, bytes).unwrap();
}

#[test]
fn a_write_stays_local_until_it_is_pushed() {
    let global = Global::start();
    let tier = global.tier();
    tier.replace(KEY, b"value").unwrap();
    assert_eq!(stored(&global), None);
    tier.find(KEY).unwrap().unwrap().push(tier.global()).unwrap();
    assert_eq!(stored(&global).unwrap(), b"value");
}

#[test]
fn a_clean_value_is_not_pushed() {
    let global = Global::start();
    let tier = global.tier();
    store(&global, b"old");
    pulled(&tier, 3);
    store(&global, b"new");
    tier.find(KEY).unwrap().unwrap().push(tier.global()).unwrap();
    assert_eq!(stored(&global).unwrap(), b"new");
}

#[test]
fn a_value_is_pulled_once() {
    let global = Global::start();
    let tier = global.tier();
    store(&global, b"old");
    assert_eq!(pulled(&tier, 3), b"old");
    store(&global, b"new");
    assert_eq!(pulled(&tier, 3), b"old");
    tier.value(KEY, 3).unwrap().pull(tier.global()).unwrap();
    assert_eq!(pulled(&tier, 3), b"new");
}

#[test]
fn only_the_chunk_that_is_asked_for_is_pulled() {
    let global = Global::start();
    let tier = global.tier();
    store(&global, b"abcdefgh");
    let value = tier.value(KEY, 8).unwrap();
    value.pull_missing(2..4, tier.global()).unwrap();
    assert_eq!(bytes_of(&value), b"\0\0cd\0\0\0\0");
    value.pull_missing(3..6, tier.global()).unwrap();
    assert_eq!(bytes_of(&value), b"\0\0cdef\0\0");
}

#[test]
fn a_lazy_pull_keeps_what_was_written_here() {
    let global = Global::start();
    let tier = global.tier();
    store(&global, b"abcdefgh");
    tier.value(KEY, 8).unwrap().write(3, b"XY").unwrap();
    assert_eq!(pulled(&tier, 8), b"abcXYfgh");
}

#[test]
fn a_push_of_a_partly_known_value_keeps_the_rest() {
    let global = Global::start();
    let tier = global.tier();
    store(&global, b"abcdefgh");
    let value = tier.value(KEY, 8).unwrap();
    value.write(3, b"XY").unwrap();
    value.push(tier.global()).unwrap();
    assert_eq!(stored(&global).unwrap(), b"abcXYfgh");
}

#[test]
fn an_absent_value_is_zeros() {
    let global = Global::start();
    assert_eq!(pulled(&global.tier(), 4), [0; 4]);
}

#[test]
fn partial_pushes_of_disjoint_bytes_both_survive() {
    let global = Global::start();
    let (one, two) = (global.tier(), global.tier());
    store(&global, &[0; 16]);
    pulled(&one, 16);
    pulled(&two, 16);
    one.value(KEY, 16).unwrap().write(0, b"one").unwrap();
    two.value(KEY, 16).unwrap().write(3, b"two").unwrap();
    one.value(KEY, 16).unwrap().push_partial(one.global()).unwrap();
    two.value(KEY, 16).unwrap().push_partial(two.global()).unwrap();
    assert_eq!(&stored(&global).unwrap()[..6], b"onetwo");
    assert_eq!(&pulled(&two, 16)[..6], b"onetwo", "the second push reads the first one's bytes");
}

#[test]
fn a_partial_push_of_a_partly_known_value_does_not_read_the_rest() {
    let global = Global::start();
    let tier = global.tier();
    store(&global, b"abcdefgh");
    let value = tier.value(KEY, 8).unwrap();
    value.write(3, b"XY").unwrap();
    value.push_partial(tier.global()).unwrap();
    assert_eq!(stored(&global).unwrap(), b"abcXYfgh");
    assert_eq!(bytes_of(&value), b"\0\0\0XY\0\0\0");
}

#[test]
fn a_masked_push_sends_exactly_the_marked_bytes_and_clears_the_mask() {
    let global = Global::start();
    let tier = global.tier();
    store(&global, &[0; 16]);
    pulled(&tier, 16);
    let value = tier.value(KEY, 16).unwrap();
    let mask = tier.value("u_mask", 16).unwrap();
    value.region().write(0, &[7; 16]).unwrap();
    mask.region().write(5, &[0xff; 3]).unwrap();
    value.flag_dirty();
    value.push_partial_mask(&mask, tier.global()).unwrap();
    let mut expected = [0; 16];
    expected[5..8].fill(7);
    assert_eq!(stored(&global).unwrap(), expected);
    assert_eq!(bytes_of(&mask), [0; 16]);
    assert_eq!(bytes_of(&value), expected, "what was not marked is read back");
}

#[test]
fn a_masked_push_of_a_clean_value_leaves_the_mask() {
    let global = Global::start();
    let tier = global.tier();
    let value = tier.value(KEY, 8).unwrap();
    let mask = tier.value("u_mask", 8).unwrap();
    mask.region().fill(0, 8, 0xff).unwrap();
    value.push_partial_mask(&mask, tier.global()).unwrap();
    assert_eq!(bytes_of(&mask), [0xff; 8]);
}

#[test]
fn a_mask_of_another_size_is_refused() {
    let global = Global::start();
    let tier = global.tier();
    let value = tier.value(KEY, 8).unwrap();
    let mask = tier.value("u_mask", 9).unwrap();
    let error = value.push_partial_mask(&mask, tier.global()).unwrap_err();
    assert_eq!(error.to_string(), "state `u_k` of 8 bytes: the mask has 9 bytes");
}

#[test]
fn a_failed_push_leaves_the_value_dirty() {
    let global = Global::start();
    let tier = global.tier();
    tier.replace(KEY, b"value").unwrap();
    let value = tier.find(KEY).unwrap().unwrap();
    let nowhere = Global::start().pool();
    value.push(&nowhere).unwrap_err();
    value.push(tier.global()).unwrap();
    assert_eq!(stored(&global).unwrap(), b"value");
}

#[test]
fn a_value_has_one_size_in_a_process() {
    let global = Global::start();
    let tier = global.tier();
    tier.value(KEY, 8).unwrap();
    let error = tier.value(KEY, 16).unwrap_err();
    assert_eq!(error.to_string(), "state `u_k` has 8 bytes on this host, but a guest asked for 16");
}

#[test]
fn a_larger_value_of_the_global_tier_is_not_cut_silently() {
    let global = Global::start();
    let tier = global.tier();
    store(&global, b"abcdefgh");
    let error = tier.value(KEY, 4).unwrap().pull(tier.global()).unwrap_err();
    assert!(error.to_string().contains("more than the 4 bytes of state `u_k`"), "{error}");
}

#[test]
fn a_value_may_be_replaced_by_one_of_another_size() {
    let global = Global::start();
    let tier = global.tier();
    tier.replace(KEY, b"short").unwrap();
    tier.replace(KEY, b"much longer").unwrap();
    assert_eq!(tier.size(KEY).unwrap(), 11);
}

#[test]
fn an_appended_list_is_read_in_order_and_cleared() {
    let global = Global::start();
    let tier = global.tier();
    for element in [b"a", b"b", b"c"] {
        tier.append(KEY, element).unwrap();
    }
    assert_eq!(tier.read_appended(KEY, 2).unwrap(), [b"a", b"b"]);
    assert_eq!(tier.read_appended(KEY, 9).unwrap().len(), 3);
    tier.clear_appended(KEY).unwrap();
    assert_eq!(tier.read_appended(KEY, 9).unwrap(), Vec::<Vec<u8>>::new());
}

#[test]
fn the_global_lock_excludes_across_hosts() {
    let global = Global::start();
    let n_inside = AtomicU32::new(0);
    thread::scope(|scope| {
        for owner in ["one", "two"] {
            let (tier, n_inside) = (global.tier(), &n_inside);
            scope.spawn(move || {
                for _ in 0..50 {
                    while tier.lock_global(KEY, owner).is_err() {}
                    assert_eq!(n_inside.fetch_add(1, Ordering::SeqCst), 0);
                    n_inside.fetch_sub(1, Ordering::SeqCst);
                    tier.unlock_global(KEY, owner).unwrap();
                }
            });
        }
    });
}

#[test]
fn only_the_owner_releases_the_global_lock() {
    let global = Global::start();
    let tier = global.tier();
    tier.lock_global(KEY, "one").unwrap();
    tier.unlock_global(KEY, "two").unwrap();
    let error = tier.lock_global(KEY, "two").unwrap_err();
    assert_eq!(error.to_string(), "the global lock of state `u_k` stayed taken for 100 tries");
}

#[test]
fn concurrent_partial_pushes_lose_no_byte() {
    const LEN: usize = 4096;
    const N_TIERS: usize = 4;
    let global = Global::start();
    store(&global, &[0; LEN]);
    thread::scope(|scope| {
        for nth in 0..N_TIERS {
            let tier = global.tier();
            scope.spawn(move || {
                pulled(&tier, LEN);
                let value = tier.value(KEY, LEN).unwrap();
                for at in (nth..LEN).step_by(N_TIERS) {
                    value.write(at, &[nth as u8 + 1]).unwrap();
                    if at % 64 < N_TIERS {
                        value.push_partial(tier.global()).unwrap();
                    }
                }
                value.push_partial(tier.global()).unwrap();
            });
        }
    });
    let expected: Vec<u8> = (0..LEN).map(|at| (at % N_TIERS) as u8 + 1).collect();
    assert_eq!(stored(&global).unwrap(), expected);
}
