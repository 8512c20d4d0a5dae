//! Removing one resource of a ledger or an audit, and nothing that is not ours.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use rustix::process::Signal;
use serde_json::Value;

use super::{cgroup, disk, kin, shared_memory};
use crate::{
    cgroup::group::pids,
    children, files,
    label::RunLabel,
    ledger::Resource,
    process::{Incarnation, Stat, Table},
    wait::{self, Interval},
};

/// How long the kernel may take to remove what was killed.
const DEATH: Duration = Duration::from_secs(10);

/// Removes a resource that may be half made or gone already.
pub(crate) async fn remove(label: &RunLabel, resource: &Resource) -> anyhow::Result<()> {
    match resource.kind.as_str() {
        "process-group" => {
            let leader = incarnation(resource);
            kill(&resource.name, |table| {
                kin::of_instance(table, label, &resource.name, leader.as_ref())
            })
            .await
        }
        "process" | "tcp-listener" => kill(&resource.name, |table| exactly(table, resource)).await,
        "cgroup" => remove_cgroup(label, resource).await,
        "mount" => unmount(label, Path::new(&resource.name)),
        "directory" => remove_labelled(label, Path::new(&resource.name)),
        "temporary" | "shm-file" => remove_same_file(resource),
        "sysv-shm" => remove_segment(resource),
        kind => bail!(
            "`{kind}` is no kind that this version can remove (hint: use the checkout that made it)"
        ),
    }
}

/// Kills what `select` finds and its descendants, until it finds nothing.
async fn kill(name: &str, select: impl Fn(&Table) -> BTreeSet<u32> + Sync) -> anyhow::Result<()> {
    let select = &select;
    let is_gone = || async move {
        let Ok(table) = Table::read() else { return false };
        let doomed = kin::living(&table, select(&table));
        for stat in &doomed {
            // A failure shows in the next look.
            let _ = stat.signal(Signal::KILL);
        }
        children::reap_orphans(&table);
        doomed.is_empty()
    };
    let what = format!("the end of {name}");
    Ok(wait::until(&what, DEATH, Interval::BACKING_OFF, is_gone).await?)
}

/// The one process that a listing has named, if the id is still its own.
fn exactly(table: &Table, resource: &Resource) -> BTreeSet<u32> {
    let pid = number(resource, "pid").or_else(|| resource.name.parse().ok());
    let start_ticks = number(resource, "start_ticks");
    let is_it =
        |stat: &&Stat| Some(u64::from(stat.pid)) == pid && Some(stat.start_ticks) == start_ticks;
    table.processes.values().filter(is_it).map(|stat| stat.pid).collect()
}

async fn remove_cgroup(label: &RunLabel, resource: &Resource) -> anyhow::Result<()> {
    let prefix = format!("{}{label}-", cgroup::PREFIX);
    ensure!(resource.name.starts_with(&prefix), "its name is not one of run {label}");
    let dirs: Vec<PathBuf> = paths(resource)
        .into_iter()
        .filter(|dir| dir.file_name().is_some_and(|name| name == resource.name.as_str()))
        .filter(|dir| dir.join("cgroup.procs").exists())
        .collect();
    let members = |_: &Table| dirs.iter().flat_map(|dir| pids(dir)).collect();
    kill(&resource.name, members).await?;
    let are_gone = || async { dirs.iter().all(|dir| cgroup::remove_empty(dir)) };
    let what = format!("the removal of the control group {}", resource.name);
    Ok(wait::until(&what, DEATH, Interval::BACKING_OFF, are_gone).await?)
}

/// Unmounts what is mounted in a directory of the run's.
fn unmount(label: &RunLabel, dir: &Path) -> anyhow::Result<()> {
    let is_ours = disk::label(dir).is_some_and(|named| named == *label);
    ensure!(is_ours, "{} does not carry the label of run {label}: left alone", dir.display());
    disk::unmount(dir).with_context(|| format!("unmount {}", dir.display()))
}

/// Removes a directory whose own name carries the run's label.
fn remove_labelled(label: &RunLabel, dir: &Path) -> anyhow::Result<()> {
    let name = dir.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let is_ours = RunLabel::in_name(&name).is_some_and(|named| named == *label);
    ensure!(is_ours, "{} does not carry the label of run {label}: left alone", dir.display());
    if fs::symlink_metadata(dir).is_ok_and(|metadata| !metadata.is_dir()) {
        bail!("{} is no directory: left alone", dir.display());
    }
    files::remove_tree(dir).with_context(|| format!("remove {}", dir.display()))
}

/// Removes what a listing has named, if it is still the same file.
fn remove_same_file(resource: &Resource) -> anyhow::Result<()> {
    let path = Path::new(&resource.name);
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    if Some(metadata.ino()) != number(resource, "inode") {
        bail!("{} is another file by now: left alone", path.display());
    }
    let removed = if metadata.is_dir() { files::remove_tree(path) } else { fs::remove_file(path) };
    removed.with_context(|| format!("remove {}", path.display()))
}

fn remove_segment(resource: &Resource) -> anyhow::Result<()> {
    let id = resource.name.parse().with_context(|| format!("`{}` is no id", resource.name))?;
    let is_same = |segment: &shared_memory::Segment| {
        segment.id == id && Some(segment.changed_at_s) == number(resource, "changed_at_s")
    };
    if !shared_memory::segments().iter().any(is_same) {
        return Ok(());
    }
    shared_memory::remove(id).with_context(|| format!("remove the shared memory segment {id}"))
}

fn incarnation(resource: &Resource) -> Option<Incarnation> {
    let boot_id = resource.detail.get("boot_id").and_then(Value::as_str)?.to_owned();
    let leader = Incarnation {
        pid: number(resource, "pid")?.try_into().ok()?,
        start_ticks: number(resource, "start_ticks")?,
        boot_id,
    };
    // After a reboot the same id and time may be another's.
    Incarnation::of(leader.pid).ok()?.filter(|now| *now == leader)
}

fn number(resource: &Resource, key: &str) -> Option<u64> {
    resource.detail.get(key).and_then(Value::as_u64)
}

fn paths(resource: &Resource) -> Vec<PathBuf> {
    let paths = resource.detail.get("paths").and_then(Value::as_array);
    paths.into_iter().flatten().filter_map(Value::as_str).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> RunLabel {
        RunLabel::parse("0123456789ab").unwrap()
    }

    async fn refusal(resource: Resource) -> String {
        remove(&label(), &resource).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn what_is_gone_already_counts_as_removed() {
        for resource in [
            Resource::new("directory", "/no/such/reprise-0123456789ab-t1"),
            Resource::new("mount", "/no/such/reprise-0123456789ab-t1/worker-0"),
            Resource::new("shm-file", "/no/such/file").with("inode", 1),
            Resource::new("process-group", "t1-never-0"),
            Resource::new("process", "4194305").with("start_ticks", 1),
            Resource::new("cgroup", "reprise-0123456789ab-t1-never-0").with("paths", vec!["/x"]),
            Resource::new("sysv-shm", "2147483647").with("changed_at_s", 1),
        ] {
            remove(&label(), &resource).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_directory_with_the_label_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("reprise-0123456789ab-t1");
        fs::create_dir_all(dir.join("worker-0")).unwrap();
        let resource = Resource::new("directory", dir.display().to_string());
        remove(&label(), &resource).await.unwrap();
        assert!(!dir.exists());
    }

    #[tokio::test]
    async fn a_link_in_place_of_the_directory_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let (dir, link) = (root.path().join("precious"), root.path().join("reprise-0123456789ab"));
        fs::create_dir(&dir).unwrap();
        std::os::unix::fs::symlink(&dir, &link).unwrap();
        let error = refusal(Resource::new("directory", link.display().to_string())).await;
        assert!(error.contains("is no directory: left alone"), "{error}");
        assert!(dir.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_another_by_now_is_left_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let name = file.path().display().to_string();
        let error = refusal(Resource::new("shm-file", name).with("inode", 1)).await;
        assert!(error.contains("is another file by now"), "{error}");
        assert!(file.path().exists());
    }

    #[tokio::test]
    async fn a_control_group_of_another_name_is_left_alone() {
        let error = refusal(Resource::new("cgroup", "user.slice")).await;
        assert!(error.contains("not one of run 0123456789ab"), "{error}");
    }

    #[tokio::test]
    async fn a_mount_elsewhere_is_left_alone() {
        let error = refusal(Resource::new("mount", "/proc")).await;
        assert!(error.contains("does not carry the label of run 0123456789ab"), "{error}");
        assert!(Path::new("/proc/self").exists());
    }

    #[tokio::test]
    async fn an_unknown_kind_is_left_to_who_knows_it() {
        let error = refusal(Resource::new("moon-base", "m")).await;
        assert!(error.contains("`moon-base` is no kind"), "{error}");
    }
}
