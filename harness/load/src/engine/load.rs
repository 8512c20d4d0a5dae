//! What load to send.

use std::time::Duration;

use anyhow::ensure;

use crate::schedule::{Schedule, Think};

/// What load to send, and how long.
#[derive(Debug, Clone)]
pub struct Load {
    /// What decides when a request is sent.
    pub pace: Pace,
    /// When it ends; a schedule that ends by itself may end earlier, and is
    /// the only one that needs none.
    pub duration: Option<Duration>,
    /// What comes first and is not measured.
    pub warm_up: WarmUpLength,
    /// How long an answer may take, from the send on.
    pub timeout: Duration,
    /// Over how many threads requests and connections are spread.
    pub threads: usize,
    /// What fixes every random choice.
    pub seed: u64,
}

/// What decides when a request is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Pace {
    /// The schedule does, whatever the system answers.
    Open {
        /// When requests are due.
        schedule: Schedule,
        /// How many may be sent and not answered: the number of connections.
        in_flight: usize,
        /// How long a request may wait for a connection before it is dropped.
        wait_limit: Duration,
    },
    /// The answers do: a connection sends its next request after the last answer.
    Closed {
        /// How many connections do so.
        connections: usize,
        /// How long each waits before each request.
        think: Think,
    },
}

/// What comes first and is not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmUpLength {
    /// What is due, or in a closed loop sent, before this time.
    Time(Duration),
    /// The first requests.
    Requests(u64),
}

impl Load {
    /// When it ends.
    ///
    /// # Errors
    /// If it never does, or has nothing to do; the message says what to set.
    pub fn end(&self) -> anyhow::Result<Duration> {
        let length = match &self.pace {
            Pace::Open { schedule, .. } => schedule.length(),
            Pace::Closed { .. } => None,
        };
        let ends = self.duration.into_iter().chain(length).min();
        let Some(end) = ends else {
            anyhow::bail!("the load never ends\n(hint: give it a duration)")
        };
        ensure!(!end.is_zero(), "the load has no duration");
        if let WarmUpLength::Time(warm_up) = self.warm_up {
            ensure!(warm_up < end, "the warm-up of {warm_up:?} leaves nothing of {end:?}");
        }
        ensure!(self.connections() > 0, "without a connection nothing is sent");
        ensure!(self.threads > 0, "without a thread nothing is sent");
        ensure!(
            self.threads <= self.connections(),
            "{} threads share {} connections\n(hint: at most as many threads)",
            self.threads,
            self.connections()
        );
        Ok(end)
    }

    /// How many connections it has.
    #[must_use]
    pub fn connections(&self) -> usize {
        match self.pace {
            Pace::Open { in_flight, .. } => in_flight,
            Pace::Closed { connections, .. } => connections,
        }
    }

    /// Whether the request `index`, due (or sent) at `time`, is warm-up.
    pub(super) fn is_warm_up(&self, index: u64, time: Duration) -> bool {
        match self.warm_up {
            WarmUpLength::Time(length) => time < length,
            WarmUpLength::Requests(n) => index < n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load {
        pace: Pace::Closed { connections: 2, think: Think::None },
        duration: Some(Duration::from_secs(5)),
        warm_up: WarmUpLength::Requests(0),
        timeout: Duration::from_secs(1),
        threads: 1,
        seed: 0,
    };

    fn open(schedule: &str, duration_s: Option<u64>) -> Load {
        let schedule = schedule.parse().unwrap();
        Load {
            pace: Pace::Open { schedule, in_flight: 1, wait_limit: Duration::ZERO },
            duration: duration_s.map(Duration::from_secs),
            ..LOAD
        }
    }

    #[test]
    fn a_load_ends_with_its_duration_or_its_schedule() {
        let end_s = |load: Load| load.end().unwrap().as_secs();
        assert_eq!(end_s(LOAD), 5);
        assert_eq!(end_s(open("constant:1", Some(7))), 7);
        assert_eq!(end_s(open("step:1x4s", None)), 4);
        assert_eq!(end_s(open("step:1x4s", Some(3))), 3);
        assert_eq!(end_s(open("step:1x4s", Some(9))), 4);
    }

    #[test]
    fn a_load_that_makes_no_sense_is_refused() {
        let wrong = [
            Load { duration: None, ..LOAD },
            open("poisson:1", None),
            Load { duration: Some(Duration::ZERO), ..LOAD },
            Load { warm_up: WarmUpLength::Time(Duration::from_secs(5)), ..LOAD },
            Load { pace: Pace::Closed { connections: 0, think: Think::None }, ..LOAD },
            Load { threads: 0, ..LOAD },
            Load { threads: 3, ..LOAD },
        ];
        let errors = wrong.map(|load| load.end().unwrap_err().to_string());
        insta::assert_snapshot!(errors.join("\n"), @r"
        the load never ends
        (hint: give it a duration)
        the load never ends
        (hint: give it a duration)
        the load has no duration
        the warm-up of 5s leaves nothing of 5s
        without a connection nothing is sent
        without a thread nothing is sent
        3 threads share 2 connections
        (hint: at most as many threads)
        ");
    }
}
