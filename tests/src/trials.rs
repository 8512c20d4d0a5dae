//! The trials of a runner of our own, those that cannot run here among them.

use std::{collections::BTreeSet, future::Future, process::ExitCode, sync::LazyLock};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;

/// One for all trials: a client of a daemon does not outlive its runtime.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("the kernel gives a runtime its threads"));

/// A list of trials under construction.
///
/// What cannot run is ignored with its reason. `cargo test` shows it beside
/// each trial; nextest asks for a listing first and shows no message of an
/// ignored test, so there each reason goes to standard error, once.
pub struct Trials {
    arguments: Arguments,
    trials: Vec<Trial>,
    told: BTreeSet<String>,
}

impl Trials {
    /// None yet; how they are listed depends on the command line.
    #[must_use]
    pub fn from_args() -> Self {
        Self { arguments: Arguments::from_args(), trials: vec![], told: BTreeSet::new() }
    }

    /// Lets one trial run at a time, unless the command line says otherwise.
    #[must_use]
    pub fn one_at_a_time(mut self) -> Self {
        self.arguments.test_threads.get_or_insert(1);
        self
    }

    /// Adds a trial that can run here.
    pub fn add(
        &mut self,
        name: String,
        body: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
    ) {
        let body = || body().map_err(|error| Failed::from(format!("{error:?}")));
        self.trials.push(Trial::test(name, body));
    }

    /// Adds a trial that can run here and panics if it fails.
    pub fn add_panicking(&mut self, name: String, body: impl FnOnce() + Send + 'static) {
        self.add(name, || {
            body();
            Ok(())
        });
    }

    /// Adds a trial that is only run when it is asked for.
    pub fn add_on_request(
        &mut self,
        name: String,
        reason: &str,
        body: impl FnOnce() + Send + 'static,
    ) {
        self.tell(reason);
        self.add_panicking(name, body);
        let trial = self.trials.pop().expect("one was just added");
        self.trials.push(trial.with_ignored_flag(true));
    }

    /// Adds a trial that cannot run here, for this reason; forced, it fails.
    pub fn add_impossible(&mut self, name: String, reason: String) {
        let arguments = &self.arguments;
        let only_flags = arguments.list || std::env::var_os("NEXTEST").is_some();
        if only_flags {
            self.tell(&reason);
        }
        let is_flagged = only_flags || self.arguments.ignored || self.arguments.include_ignored;
        self.trials.push(if is_flagged {
            Trial::test(name, move || Err(Failed::from(reason))).with_ignored_flag(true)
        } else {
            Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
        });
    }

    /// Runs or lists them, as the command line says.
    #[must_use]
    pub fn run(self) -> ExitCode {
        libtest_mimic::run(&self.arguments, self.trials).exit_code()
    }

    /// Waits for a future on the runtime that all trials share.
    pub fn block_on<T>(future: impl Future<Output = T>) -> T {
        RUNTIME.block_on(future)
    }

    fn tell(&mut self, reason: &str) {
        if self.told.insert(reason.to_owned()) {
            eprintln!("ignored: {reason}");
        }
    }
}
