//! Which processes are an instance's: its group, and all that carry its marks.

use std::collections::BTreeSet;

use crate::{
    label::RunLabel,
    process::{Incarnation, Stat, Table},
};

/// The processes and their descendants, without zombies, us and our ancestors.
pub(crate) fn living(table: &Table, roots: BTreeSet<u32>) -> Vec<&Stat> {
    let lineage = table.lineage();
    table
        .with_descendants(roots)
        .iter()
        .filter(|pid| !lineage.contains(pid))
        .filter_map(|pid| table.processes.get(pid))
        .filter(|stat| !stat.is_dead())
        .collect()
}

/// The processes that carry the instance's marks, and those of the group of
/// its leader, as long as that is the leader we started.
pub(crate) fn of_instance(
    table: &Table,
    label: &RunLabel,
    name: &str,
    leader: Option<&Incarnation>,
) -> BTreeSet<u32> {
    let led = leader.filter(|leader| leader.stat().is_some()).map(|leader| leader.pid);
    let is_ours = |stat: &&Stat| {
        if led == Some(stat.group) {
            return true;
        }
        let marks = stat.marks();
        marks.run.as_ref() == Some(label) && marks.instance.as_deref() == Some(name)
    };
    table.processes.values().filter(is_ours).map(|stat| stat.pid).collect()
}
