//! What the client says about workloads, as the original's does.

use super::{
    table::{Entry, WORKLOADS},
    words::usage,
};

/// Every workload with its description and parameters, as `client --help` prints them.
#[must_use]
pub fn help() -> String {
    let entries = WORKLOADS.iter().flat_map(lines);
    ["Available workloads with parameters:".to_owned()]
        .into_iter()
        .chain(entries)
        .collect::<Vec<_>>()
        .join("\n")
}

fn lines(entry: &Entry) -> Vec<String> {
    let arguments: Vec<_> = entry.arguments.iter().copied().flatten().collect();
    let mut lines = vec![format!("  {}", usage(entry.name, &arguments))];
    lines.push(format!("      Description: {}", entry.about));
    if !arguments.is_empty() {
        lines.push("      Workload parameters:".to_owned());
    }
    lines.extend(arguments.iter().map(|argument| format!("          {}", argument.help())));
    lines
}
