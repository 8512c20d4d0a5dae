//! Environments with a daemon that cannot be used: the run ends at once, says
//! why and what to do, and has made nothing.

use std::{
    fs::{self, Permissions},
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
};

use workspace_tests::{
    Trials,
    daemon::{Daemon, Kind},
    usable_target,
};

use crate::{
    failing,
    second_daemon::{self, SecondDaemon},
    support::{Site, eventually},
};

/// The usual `nobody`.
const NOBODY: &str = "65534";

/// Adds the trials.
pub(crate) fn add(trials: &mut Trials) {
    trials.add_panicking("no_daemon_is_told_with_the_remedy::docker".into(), no_daemon);
    trials.add_panicking("no_permission_is_told_with_the_remedy::docker".into(), no_permission);
    let taken = "a_pool_without_a_free_network_is_told::docker".to_owned();
    match usable_target("docker", "mishaps") {
        Err(reason) => trials.add_impossible(taken, reason),
        Ok(_) => trials.add_panicking(taken, pool_is_taken),
    }
    let full = "a_full_disk_of_the_daemon_is_told_with_the_remedy::docker".to_owned();
    match second_daemon::lacking() {
        Some(reason) => trials.add_impossible(full, reason),
        None => trials.add_panicking(full, disk_is_full),
    }
}

fn environment(host: &str) -> String {
    format!("target = \"docker\"\n[docker]\nhost = \"{host}\"\n")
}

fn no_daemon() {
    let site = Site::new();
    let host = format!("unix://{}", site.path("nobody-listens").display());
    let answer = failing::run(&site, &environment(&host), &[]).expect_code(3);
    insta::assert_snapshot!(failing::error(&site, &answer), @"
    no Docker daemon answers at unix://[site]/nobody-listens (No such file or directory (os error 2))
    (hint: apt-get install --yes docker.io && service docker start, or set DOCKER_HOST to a daemon that runs)
    ");
}

/// Nobody may open the socket; root may everything, and so is not used.
fn no_permission() {
    let site = Site::new();
    let socket = site.path("secret");
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o000)).unwrap();
    let env = site.write("env.toml", &environment(&format!("unix://{}", socket.display())));
    let toy = site.path("toy-of-nobody");
    fs::copy(env!("CARGO_BIN_EXE_toy"), &toy).unwrap();
    site.open_to_everybody();
    let toy = toy.display().to_string();
    let exp =
        [&toy, "--driver", "exp", "toy", "--profile", &crate::support::steady(), "--env", &env];
    let answer = if rustix::process::geteuid().is_root() {
        let as_nobody = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"];
        site.start("setpriv", as_nobody.iter().chain(&exp)).wait()
    } else {
        site.start(&toy, &exp[1..]).wait()
    };
    let answer = answer.expect_code(3);
    insta::assert_snapshot!(failing::error(&site, &answer), @"
    this user may not use the Docker daemon at unix://[site]/secret
    (hint: sudo usermod --append --groups docker $USER, and log in again)
    ");
}

fn pool_is_taken() {
    // A network of the range for documentation, which nobody routes.
    let (name, subnet) = (format!("reprise-taken-{}", std::process::id()), "198.51.100.0/22");
    let daemon = Trials::block_on(Daemon::connect()).unwrap();
    Trials::block_on(daemon.plant_network_in(&name, None, Some(subnet))).unwrap();
    let site = Site::new();
    let environment = format!("target = \"docker\"\n[docker]\npool = \"{subnet}\"\n");
    let answer = failing::run(&site, &environment, &[]);
    Trials::block_on(daemon.remove(Kind::Network, &name)).unwrap();
    let answer = answer.expect_code(3);
    insta::assert_snapshot!(failing::error(&site, &answer), @"
    [site]/results/toy/[run] is cut off, and can be resumed: provision the testbed: no free network in [address]/22: 64 tried ones overlap with others
    (hint: `docker network ls` shows them; or name another `pool` under [docker] in the environment)
    ");
    let run = site.run();
    eventually("the reaper", || site.leftovers(&run).is_empty());
    site.resume(&run).expect_code(0);
}

fn disk_is_full() {
    let site = Site::new();
    let daemon = SecondDaemon::start_on_small_disk(8);
    let answer = failing::run(&site, &daemon.environment(), &[]).expect_code(3);
    insta::assert_snapshot!(failing::error(&site, &answer), @"
    [site]/results/toy/[run] is cut off, and can be resumed: make an image of toy: the Docker daemon says: Error processing tar file(exit status 1): write /[identity]/layer.tar: no space left on device
    (hint: make room where the daemon keeps its data; `docker system df` shows what takes it)
    ");
    eventually("the reaper", || site.leftovers(&site.run()).is_empty());
}
