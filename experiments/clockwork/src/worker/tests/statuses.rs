//! Each way in which an action fails, with its status.

use super::bed::{DEVICE, Simple, answers, answers_to_the_end, evict, gpu, infer, load, warm};
use crate::message::Action;

#[test]
fn a_load_that_waited_beyond_its_window_fails() {
    let mut gpu = gpu(DEVICE);
    gpu.act(0, load(1, 0));
    gpu.act(0, Action { latest: 99, ..load(2, 1) });
    gpu.act(0, Action { latest: 100, ..load(3, 2) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    1 Success 0-100 output 100, received 0, sent 100
    2 LoadTooLate, received 0, sent 100
    3 Success 100-200 output 200, received 0, sent 200
    ");
    assert_eq!(gpu.n_free_pages(), 7);
}

#[test]
fn an_eviction_beyond_its_window_fails_and_keeps_the_weights() {
    let mut gpu = gpu(DEVICE);
    gpu.act(0, load(1, 0));
    gpu.act(0, Action { latest: 99, ..evict(2, 0) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    1 Success 0-100 output 100, received 0, sent 100
    2 EvictTooLate, received 0, sent 100
    ");
    assert_eq!(gpu.n_free_pages(), 14);
}

#[test]
fn an_infer_whose_inputs_come_too_late_fails_before_its_execution() {
    let mut gpu = warm(Simple { copy_input: 50, ..DEVICE });
    gpu.act(100, infer(1, 0, 1));
    gpu.act(100, Action { latest: 149, ..infer(2, 0, 1) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 CopyInputTooLate, received 100, sent 150
    1 Success 150-160 output 160, received 100, sent 160
    ");
}

#[test]
fn an_infer_behind_a_long_one_fails_and_is_not_tried_again() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, infer(1, 0, 16));
    gpu.act(100, Action { latest: 259, ..infer(2, 0, 1) });
    gpu.act(100, Action { latest: 260, ..infer(3, 0, 1) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 ExecTooLate, received 100, sent 260
    1 Success 100-260 output 260, received 100, sent 260
    3 Success 260-270 output 270, received 100, sent 270
    ");
}

#[test]
fn a_load_without_room_fails_and_takes_no_page() {
    let mut gpu = gpu(DEVICE);
    for id in 0..4 {
        gpu.act(0, load(id, id as u32));
    }
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    0 Success 0-100 output 100, received 0, sent 100
    1 Success 100-200 output 200, received 0, sent 200
    2 Success 200-300 output 300, received 0, sent 300
    3 LoadInsufficientCache, received 0, sent 300
    ");
    assert_eq!(gpu.n_free_pages(), 0);
}

#[test]
fn weights_that_are_not_there_are_neither_executed_nor_evicted() {
    let mut gpu = gpu(DEVICE);
    gpu.act(0, infer(1, 0, 1));
    gpu.act(0, evict(2, 0));
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 EvictNotLoaded, received 0, sent 0
    1 ExecWeightsMissing, received 0, sent 0
    ");
}

#[test]
fn an_eviction_during_an_execution_spoils_it() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, infer(1, 0, 1));
    gpu.act(100, Action { earliest: 105, ..evict(2, 0) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 Success 105-105 output 105, received 100, sent 105
    1 ExecConcurrentModification, received 100, sent 110
    ");
}

#[test]
fn an_eviction_as_an_execution_ends_does_not_spoil_it() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, infer(1, 0, 1));
    gpu.act(100, Action { earliest: 110, ..evict(2, 0) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 Success 110-110 output 110, received 100, sent 110
    1 Success 100-110 output 110, received 100, sent 110
    ");
}

#[test]
fn a_load_during_an_execution_spoils_it_even_if_it_ends_before() {
    let mut gpu = warm(Simple { load: 30, ..DEVICE });
    gpu.act(100, infer(1, 0, 4));
    gpu.act(100, Action { earliest: 105, ..load(2, 0) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 Success 105-135 output 135, received 100, sent 135
    1 ExecConcurrentModification, received 100, sent 140
    ");
}

#[test]
fn a_cache_that_is_cleared_spoils_what_is_under_way() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, load(1, 1));
    gpu.act(100, infer(2, 0, 16));
    assert_eq!(answers(&mut gpu, 150), "");
    gpu.clear_cache();
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    1 LoadConcurrentModification, received 100, sent 200
    2 ExecConcurrentModification, received 100, sent 260
    ");
    assert_eq!(gpu.n_free_pages(), 21);
}

#[test]
fn unknown_models_and_impossible_batches_are_refused() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, load(1, 5));
    gpu.act(100, evict(2, 5));
    gpu.act(100, infer(3, 5, 1));
    gpu.act(100, infer(4, 0, 17));
    gpu.act(100, infer(5, 0, 0));
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    1 UnknownModel, received 100, sent 100
    3 UnknownModel, received 100, sent 100
    2 UnknownModel, received 100, sent 100
    4 CopyInputInvalidBatchSize, received 100, sent 100
    5 CopyInputInvalidBatchSize, received 100, sent 100
    ");
}
