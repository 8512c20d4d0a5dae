//! The directories of one test, and the commands that run in them.

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use workspace_tests::root;

use super::{Answer, Driver, Run, leftovers::leftovers, run::planned};

/// A run with any override has no snapshot; most tests want none.
pub(crate) const WITHOUT_SNAPSHOT: [&str; 2] = ["--set", "slowdown=1.0"];

/// The toy's own profile: its path, and its text for those who change it.
pub(crate) fn steady() -> String {
    root().join("tests/fixtures/steady.toml").display().to_string()
}

pub(crate) const STEADY: &str = include_str!("../../../fixtures/steady.toml");

/// Results, registry, cache, temporary files and package of one test.
pub(crate) struct Site {
    root: TempDir,
    _turn: File,
}

impl Site {
    /// A place beside those of other tests.
    pub(crate) fn new() -> Self {
        Self::with_turn(|turn| turn.lock_shared().unwrap())
    }

    /// The only place as long as it lives, for tests that leave something where
    /// every audit looks.
    pub(crate) fn alone() -> Self {
        Self::with_turn(|turn| turn.lock().unwrap())
    }

    fn with_turn(wait: impl FnOnce(&File)) -> Self {
        // A file's lock holds between threads and processes alike, and so under
        // every test runner.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lifecycle.lock");
        let turn = File::options().create(true).append(true).open(path).unwrap();
        wait(&turn);
        let site = Self { root: tempfile::tempdir().unwrap(), _turn: turn };
        for dir in ["results", "cache", "state", "tmp", "package"] {
            fs::create_dir(site.path(dir)).unwrap();
        }
        site
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Lets every user of this machine work here.
    pub(crate) fn open_to_everybody(&self) {
        let everybody = || Permissions::from_mode(0o777);
        fs::set_permissions(self.root.path(), everybody()).unwrap();
        for entry in fs::read_dir(self.root.path()).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                fs::set_permissions(entry.path(), everybody()).unwrap();
            }
        }
    }

    /// Starts a command in this place's environment.
    pub(crate) fn start<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
    ) -> Driver {
        Driver::start(self.root.path(), program.as_ref(), args)
    }

    /// Starts `--driver exp toy` on the toy's profile, with more arguments.
    pub(crate) fn start_exp(&self, args: &[&str]) -> Driver {
        let exp = ["--driver", "exp", "toy", "--profile", &steady()];
        self.start(env!("CARGO_BIN_EXE_toy"), exp.iter().chain(args))
    }

    /// Runs `--driver exp toy` on the toy's profile, with more arguments.
    pub(crate) fn exp(&self, args: &[&str]) -> Answer {
        self.start_exp(args).wait()
    }

    /// Runs `--driver` with these arguments.
    pub(crate) fn driver(&self, args: &[&str]) -> Answer {
        self.start(env!("CARGO_BIN_EXE_toy"), ["--driver"].iter().chain(args)).wait()
    }

    /// The trials of the toy's profile, with more arguments, and their seeds.
    pub(crate) fn plan(&self, args: &[&str]) -> Vec<(String, u64)> {
        let plan = ["plan", "toy", "--profile", &steady()];
        planned(&self.driver(&[plan.as_slice(), args].concat()).expect_code(0).stdout)
    }

    /// Continues a run.
    pub(crate) fn resume(&self, run: &Run) -> Answer {
        self.driver(&["exp", "--resume", &run.root().display().to_string()])
    }

    /// The one run that there is.
    #[track_caller]
    pub(crate) fn run(&self) -> Run {
        let runs = self.runs();
        let [run] = runs.as_slice() else { panic!("{} runs instead of one", runs.len()) };
        run.clone()
    }

    /// Every run that has begun.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let Ok(entries) = fs::read_dir(self.path("results/toy")) else { return Vec::new() };
        entries.map(|entry| Run::at(entry.unwrap().path())).collect()
    }

    /// Whether the registry knows a run that may have left something.
    pub(crate) fn has_registered(&self) -> bool {
        fs::read_dir(self.path("state/runs")).is_ok_and(|mut runs| runs.next().is_some())
    }

    /// What of a run still exists on this machine.
    pub(crate) fn leftovers(&self, run: &Run) -> Vec<String> {
        leftovers(run, &self.path("tmp"))
    }

    /// Nothing of a run may exist any more.
    #[track_caller]
    pub(crate) fn expect_nothing_left(&self, run: &Run) {
        assert_eq!(self.leftovers(run), [""; 0]);
        assert!(run.has_ended(), "{}", run.read("ledger.jsonl"));
        assert!(!self.has_registered());
    }

    /// A run must have exactly the planned results, each of them once.
    #[track_caller]
    pub(crate) fn expect_all_results(&self, run: &Run, plan_args: &[&str]) {
        let mut planned = self.plan(plan_args);
        planned.sort();
        assert_eq!(run.results(), planned);
    }

    /// A text with this place's paths replaced, so that it can be a snapshot.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text
            .replace(&self.root.path().display().to_string(), "[site]")
            .replace(env!("CARGO_BIN_EXE_toy"), "[toy]")
            .replace(&root().display().to_string(), "[workspace]");
        for run in self.runs() {
            text = text.replace(&run.name(), "[run]");
        }
        text
    }
}
