//! `report`: everything again from a run's records, without a new run; or what another
//! tool's come to.

use super::{
    args::ReportArgs,
    exp::{find, print},
    foreign,
};
use crate::{
    claim::Judged,
    experiment::System,
    fault::Outcome,
    report::{claims_table, publish},
    run_dir::RunDir,
};

pub(super) fn report(system: System, args: &ReportArgs) -> anyhow::Result<Outcome> {
    let dir = match RunDir::open(&args.run) {
        Ok(dir) => dir,
        Err(error) => match foreign::known(system, &args.run) {
            Some(known) => return foreign::report(system, known, args),
            None => return Err(error),
        },
    };
    args.foreign.must_be_absent()?;
    let experiment = find(system, &dir.read_manifest()?.experiment)?;
    let findings = publish(&dir, experiment, &system)?;
    let refuted = findings.judged.iter().any(Judged::is_refuted);
    print(&claims_table(&[findings]));
    print(&format!("report: {}", dir.report_html().display()));
    Ok(if refuted { Outcome::Differs } else { Outcome::AsExpected })
}
