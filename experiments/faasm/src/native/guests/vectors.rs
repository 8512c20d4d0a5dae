//! Which vector instructions the guests on a thread may use.

use std::cell::Cell;

thread_local! {
    static IS_BASELINE_ONLY: Cell<bool> = const { Cell::new(false) };
}

/// Runs `run` with what every processor of this architecture has, so that a
/// build for any of them can be compared with one for this machine. It holds
/// for guests that run on this thread.
pub fn on_baseline<R>(run: impl FnOnce() -> R) -> R {
    let before = IS_BASELINE_ONLY.replace(true);
    let returned = run();
    IS_BASELINE_ONLY.set(before);
    returned
}

/// Whether a guest may use AVX-512.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_avx512() -> bool {
    has_avx2_fma() && is_x86_feature_detected!("avx512f")
}

/// Whether a guest may use AVX2 with fused multiply-add.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_avx2_fma() -> bool {
    !IS_BASELINE_ONLY.get() && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}
