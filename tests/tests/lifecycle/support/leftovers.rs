//! What of a run still exists on this machine, found without the harness's help.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Run;

/// Everything that carries the run's label: processes, control groups, files,
/// what is in a daemon; and its reaper.
pub(super) fn leftovers(run: &Run, temporary: &Path) -> Vec<String> {
    let label = run.label();
    let mut left = processes(&format!("REPRISE_RUN={label}"));
    left.extend(processes(&format!("REPRISE_REAPER={}", run.path("ledger.jsonl").display())));
    let mut places = control_group_roots();
    places.extend([temporary.to_path_buf(), "/dev/shm".into()]);
    for dir in places {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let labelled = entries.filter(|entry| is_labelled(&entry.file_name(), &label));
        left.extend(labelled.map(|entry| entry.path().display().to_string()));
    }
    #[cfg(feature = "docker")]
    left.extend(in_daemon(run, &label));
    left
}

/// What carries the label in the daemon that the run's ledger names, if any.
#[cfg(feature = "docker")]
fn in_daemon(run: &Run, label: &str) -> Vec<String> {
    use workspace_tests::{Trials, daemon::Daemon};

    let ledger = fs::read_to_string(run.path("ledger.jsonl")).unwrap_or_default();
    let header: serde_json::Value =
        ledger.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let Some(host) = header["settings"]["docker"]["host"].as_str() else { return vec![] };
    Trials::block_on(async { Daemon::at(host).await.unwrap().labelled(label).await.unwrap() })
}

/// Living processes with this variable, `NAME=value`, in their environment.
fn processes(variable: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has_it = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
    };
    pids.filter(has_it).map(|pid| format!("process {pid} with {variable}")).collect()
}

fn control_group_roots() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let of_groups = mounts.lines().filter(|line| line.contains(" - cgroup"));
    of_groups.filter_map(|line| line.split(' ').nth(4)).map(Into::into).collect()
}

/// Whether the label, and not a longer text that begins with it, is in a name.
fn is_labelled(name: &std::ffi::OsStr, label: &str) -> bool {
    let name = name.to_string_lossy();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == label)
}
