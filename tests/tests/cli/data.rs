//! `data generate`: what a run needs, made ahead of it.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::xtask::{Answer, xtask_in};

/// A user's cache, empty at first.
struct Cache(TempDir);

impl Cache {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn data(&self, args: &[&str]) -> Answer {
        let environment = [("REPRISE_CACHE_DIR", self.0.path().to_str().unwrap())];
        let mut answer = xtask_in(&environment, &[&["data"], args].concat());
        for text in [&mut answer.stdout, &mut answer.stderr] {
            *text = text.replace(self.0.path().to_str().unwrap(), "[cache]");
        }
        answer
    }

    /// Matrices of 8 rows, and nothing else.
    fn generate(&self) -> Answer {
        self.data(&["generate", "matrices", "--profile", "smoke", "--set", "sizes=[8]"])
    }

    #[track_caller]
    fn generated(&self) -> String {
        let Answer { exit_code, stdout, stderr } = self.generate();
        assert_eq!(exit_code, 0, "{stderr}");
        stdout
    }

    fn entries(&self) -> Vec<PathBuf> {
        let sets = list(&self.0.path().join("data"));
        sets.iter().flat_map(|set| list(set)).collect()
    }

    /// The one entry of the matrices of 8 rows.
    #[track_caller]
    fn entry(&self) -> PathBuf {
        let entries = self.entries();
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        entry.clone()
    }
}

fn list(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_the_profile_needs_is_generated_and_named() {
    let cache = Cache::new();
    insta::assert_snapshot!(cache.generated(), @"
    matrices-8 (generated): [cache]/data/matrices/generated-v1-8x8_2
      sha256 1deb6b8aff97bbfa11519656860bbe770ea689d5160272db80c5f999ac810104
    ");
    // Two factors in four by four blocks, their shape, and the mark of a whole entry.
    assert_eq!(list(&cache.entry()).len(), 2 * 16 + 2);
    insta::assert_snapshot!(cache.data(&["verify"]).stdout, @"
    no data of clockwork is prepared
    matrices generated-v1-8x8_2: unchanged
    ");
}

#[test]
fn a_second_time_does_nothing() {
    let cache = Cache::new();
    let first = cache.generated();
    let inode = || fs::metadata(cache.entry().join("mat_a_2_0_0")).unwrap().ino();
    let before = inode();
    assert_eq!(cache.generated(), first);
    assert_eq!(inode(), before);
}

#[test]
fn a_damaged_entry_is_found_and_made_again_once_it_is_removed() {
    let cache = Cache::new();
    let first = cache.generated();
    fs::write(cache.entry().join("mat_a_2_0_0"), [0; 16]).unwrap();
    let Answer { exit_code, stdout, stderr } = cache.generate();
    assert_eq!((exit_code, stdout.as_str()), (4, ""));
    insta::assert_snapshot!(stderr, @"
    error: the data set `matrices-8`: [cache]/data/matrices/generated-v1-8x8_2 has changed: sha256 eeb59de57719b62b6f8d6484c2601d44c895e5bc9142946dfbe22ffb7dd1cd65, was 1deb6b8aff97bbfa11519656860bbe770ea689d5160272db80c5f999ac810104
    (hint: remove it and prepare it again)
    ");
    fs::remove_dir_all(cache.entry()).unwrap();
    assert_eq!(cache.generated(), first);
}

#[test]
fn an_entry_without_its_mark_is_made_again() {
    let cache = Cache::new();
    let first = cache.generated();
    fs::remove_file(cache.entry().join("COMPLETE.json")).unwrap();
    fs::write(cache.entry().join("mat_a_2_0_0"), "half").unwrap();
    assert_eq!(cache.generated(), first);
    assert_eq!(fs::metadata(cache.entry().join("mat_a_2_0_0")).unwrap().len(), 2 * 2 * 4);
}

#[test]
fn an_experiment_without_data_says_so() {
    let cache = Cache::new();
    let Answer { exit_code, stdout, .. } =
        cache.data(&["generate", "overheads", "--profile", "smoke"]);
    assert_eq!((exit_code, stdout.as_str()), (0, "overheads needs no data\n"));
    assert_eq!(cache.entries(), [""; 0].map(PathBuf::from));
}

#[test]
fn what_makes_no_sense_is_a_usage_error_and_generates_nothing() {
    let cache = Cache::new();
    let refusal = |args: &[&str]| {
        let Answer { exit_code, stdout, stderr } = cache.data(&[&["generate"], args].concat());
        assert_eq!((exit_code, stdout.as_str()), (2, ""), "{stderr}");
        assert_eq!(cache.entries(), [""; 0].map(PathBuf::from));
        stderr
    };
    insta::assert_snapshot!(refusal(&["matrixes"]), @"
    error: no experiment `matrixes`
    (hint: did you mean `matrices`?)
    ");
    insta::assert_snapshot!(refusal(&["matrices", "--profile", "smoke", "--set", "sizes=[8,102]"]), @"
    error: a matrix of size 102 cannot be split 2 times: 4 does not divide 102
    (hint: take 104)
    ");
}
