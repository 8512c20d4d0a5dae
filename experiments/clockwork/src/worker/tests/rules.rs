//! What begins when, on timelines worked out by hand.

use super::bed::{DEVICE, Simple, answers, answers_to_the_end, evict, gpu, infer, load, warm};
use crate::{message::Action, message::ModelId, time::MILLISECOND};

#[test]
fn the_earlier_window_goes_first_and_ties_go_in_order_of_arrival() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, Action { earliest: 130, ..infer(1, 0, 1) });
    gpu.act(100, Action { earliest: 120, ..infer(2, 0, 1) });
    gpu.act(100, Action { earliest: 120, ..infer(3, 0, 1) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 Success 120-130 output 130, received 100, sent 130
    3 Success 130-140 output 140, received 100, sent 140
    1 Success 140-150 output 150, received 100, sent 150
    ");
}

#[test]
fn nothing_begins_before_its_earliest_time() {
    let mut gpu = warm(DEVICE);
    let earliest = 200 + 7 * MILLISECOND;
    gpu.act(100, Action { earliest, ..infer(1, 0, 1) });
    assert_eq!(gpu.next_wake(), Some(200 + 2 * MILLISECOND));
    assert_eq!(answers(&mut gpu, earliest - 1), "");
    assert_eq!(gpu.next_wake(), Some(earliest));
    insta::assert_snapshot!(
        answers_to_the_end(&mut gpu),
        @"1 Success 7000200-7000210 output 7000210, received 100, sent 7000210"
    );
}

#[test]
fn inputs_are_copied_up_to_5_ms_ahead_and_outputs_after() {
    let mut gpu = warm(Simple { copy_input: 30, copy_output: 7, ..DEVICE });
    gpu.act(100, Action { earliest: 5 * MILLISECOND, ..infer(1, 0, 2) });
    gpu.act(100, Action { earliest: 100, ..infer(2, 0, 1) });
    // The second's inputs come after the first's, though it may run long before.
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 Success 160-170 output 177, received 100, sent 177
    1 Success 5000000-5000020 output 5000027, received 100, sent 5000027
    ");
}

#[test]
fn executions_overlap_with_copies_but_not_with_each_other() {
    let mut gpu = warm(Simple { copy_input: 4, copy_output: 25, ..DEVICE });
    gpu.act(100, load(1, 1));
    gpu.act(100, infer(2, 0, 1));
    gpu.act(100, infer(3, 0, 1));
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 Success 104-114 output 139, received 100, sent 139
    3 Success 114-124 output 164, received 100, sent 164
    1 Success 100-200 output 200, received 100, sent 200
    ");
}

#[test]
fn a_load_waits_behind_another() {
    let mut gpu = gpu(DEVICE);
    gpu.act(0, load(1, 0));
    assert_eq!(answers(&mut gpu, 10), "");
    gpu.act(10, load(2, 1));
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    1 Success 0-100 output 100, received 0, sent 100
    2 Success 100-200 output 200, received 10, sent 200
    ");
}

#[test]
fn an_eviction_waits_behind_the_load_and_takes_no_time() {
    let mut gpu = gpu(DEVICE);
    gpu.act(0, load(1, 0));
    assert_eq!(answers(&mut gpu, 50), "");
    gpu.act(50, evict(2, 0));
    gpu.act(50, load(3, 1));
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    1 Success 0-100 output 100, received 0, sent 100
    2 Success 100-100 output 100, received 50, sent 100
    3 Success 100-200 output 200, received 50, sent 200
    ");
    assert!(!gpu.has_weights(ModelId(0)) && gpu.has_weights(ModelId(1)));
    assert_eq!(gpu.n_free_pages(), 14);
}

#[test]
fn weights_that_arrive_at_a_time_serve_an_execution_at_that_time() {
    let mut gpu = gpu(DEVICE);
    gpu.act(0, Action { earliest: 100, ..infer(1, 0, 1) });
    gpu.act(0, load(2, 0));
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 Success 0-100 output 100, received 0, sent 100
    1 Success 100-110 output 110, received 0, sent 110
    ");
}

#[test]
fn a_batch_is_executed_at_the_next_size_that_was_compiled() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, infer(1, 0, 5));
    insta::assert_snapshot!(
        answers_to_the_end(&mut gpu),
        @"1 Success 100-180 output 180, received 100, sent 180"
    );
}

#[test]
fn weights_that_are_loaded_again_keep_their_pages_and_are_unusable_meanwhile() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, load(1, 0));
    gpu.act(100, Action { earliest: 150, ..infer(2, 0, 1) });
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"
    2 ExecWeightsMissing, received 100, sent 150
    1 Success 100-200 output 200, received 100, sent 200
    ");
    assert_eq!(gpu.n_free_pages(), 14);
}

#[test]
fn who_wakes_it_late_makes_it_late() {
    let mut gpu = warm(DEVICE);
    gpu.act(100, infer(1, 0, 1));
    gpu.act(100, infer(2, 0, 1));
    let mut results = Vec::new();
    gpu.wake(103, &mut results);
    gpu.wake(120, &mut results);
    insta::assert_snapshot!(answers_to_the_end(&mut gpu), @"2 Success 120-130 output 130, received 100, sent 130");
    let timing = results[0].timing.unwrap();
    assert_eq!((timing.begin, timing.end, results[0].sent), (103, 113, 120));
}

#[test]
fn an_idle_gpu_asks_for_nothing() {
    let mut gpu = warm(DEVICE);
    assert_eq!(gpu.next_wake(), None);
    assert_eq!(gpu.n_unanswered(), 0);
    assert_eq!(answers_to_the_end(&mut gpu), "");
}
