//! The shared libraries that machine code is linked with, as the dynamic
//! linker of this machine finds them.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, ensure};

use crate::command::{Environment, Invocation};

/// How many files one command line takes.
const N_FILES_AT_ONCE: usize = 100;

/// What files are linked with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Linked {
    /// The libraries and the dynamic linker itself, by their absolute paths;
    /// none for what is linked statically.
    pub(crate) found: Vec<PathBuf>,
    /// The names of libraries that are not on this machine.
    pub(crate) missing: Vec<String>,
}

/// What these files, all machine code, are linked with.
pub(crate) async fn of(files: &[PathBuf]) -> anyhow::Result<Linked> {
    let mut all = Linked::default();
    for some in files.chunks(N_FILES_AT_ONCE) {
        let plain = Environment::Inherited(BTreeMap::from([("LC_ALL".to_owned(), "C".into())]));
        let ldd = Invocation { environment: plain, ..Invocation::new("ldd", "/").args(some) };
        // It fails if any of the files is static, and says only so.
        let finished = ldd.output().await.context("find the libraries of a program")?;
        let complaint = String::from_utf8_lossy(&finished.stderr);
        let is_other = |line: &&str| {
            !line.contains("not a dynamic executable") && !line.starts_with("ldd: warning:")
        };
        let first = complaint.lines().find(is_other);
        ensure!(
            finished.status.success() || first.is_none(),
            "find the libraries of {}: {}",
            some[0].display(),
            first.unwrap_or_default()
        );
        let Linked { found, missing } = parse(&String::from_utf8_lossy(&finished.stdout));
        all.found.extend(found);
        all.missing.extend(missing);
    }
    Ok(all)
}

/// Reads lines such as `libc.so.6 => /lib/libc.so.6 (0x…)` and
/// `/lib64/ld-linux-x86-64.so.2 (0x…)`.
fn parse(text: &str) -> Linked {
    let mut linked = Linked::default();
    for line in text.lines().filter(|line| line.starts_with(char::is_whitespace)) {
        let (name, place) = match line.trim().split_once(" => ") {
            Some((name, place)) => (name, place),
            None => (line.trim(), line.trim()),
        };
        if place.starts_with("not found") {
            linked.missing.push(name.to_owned());
        }
        let paths = [name, place].map(|text| text.split(" (0x").next().unwrap_or_default());
        for path in paths.into_iter().filter(|path| path.starts_with('/')) {
            linked.found.push(PathBuf::from(path));
        }
    }
    linked.found.sort();
    linked.found.dedup();
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_the_linker_and_the_missing_are_told_apart() {
        let text = "/usr/bin/tool:\n\
            \tlinux-vdso.so.1 (0x00007f0cf2033000)\n\
            \tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f0cf1f31000)\n\
            \tlibgone.so.2 => not found\n\
            \t/lib64/ld-linux-x86-64.so.2 (0x00007f0cf2035000)\n\
            /usr/bin/fixed:\n\
            \tstatically linked\n";
        let linked = parse(text);
        let found = ["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"];
        assert_eq!(linked.found, found.map(PathBuf::from));
        assert_eq!(linked.missing, ["libgone.so.2"]);
    }

    #[test]
    fn a_library_of_musl_that_is_the_linker_is_one_file() {
        let text = "\t/lib/ld-musl-x86_64.so.1 (0x7f1)\n\
            \tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f1)\n";
        assert_eq!(parse(text).found, [PathBuf::from("/lib/ld-musl-x86_64.so.1")]);
    }

    #[tokio::test]
    async fn this_test_itself_is_linked_with_a_c_library() {
        let this = std::env::current_exe().unwrap();
        let linked = of(&[this]).await.unwrap();
        assert!(
            linked.found.iter().any(|path| path.display().to_string().contains("libc")),
            "{linked:?}"
        );
    }
}
