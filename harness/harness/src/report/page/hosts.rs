//! What whole hosts used while the workload ran, as clouds bill it.

use targets::host::HostBill;

use super::block::{Block, Span, Table, Text, code};
use crate::{
    estimate::mean,
    experiment::PointId,
    report::{findings::Findings, numbers::Shown},
    run_dir::Attempt,
};

/// A quantity of a bill, and its unit's size.
type Quantity = (&'static str, fn(&HostBill) -> f64);

const QUANTITIES: [Quantity; 8] = [
    ("User [s]", |bill| bill.processors.user_s),
    ("System [s]", |bill| bill.processors.system_s),
    ("I/O wait [s]", |bill| bill.processors.iowait_s),
    ("Idle [s]", |bill| bill.processors.idle_s),
    ("Sent [MB]", |bill| bill.network.sent_bytes as f64 / 1e6),
    ("Received [MB]", |bill| bill.network.received_bytes as f64 / 1e6),
    ("Written [MB]", |bill| bill.disk_written_bytes as f64 / 1e6),
    ("Memory range [MB]", |bill| bill.memory_range_bytes as f64 / 1e6),
];

/// A table of the points whose trials were billed; nothing if none was.
///
/// # Errors
/// If a bill holds a number that is none.
pub(super) fn blocks(findings: &Findings) -> anyhow::Result<Vec<Block>> {
    let billed: Vec<_> = findings
        .attempts
        .iter()
        .filter(|attempt| attempt.counts() && !attempt.hosts.is_empty())
        .collect();
    if billed.is_empty() {
        return Ok(Vec::new());
    }
    let of_one_point = billed.chunk_by(|one, next| one.point == next.point);
    let rows = of_one_point.map(|attempts| row(&attempts[0].point, attempts));
    let heads = QUANTITIES.iter().map(|(head, _)| ((*head).to_owned(), true));
    let mut columns = vec![("Point".to_owned(), false), ("Hosts".to_owned(), true)];
    columns.extend(heads);
    let table = Table { columns, rows: rows.collect::<anyhow::Result<_>>()? };
    Ok(vec![
        Block::Heading(2, "What the hosts used".into()),
        Block::paragraph(
            "While the workload ran: the counters of whole hosts, with all that these did beside, \
             summed over them and averaged over the trials. Bytes are those at all interfaces, \
             loopback too; memory is the difference between the most and the least in use. No claim \
             rests on these.",
        ),
        Block::Table(table),
    ])
}

fn row(point: &PointId, attempts: &[&Attempt]) -> anyhow::Result<Vec<Text>> {
    let n_hosts = attempts.iter().map(|attempt| attempt.hosts.len()).max().unwrap_or(0);
    let mut row = vec![code(point.to_string()), vec![Span::Number(n_hosts.to_string())]];
    for (_, of) in QUANTITIES {
        let samples: Vec<_> =
            attempts.iter().map(|attempt| attempt.hosts.iter().map(of).sum::<f64>()).collect();
        row.push(vec![Span::Number(Shown::of(&mean(&samples)?).joined())]);
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use targets::host::{Processors, Transfer};

    use super::*;
    use crate::report::{page::markdown, samples};

    fn bill(host: &str, user_s: f64) -> HostBill {
        HostBill {
            host: host.into(),
            duration_s: 2.0,
            n_readings: 9,
            processors: Processors { user_s, system_s: 0.25, iowait_s: 0.0, idle_s: 1.5 },
            network: Transfer { sent_bytes: 3_000_000, received_bytes: 2_000_000 },
            disk_written_bytes: 500_000,
            memory_range_bytes: 40_000_000,
        }
    }

    #[test]
    fn a_run_that_billed_nothing_says_nothing_of_hosts() {
        assert_eq!(blocks(&samples::findings()).unwrap(), []);
    }

    #[test]
    fn hosts_are_summed_and_trials_averaged() {
        let mut findings = samples::findings();
        let mut again = findings.attempts[0].clone();
        again.hosts = vec![bill("one", 1.0), bill("two", 1.02)];
        findings.attempts[0].hosts = vec![bill("one", 1.0), bill("two", 1.0)];
        findings.attempts.insert(1, again);
        // One that is invalid enters no number.
        findings.attempts[3].hosts = vec![bill("one", 100.0)];
        insta::assert_snapshot!(markdown(&blocks(&findings).unwrap()), @r"
        ## What the hosts used

        While the workload ran: the counters of whole hosts, with all that these did beside, summed over them and averaged over the trials. Bytes are those at all interfaces, loopback too; memory is the difference between the most and the least in use. No claim rests on these.

        | Point | Hosts | User \[s\] | System \[s\] | I/O wait \[s\] | Idle \[s\] | Sent \[MB\] | Received \[MB\] | Written \[MB\] | Memory range \[MB\] |
        | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |
        | `size=1,toy=blue` | 2 | 2.01 [1.89, 2.14] | 0.5 | 0 | 3 | 6 | 4 | 1 | 80 |
        ");
    }
}
