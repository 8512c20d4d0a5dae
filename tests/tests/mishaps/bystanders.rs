//! Things that look like a run's and are not.

use std::{fs, path::PathBuf};

use crate::{
    place::Place,
    support::{Driver, Run, Site},
};

/// A label that no run of these tests has.
const OTHER: &str = "0123456789ab";

/// Processes and directories with names as the run's, or nearly.
pub(crate) struct Bystanders {
    processes: Vec<Driver>,
    directories: Vec<PathBuf>,
    #[cfg(feature = "docker")]
    in_daemon: Option<in_daemon::Bystanders>,
}

impl Bystanders {
    pub(crate) fn plant(place: Place, site: &Site, run: &Run) -> Self {
        let label = run.label();
        let variables = [
            format!("REPRISE_RUN={label}0"),
            format!("XREPRISE_RUN={label}"),
            format!("REPRISE_RUN={OTHER}"),
        ];
        let sleep = |variable: &String| site.start("env", [variable.as_str(), "sleep", "1000"]);
        let names = [format!("reprise-{label}0-t1"), format!("reprise-{OTHER}-t1")];
        let directories = names.map(|name| site.path("tmp").join(name));
        directories.iter().for_each(|dir| fs::create_dir(dir).unwrap());
        let processes = variables.iter().map(sleep).collect();
        #[cfg(not(feature = "docker"))]
        let _ = place;
        Self {
            processes,
            directories: directories.into(),
            #[cfg(feature = "docker")]
            in_daemon: (place.target == "docker").then(|| in_daemon::Bystanders::plant(&label)),
        }
    }

    /// All of them are there, and the processes run.
    #[track_caller]
    pub(crate) fn expect_unharmed(&mut self) {
        assert!(self.processes.iter_mut().all(Driver::is_running));
        assert!(self.directories.iter().all(|dir| dir.exists()));
        #[cfg(feature = "docker")]
        self.in_daemon.iter().for_each(in_daemon::Bystanders::expect_unharmed);
    }
}

#[cfg(feature = "docker")]
mod in_daemon {
    use std::collections::BTreeSet;

    use workspace_tests::{
        Trials,
        daemon::{Daemon, Kind},
    };

    use super::OTHER;
    use crate::support::eventually;

    /// What else is in the daemon: planted, and anybody's.
    pub(crate) struct Bystanders {
        daemon: Daemon,
        label: String,
        planted: Vec<(Kind, String)>,
        /// Everything when it was planted but for the run's own.
        before: BTreeSet<String>,
    }

    impl Bystanders {
        pub(crate) fn plant(label: &str) -> Self {
            Trials::block_on(async {
                let daemon = Daemon::connect().await.unwrap();
                let planted = planted(label);
                for (kind, name) in &planted {
                    let owner = owner(name);
                    match kind {
                        Kind::Image => daemon.plant_image(name).await.unwrap(),
                        Kind::Network => daemon.plant_network(name, owner).await.unwrap(),
                        Kind::Volume => daemon.plant_volume(name, owner).await.unwrap(),
                        Kind::Container => {
                            let image = daemon.cached_image("toy").await.unwrap();
                            daemon.plant_container(name, &image, owner, None).await.unwrap();
                        }
                    }
                }
                let before = daemon.census(&[]).await.unwrap();
                Self { daemon, label: label.to_owned(), planted, before }
            })
        }

        /// Whole listings: what was planted is there and runs, and nothing is
        /// new of the run or of nobody.
        #[track_caller]
        pub(crate) fn expect_unharmed(&self) {
            let Self { daemon, .. } = self;
            for (kind, name) in &self.planted {
                let is_there = Trials::block_on(daemon.has(*kind, name)).unwrap();
                assert!(is_there, "the {kind} {name} was not the run's");
                let runs = || Trials::block_on(daemon.is_running(name)).unwrap();
                assert!(*kind != Kind::Container || runs(), "{name} was not the run's to stop");
            }
            // Somebody else's containers come and go on a shared machine.
            eventually("the listing to be as before", || {
                let runs = std::slice::from_ref(&self.label);
                let after = Trials::block_on(daemon.census(runs)).unwrap();
                let new: Vec<_> = after.difference(&self.before).collect();
                new.is_empty()
            });
        }
    }

    impl Drop for Bystanders {
        fn drop(&mut self) {
            for (kind, name) in &self.planted {
                if let Err(error) = Trials::block_on(self.daemon.remove(*kind, name)) {
                    eprintln!("{error:#}");
                }
            }
        }
    }

    /// Containers, networks, volumes and an image; the names that tell a run
    /// are in them, and the label of this run is nowhere.
    fn planted(label: &str) -> Vec<(Kind, String)> {
        let names = |kind, names: &[String]| -> Vec<_> {
            names.iter().map(|name| (kind, name.clone())).collect()
        };
        [
            names(
                Kind::Container,
                &[
                    format!("my-reprise-{label}"),
                    format!("reprise-{label}-t99-worker-0"),
                    format!("reprise-{label}0-t1-worker-0"),
                    format!("reprise-{OTHER}-t1-worker-{label}"),
                ],
            ),
            names(Kind::Network, &[format!("reprise-{label}-t99"), format!("my-reprise-{label}")]),
            names(
                Kind::Volume,
                &[format!("reprise-{label}-t99-worker-0"), format!("reprise-{OTHER}-{label}")],
            ),
            names(Kind::Image, &[format!("somebodys/reprise-{label}:1")]),
        ]
        .concat()
    }

    /// Some carry the label of another run.
    fn owner(name: &str) -> Option<&'static str> {
        name.contains(OTHER).then_some(OTHER)
    }
}
