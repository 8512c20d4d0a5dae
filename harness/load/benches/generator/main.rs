//! How fast, and how punctual, the generator is beside others.
//!
//! Prints medians of alternating rounds, so that what else the machine does
//! hits all alike. The goals: 100,000 requests/s through the trait of clients;
//! 0.8 of the rate of `wrk` over loopback; arrivals at 5,000/s that deviate from
//! their schedule no more than those of `oha -q 5000` (found on the path, or by
//! OHA). What is not installed is skipped, and said so. The words `alone`, `wrk`
//! and `oha` choose a part.

mod others;
mod punctual;
mod rates;

/// How often each is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    n_rounds: usize,
    seconds: u64,
}

fn main() -> anyhow::Result<()> {
    // `cargo test --benches` only sees that it runs.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let effort = if is_measured {
        Effort { n_rounds: 5, seconds: 4 }
    } else {
        Effort { n_rounds: 1, seconds: 1 }
    };
    let wanted = |name: &str| {
        let names: Vec<_> =
            std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
        names.is_empty() || names.iter().any(|wanted| wanted == name)
    };
    if wanted("alone") {
        rates::without_sockets(effort)?;
    }
    if wanted("wrk") {
        rates::beside_wrk(effort)?;
    }
    if wanted("oha") {
        punctual::beside_oha(effort)?;
    }
    Ok(())
}

/// The median, with the range behind it.
struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        Self { low: values[0], median: values[last / 2], high: values[last] }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { low, median, high } = self;
        let digits = if *median < 100.0 { 2 } else { 0 };
        write!(formatter, "{median:.digits$} ({low:.digits$} to {high:.digits$})")
    }
}
