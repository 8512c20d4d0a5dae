//! How a broken rule fails its test.

/// Fails with every complaint on a line of its own; each says where, what and
/// the remedy.
///
/// # Panics
/// If there is a complaint.
#[track_caller]
pub fn hold(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<_> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}
