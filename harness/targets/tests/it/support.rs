//! Runs on this machine, and looks at it without our help.

use std::path::{Path, PathBuf};

use targets::{
    label::RunLabel,
    local::Local,
    registry::Registry,
    role::{Program, RoleSpec},
    wait::{self, Interval},
};

use crate::common::{roles, run};
pub(crate) use crate::common::{
    roles::{toy, toy_server},
    run::{PATIENCE, fresh_label, refusal, test},
};

/// A run on this machine.
pub(crate) type Run = run::Run<Local>;

impl Run {
    pub(crate) fn begin() -> anyhow::Result<Self> {
        Self::begin_on(Local::new())
    }

    /// Where it is entered.
    pub(crate) fn registry(&self) -> Registry {
        Registry::in_dir(self.root.path())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

/// Any command, as a job.
pub(crate) fn command(words: Vec<String>) -> RoleSpec {
    roles::role(Program::Command { words, include: vec![] })
}

/// A shell script, as a job.
pub(crate) fn shell(script: &str) -> RoleSpec {
    command(["sh", "-c", script].map(str::to_owned).to_vec())
}

/// Waits for a condition that must come true.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) -> anyhow::Result<()> {
    let look = || {
        let holds = condition();
        async move { holds }
    };
    Ok(wait::until(what, PATIENCE, Interval::BACKING_OFF, look).await?)
}

/// Living processes that carry this label, found without the library's help.
pub(crate) fn processes_of(label: &RunLabel) -> Vec<u32> {
    processes_with(&format!("REPRISE_RUN={label}"))
}

/// Living processes with this variable, `NAME=value`, in their environment.
pub(crate) fn processes_with(variable: &str) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc is mounted");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
        })
        .collect()
}

/// Control groups whose name holds this text.
pub(crate) fn cgroups_with(text: &str) -> Vec<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
    let dirs = mounts.lines().filter(|line| line.contains(" - cgroup")).filter_map(|line| {
        line.split(' ').nth(4).and_then(|dir| std::fs::read_dir(Path::new(dir)).ok())
    });
    dirs.flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.display().to_string().contains(text))
        .collect()
}
