//! The whole listing of what exists on this machine, for the audit.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context as _;

use super::{
    cgroup, disk, shared_memory,
    sockets::{self, Listener},
};
use crate::{
    audit::{Attribution, Entry, Listing},
    cgroup::{Hierarchy, group::pids},
    children,
    label::RunLabel,
    ledger::Resource,
    process::{Stat, Table, uptime},
};

/// The directories whose entries are listed.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) shared_memory: PathBuf,
    pub(crate) temporary: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self { shared_memory: "/dev/shm".into(), temporary: std::env::temp_dir() }
    }
}

/// Lists everything of the kinds that the local target's roles can leave.
pub(crate) fn list(label: &RunLabel, places: &Places) -> anyhow::Result<Listing> {
    let mut listing = Listing::default();
    let owners = Owners::read(label)?;
    owners.list_processes(&mut listing);
    owners.list_listeners(&mut listing);
    owners.list_segments(&mut listing);
    list_files(&mut listing, "shm-file", &places.shared_memory, label, &Attribution::Likely);
    list_files(&mut listing, "temporary", &places.temporary, label, &Attribution::Unknown);
    list_cgroups(&mut listing, label);
    list_mounts(&mut listing, label);
    Ok(listing)
}

/// Whose each process is, as far as that concerns runs.
struct Owners {
    table: Table,
    uptime: Duration,
    attributed: BTreeMap<u32, Attribution>,
}

impl Owners {
    fn read(label: &RunLabel) -> anyhow::Result<Self> {
        let table = Table::read().context("read /proc")?;
        let attributed = attribute(&table, label);
        Ok(Self { table, uptime: uptime()?, attributed })
    }

    fn list_processes(&self, listing: &mut Listing) {
        for (pid, attribution) in &self.attributed {
            let Some(stat) = self.table.processes.get(pid) else { continue };
            let resource = Resource::new("process", format!("{pid}"))
                .with("start_ticks", stat.start_ticks)
                .with("name", stat.name.as_str());
            let entry = Entry {
                resource,
                owner: format!("`{}`, child of {}", command_line(stat), stat.parent),
                attribution: attribution.clone(),
                age: Some(stat.age(self.uptime)),
            };
            listing.insert(format!("{pid}@{}", stat.start_ticks), entry);
        }
    }

    fn list_listeners(&self, listing: &mut Listing) {
        let holders = sockets::holders(self.attributed.keys().copied());
        let own_uid = own_uid();
        for listener in sockets::listeners() {
            let holder = holders.get(&listener.inode).and_then(|pid| self.table.processes.get(pid));
            if holder.is_some() || listener.uid == own_uid {
                let identity = format!("{}#{}", listener.address, listener.inode);
                listing.insert(identity, self.listener(&listener, holder));
            }
        }
    }

    fn listener(&self, listener: &Listener, holder: Option<&Stat>) -> Entry {
        let attribution = holder.and_then(|stat| self.attributed.get(&stat.pid)).cloned();
        let mut resource = Resource::new("tcp-listener", listener.address.to_string());
        if let Some(stat) = holder {
            resource = resource.with("pid", stat.pid).with("start_ticks", stat.start_ticks);
        }
        Entry {
            resource,
            owner: holder.map_or_else(
                || format!("user {}", listener.uid),
                |stat| format!("process {} (`{}`)", stat.pid, command_line(stat)),
            ),
            attribution: attribution.unwrap_or(Attribution::Unknown),
            age: holder.map(|stat| stat.age(self.uptime)),
        }
    }

    fn list_segments(&self, listing: &mut Listing) {
        let own_uid = own_uid();
        for segment in shared_memory::segments().into_iter().filter(|it| it.uid == own_uid) {
            let entry = Entry {
                resource: Resource::new("sysv-shm", segment.id.to_string())
                    .with("changed_at_s", segment.changed_at_s),
                owner: format!("process {}, which created it", segment.creator),
                attribution: self.segment_owner(segment.creator),
                age: since(segment.changed_at_s),
            };
            listing.insert(format!("{}@{}", segment.id, segment.changed_at_s), entry);
        }
    }

    /// A segment whose creator lives and is nobody's is a stranger's.
    fn segment_owner(&self, creator: u32) -> Attribution {
        match self.attributed.get(&creator) {
            Some(attribution) => attribution.clone(),
            None if creator == std::process::id() => Attribution::Descendant,
            None if self.table.processes.contains_key(&creator) => Attribution::Unknown,
            None => Attribution::Likely,
        }
    }
}

/// The processes that carry a label, and those that descend from this one.
/// A label outranks descent: one driver may serve several runs.
fn attribute(table: &Table, label: &RunLabel) -> BTreeMap<u32, Attribution> {
    let lineage = table.lineage();
    let children = children::known();
    let own = std::process::id();
    // What a known child started is its own affair while it runs.
    let strangers = table.processes.values().filter(|it| it.parent == own);
    let strangers = strangers.filter(|it| !children.contains(&it.pid)).map(|it| it.pid);
    let descendants: BTreeSet<u32> = table.with_descendants(strangers);
    let mut attributed = BTreeMap::new();
    for stat in table.processes.values() {
        if lineage.contains(&stat.pid) || stat.is_dead() {
            continue;
        }
        let marks = stat.marks();
        let attribution = match marks.run {
            _ if marks.is_reaper => continue,
            Some(run) if run == *label => Attribution::Labelled,
            Some(run) => Attribution::Other(run),
            None if descendants.contains(&stat.pid) => Attribution::Descendant,
            None => continue,
        };
        attributed.insert(stat.pid, attribution);
    }
    attributed
}

/// The entries of one directory that are this user's.
fn list_files(
    listing: &mut Listing,
    kind: &str,
    dir: &Path,
    label: &RunLabel,
    unlabelled: &Attribution,
) {
    let own_uid = own_uid();
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.filter_map(Result::ok) {
        // An entry may vanish between the reading of its name and its data.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.uid() != own_uid {
            continue;
        }
        let path = entry.path();
        let attribution = by_name(&path, label).unwrap_or_else(|| unlabelled.clone());
        let resource = Resource::new(kind, path.display().to_string())
            .with("inode", metadata.ino())
            .with("is_directory", metadata.is_dir());
        let owner = format!("user {own_uid}");
        let identity = format!("{}#{}", path.display(), metadata.ino());
        listing.insert(identity, Entry { resource, owner, attribution, age: age(&metadata) });
    }
}

fn list_cgroups(listing: &mut Listing, label: &RunLabel) {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for group in Hierarchy::mounted().iter().flat_map(cgroup::ours) {
        let name = group.file_name().map(|name| name.to_string_lossy().into_owned());
        found.entry(name.unwrap_or_default()).or_default().push(group);
    }
    for (name, paths) in found {
        let Some(attribution) = by_name(Path::new(&name), label) else { continue };
        let n_members: usize = paths.iter().map(|path| pids(path).len()).max().unwrap_or(0);
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let entry = Entry {
            resource: Resource::new("cgroup", &name).with("paths", paths),
            owner: format!("{n_members} processes"),
            attribution,
            age: None,
        };
        listing.insert(name, entry);
    }
}

/// The mounts in directories of runs; others come and go with other programs.
fn list_mounts(listing: &mut Listing, label: &RunLabel) {
    for mount in disk::mounts() {
        let Some(owner) = disk::label(&mount.dir) else { continue };
        let attribution =
            if owner == *label { Attribution::Labelled } else { Attribution::Other(owner) };
        let name = mount.dir.display().to_string();
        let entry = Entry {
            resource: Resource::new("mount", &name),
            owner: format!("the file system {}", mount.kind),
            attribution,
            age: None,
        };
        listing.insert(format!("{name}#{}", mount.id), entry);
    }
}

/// Whose a thing is by the label in its name.
fn by_name(path: &Path, label: &RunLabel) -> Option<Attribution> {
    let name = path.file_name()?.to_string_lossy();
    let named = RunLabel::in_name(&name)?;
    Some(if named == *label { Attribution::Labelled } else { Attribution::Other(named) })
}

fn command_line(stat: &Stat) -> String {
    let bytes = fs::read(format!("/proc/{}/cmdline", stat.pid)).unwrap_or_default();
    let words: Vec<_> = bytes
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(String::from_utf8_lossy)
        .collect();
    if words.is_empty() { stat.name.clone() } else { words.join(" ") }
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn age(metadata: &Metadata) -> Option<Duration> {
    SystemTime::now().duration_since(metadata.modified().ok()?).ok()
}

fn since(at_s: u64) -> Option<Duration> {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at_s);
    SystemTime::now().duration_since(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two empty directories in place of the machine's own.
    fn places() -> (tempfile::TempDir, Places) {
        let root = tempfile::tempdir().unwrap();
        let places =
            Places { shared_memory: root.path().join("shm"), temporary: root.path().join("tmp") };
        fs::create_dir(&places.shared_memory).unwrap();
        fs::create_dir(&places.temporary).unwrap();
        (root, places)
    }

    fn new_files(places: &Places, make: impl FnOnce()) -> crate::audit::Audit {
        let label = RunLabel::parse("0123456789ab").unwrap();
        let files = || {
            let mut listing = Listing::default();
            let (shm, tmp) = (&places.shared_memory, &places.temporary);
            list_files(&mut listing, "shm-file", shm, &label, &Attribution::Likely);
            list_files(&mut listing, "temporary", tmp, &label, &Attribution::Unknown);
            listing
        };
        let before = files();
        make();
        Listing::compare(&before, &files())
    }

    #[test]
    fn an_unlabelled_file_in_shared_memory_is_a_leak() {
        let (_root, places) = places();
        let path = places.shared_memory.join("planted");
        let audit = new_files(&places, || fs::write(&path, "x").unwrap());
        assert_eq!(audit.leaks[0].resource.name, path.display().to_string());
    }

    #[test]
    fn an_unlabelled_temporary_file_is_suspect_only() {
        let (_root, places) = places();
        let path = places.temporary.join("anybody");
        let audit = new_files(&places, || fs::write(&path, "x").unwrap());
        assert!(audit.is_clean());
        assert_eq!(audit.suspects.len(), 1);
    }

    #[test]
    fn a_labelled_temporary_directory_is_a_leak_and_another_runs_is_not() {
        let (_root, places) = places();
        let audit = new_files(&places, || {
            fs::create_dir(places.temporary.join("reprise-0123456789ab-t1")).unwrap();
            fs::create_dir(places.temporary.join("reprise-ba9876543210-t1")).unwrap();
        });
        assert_eq!((audit.leaks.len(), audit.suspects.len()), (1, 0));
    }

    #[test]
    fn a_file_that_replaced_another_of_its_name_is_new() {
        let (_root, places) = places();
        let path = places.shared_memory.join("same");
        let newer = places.temporary.join("newer");
        fs::write(&path, "x").unwrap();
        fs::write(&newer, "y").unwrap();
        let audit = new_files(&places, || fs::rename(&newer, &path).unwrap());
        assert_eq!(audit.leaks.len(), 1);
    }

    #[test]
    fn a_whole_listing_can_be_taken() {
        let (_root, places) = places();
        let label = RunLabel::parse("0123456789ab").unwrap();
        let ours = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = ours.local_addr().unwrap().to_string();
        let listing = list(&label, &places).unwrap();
        let named = |entry: &Entry| entry.resource.name == address;
        assert!(listing.entries.values().any(named));
    }
}
