//! Environments whose roles do not work: the trial fails with one clear error,
//! and everything of it is removed.

use workspace_tests::{
    Trials,
    daemon::{Daemon, Kind},
    usable_target,
};

use crate::{
    failing,
    place::Place,
    support::{Site, eventually},
};

/// Adds the trials.
pub(crate) fn add(trials: &mut Trials) {
    let cases: [(&str, fn()); 6] = [
        ("an_image_without_a_program_is_told::docker", image_without_program),
        ("an_image_that_nobody_has_is_told::docker", unknown_image),
        ("a_program_that_is_not_in_the_image_is_told::docker", program_not_in_image),
        ("a_program_that_is_missing_is_told::docker", missing_program),
        ("a_role_that_never_gets_ready_is_told_with_its_last_lines::docker", never_ready),
        ("a_name_in_use_is_told_and_costs_an_attempt_at_most::docker", name_in_use),
    ];
    let usable = usable_target("docker", "mishaps");
    for (name, case) in cases {
        match &usable {
            Err(reason) => trials.add_impossible(name.into(), reason.clone()),
            Ok(_) => trials.add_panicking(name.into(), case),
        }
    }
}

/// The error of a trial whose server is replaced.
fn error_with_server(server: &str) -> String {
    let site = Site::new();
    failing::run(&site, &environment(server), &[]).expect_code(4);
    failing::trial_error(&site)
}

/// The error of a run that ends before its first trial, because there is no
/// server to replace ours.
fn error_without_server(server: &str) -> String {
    let site = Site::new();
    let answer = failing::run(&site, &environment(server), &[]).expect_code(3);
    let run = site.run();
    assert!(run.attempts().is_empty());
    site.expect_nothing_left(&run);
    failing::error(&site, &answer)
}

fn environment(server: &str) -> String {
    format!("target = \"docker\"\n[roles.serve]\n{server}\n")
}

/// The same with an image of no files, under this name while it lasts.
fn error_with_empty_image(command: &str) -> String {
    let name = format!("somebodys/empty-{}:1", std::process::id());
    let daemon = Trials::block_on(Daemon::connect()).unwrap();
    Trials::block_on(daemon.plant_image(&name)).unwrap();
    let outcome =
        std::panic::catch_unwind(|| error_with_server(&format!("image = \"{name}\"\n{command}")));
    Trials::block_on(daemon.remove(Kind::Image, &name)).unwrap();
    match outcome {
        Ok(error) => error.replace(&name, "[image]"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn image_without_program() {
    insta::assert_snapshot!(error_with_empty_image(""), @"start serve-0: the Docker daemon says: No command specified");
}

fn program_not_in_image() {
    insta::assert_snapshot!(error_with_empty_image("command = [\"/bin/server\"]"), @"
    serve-0 exited with code 127 before it was ready; its last lines ([site]/results/toy/[run]/trials/toy=red/1/attempt-1/serve-0.log):
    [FATAL tini ([pid])] exec /bin/server failed: No such file or directory
    ");
}

fn unknown_image() {
    let error = error_without_server("image = \"localhost:1/nobodys/image:1\"");
    insta::assert_snapshot!(error, @r#"
    cannot get the image localhost:1/nobodys/image:1: the Docker daemon says: Get "http://localhost:1/v2/": dial tcp [address]:1: connect: connection refused
    (hint: is the name right, and its registry within reach of the daemon? `docker load` brings an image without one)
    "#);
}

fn missing_program() {
    let error = error_without_server("command = [\"no-such-server\"]");
    insta::assert_snapshot!(error, @"
    make an image of no-such-server: no program `no-such-server` on PATH
    (hint: install it, or give its path)
    ");
}

fn never_ready() {
    let site = Site::new();
    let never = ["--set", "behaviour=never-ready"];
    failing::run(&site, "target = \"docker\"\n", &never).expect_code(4);
    insta::assert_snapshot!(failing::trial_error(&site), @"
    gave up waiting for serve-0 to answer /readyz on [address]:7000 after 300ms; its last lines ([site]/results/toy/[run]/trials/toy=red/1/attempt-1/serve-0.log):
    still unpacking
    ");
}

/// Only the name of a run that is continued can be known and taken. It costs
/// one attempt: the next has another name.
fn name_in_use() {
    let place = Place { target: "docker" };
    let site = Site::new();
    let driver = place.start(&site);
    eventually("the run", || site.runs().iter().any(|run| run.path("manifest.json").exists()));
    driver.signal(rustix::process::Signal::INT);
    driver.wait().expect_code(130);
    let run = site.run();
    let daemon = Trials::block_on(Daemon::connect()).unwrap();
    let name = format!("reprise-{}-t1", run.label());
    Trials::block_on(daemon.plant_network(&name, None)).unwrap();
    site.resume(&run).expect_code(0);
    Trials::block_on(daemon.remove(Kind::Network, &name)).unwrap();
    let attempts = run.attempts();
    let failed: Vec<_> = attempts.iter().filter(|attempt| !attempt.has_result()).collect();
    let [failed] = failed.as_slice() else { panic!("{attempts:?}") };
    let error = failed.failure().replace(&run.label(), "[label]");
    insta::assert_snapshot!(error, @"provision the testbed: there is a network `reprise-[label]-t1` already (hint: `cargo xtask gc`)");
    site.expect_all_results(&run, &place.trials());
    site.expect_nothing_left(&run);
}
