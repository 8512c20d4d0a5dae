//! Byte masks that guests write: finding the marked runs and clearing them.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

const WORD_BYTES: usize = size_of::<u64>();

/// The runs of non-zero bytes among the first `len_bytes`, which become zero.
///
/// Guests go on marking meanwhile. A guest writes a value and then its mark,
/// and each mark is taken before the caller reads the value: so a value is
/// sent now, or stays marked and is sent next time, or both.
pub(super) fn take_runs(mask: &[AtomicU64], len_bytes: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    for (index, word) in mask.iter().enumerate().take(len_bytes.div_ceil(WORD_BYTES)) {
        // Most words are zero, and a load is cheaper than a swap.
        if word.load(Ordering::Relaxed) == 0 {
            continue;
        }
        let start = index * WORD_BYTES;
        push_word(&mut runs, start, word.swap(0, Ordering::AcqRel), len_bytes);
    }
    runs
}

/// The runs of zero bytes of `mask` within `range`.
pub(super) fn unmarked_runs(mask: &[AtomicU64], range: Range<usize>) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let words = range.start / WORD_BYTES..range.end.div_ceil(WORD_BYTES);
    for (index, word) in words.clone().zip(&mask[words]) {
        let start = index * WORD_BYTES;
        let inside = start.max(range.start)..(start + WORD_BYTES).min(range.end);
        let word = word.load(Ordering::Relaxed);
        if word == 0 {
            push_run(&mut runs, inside);
            continue;
        }
        let bytes = word.to_ne_bytes();
        for at in inside.filter(|at| bytes[at - start] == 0) {
            push_run(&mut runs, at..at + 1);
        }
    }
    runs
}

fn push_word(runs: &mut Vec<Range<usize>>, start: usize, word: u64, len_bytes: usize) {
    if word == u64::MAX && start + WORD_BYTES <= len_bytes {
        return push_run(runs, start..start + WORD_BYTES);
    }
    let bytes = word.to_ne_bytes();
    for (at, _) in (start..len_bytes).zip(bytes).filter(|(_, byte)| *byte != 0) {
        push_run(runs, at..at + 1);
    }
}

fn push_run(runs: &mut Vec<Range<usize>>, run: Range<usize>) {
    if run.is_empty() {
        return;
    }
    match runs.last_mut() {
        Some(last) if last.end == run.start => last.end = run.end,
        _ => runs.push(run),
    }
}

#[cfg(test)]
mod tests {
    use sandbox::Region;

    use super::*;
    use crate::state::ByteRanges;

    fn take(bytes: &[u8]) -> (Vec<Range<usize>>, Vec<u8>) {
        let mask = Region::new(bytes.len()).unwrap();
        mask.write(0, bytes).unwrap();
        let runs = take_runs(mask.words(), bytes.len());
        (runs, mask.read_vec(0, bytes.len()).unwrap())
    }

    #[test]
    fn runs_are_exact_to_the_byte() {
        let mut bytes = [0; 40];
        bytes[3] = 1;
        bytes[7..18].fill(0xff);
        bytes[24..32].fill(0x80);
        assert_eq!(take(&bytes), (vec![3..4, 7..18, 24..32], vec![0; 40]));
    }

    #[test]
    fn neighbouring_words_are_one_run() {
        assert_eq!(take(&[0xff; 32]).0, ByteRanges::of(0..32).iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_mask_need_not_be_whole_words() {
        assert_eq!(take(&[0xff; 13]).0, ByteRanges::of(0..13).iter().collect::<Vec<_>>());
    }

    #[test]
    fn unmarked_runs_are_what_marked_runs_leave_over() {
        let mut bytes = [0; 40];
        bytes[3] = 1;
        bytes[7..18].fill(0xff);
        let mask = Region::new(bytes.len()).unwrap();
        mask.write(0, &bytes).unwrap();
        assert_eq!(unmarked_runs(mask.words(), 0..40), [0..3, 4..7, 18..40]);
        assert_eq!(unmarked_runs(mask.words(), 2..21), [2..3, 4..7, 18..21]);
        assert_eq!(unmarked_runs(mask.words(), 8..17), []);
        assert_eq!(unmarked_runs(mask.words(), 30..30), []);
    }

    #[test]
    fn padding_after_the_mask_marks_nothing() {
        let mask = Region::new(13).unwrap();
        mask.words()[1].store(u64::MAX, Ordering::Relaxed);
        assert_eq!(take_runs(mask.words(), 13), ByteRanges::of(8..13).iter().collect::<Vec<_>>());
    }
}
