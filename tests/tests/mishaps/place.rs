//! Where runs of a target take place, and how many trials they have there.

use std::time::{Duration, Instant};

use crate::support::{Answer, Driver, Site, WITHOUT_SNAPSHOT};

/// One target.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) target: &'static str,
}

impl Place {
    /// Enough trials that a driver can be killed between and in them.
    pub(crate) fn trials(self) -> [&'static str; 2] {
        ["--trials", if self.target == "docker" { "1" } else { "5" }]
    }

    /// The arguments of a run here.
    fn args(self, site: &Site) -> Vec<String> {
        let text = format!("target = \"{}\"\n", self.target);
        let env = ["--env".to_owned(), site.write("env.toml", &text)];
        let rest = [WITHOUT_SNAPSHOT, self.trials()].concat();
        env.into_iter().chain(rest.into_iter().map(str::to_owned)).collect()
    }

    /// Starts a run here.
    pub(crate) fn start(self, site: &Site) -> Driver {
        let args = self.args(site);
        site.start_exp(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Makes a run here from beginning to end.
    pub(crate) fn run(self, site: &Site) -> Answer {
        self.start(site).wait()
    }

    /// How long a run lasts here if nobody disturbs it.
    pub(crate) fn life(self) -> Duration {
        let site = Site::new();
        self.run(&site).expect_code(0);
        let began = Instant::now();
        let site = Site::new();
        self.run(&site).expect_code(0);
        began.elapsed()
    }
}
