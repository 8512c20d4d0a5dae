//! Which vector instructions the guests on a thread may use.

use std::cell::Cell;

/// An instruction set that the guests have kernels for. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor of the architecture has.
    Baseline,
    /// x86-64's AVX2 with fused multiply-add.
    Avx2,
    /// The same with AVX-512F.
    Avx512,
}

thread_local! {
    static WIDEST_ALLOWED: Cell<Level> = const { Cell::new(Level::Avx512) };
}

impl Level {
    /// Those that this machine has, the narrowest first.
    pub fn of_this_machine() -> impl Iterator<Item = Self> {
        [Self::Baseline, Self::Avx2, Self::Avx512].into_iter().filter(|level| level.is_present())
    }

    /// Runs `run` with this instruction set, if the machine has it, and with no
    /// wider one, so that a build for narrower machines can be compared with one
    /// for this. It holds for guests that run on this thread.
    pub fn at_most<R>(self, run: impl FnOnce() -> R) -> R {
        let before = WIDEST_ALLOWED.replace(self);
        let returned = run();
        WIDEST_ALLOWED.set(before);
        returned
    }

    /// The widest that this machine has and this thread's guests may use.
    #[must_use]
    pub fn of_this_thread() -> Self {
        let allowed = WIDEST_ALLOWED.get();
        Self::of_this_machine().filter(|level| *level <= allowed).last().unwrap_or(Self::Baseline)
    }

    fn is_present(self) -> bool {
        match self {
            Self::Baseline => true,
            Self::Avx2 => has_avx2_fma(),
            Self::Avx512 => has_avx2_fma() && has_avx512f(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2_fma() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512f() -> bool {
    is_x86_feature_detected!("avx512f")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2_fma() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512f() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_uses_the_widest_that_it_may() {
        for level in Level::of_this_machine() {
            assert_eq!(level.at_most(Level::of_this_thread), level);
        }
        assert_eq!(Some(Level::of_this_thread()), Level::of_this_machine().last());
    }

    #[test]
    fn what_the_processor_has_is_among_the_levels() {
        let levels: Vec<_> = Level::of_this_machine().collect();
        assert_eq!(levels[0], Level::Baseline);
        assert_eq!(levels.contains(&Level::Avx2), has_avx2_fma());
    }
}
