//! The tags that tell the histograms of a log apart.

/// Latencies of successes.
pub const LATENCY: &str = "latency";
/// Service times of successes.
pub const SERVICE: &str = "service";
/// The generator's own lag.
pub const LAG: &str = "lag";
/// Times to failure.
pub const FAILED: &str = "failed";
/// Latencies of the warm-up.
pub const WARM_UP: &str = "warm-up";

/// The tag of a label's latencies; what a tag may not contain becomes `_`.
#[must_use]
pub fn of_label(label: &str) -> String {
    let allowed = |at: char| !(at == ',' || at.is_whitespace() || at.is_control());
    let text: String = label.chars().map(|at| if allowed(at) { at } else { '_' }).collect();
    format!("label-{text}")
}
