//! The decisions of one host's scheduler: events in, actions out, no I/O.
//!
//! Hosts share no memory and ask no master. Each forms an opinion of every
//! function from its own load and publishes it as membership of two sets in
//! the state tier: the hosts that are warm for a function, and the hosts that
//! are available at all. A host that does not want a call reads these sets and
//! passes the call on. Stale sets cost a detour; a call that is passed to a host
//! just after it has left is lost, and fails when its caller's patience ends.

use std::collections::BTreeMap;

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use super::opinion::{Load, Opinion};
use crate::message::{CallId, Function};

/// The settings of one host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Calls per Faaslet at which a function counts as overloaded.
    pub max_in_flight_ratio: f64,
    /// Faaslets that one function may have here.
    pub max_faaslets_per_function: u32,
    /// How often a call may be passed on; after that it runs where it is.
    pub max_hops: u32,
    /// Runs every call here and reads no sets.
    pub local_only: bool,
}

/// What happened on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// A call came in: from a client, a guest or another host.
    Arrived {
        /// The call.
        call: CallId,
        /// Its function.
        function: Function,
        /// How often it has been passed on.
        hops: u32,
    },
    /// The answer to [`Action::FindHosts`].
    HostsFound {
        /// The call.
        call: CallId,
        /// Its function.
        function: Function,
        /// Hosts that are warm for the function, this one perhaps included.
        warm: Vec<String>,
        /// Hosts that are available, this one perhaps included.
        available: Vec<String>,
    },
    /// A call that was executed here has ended.
    Ended {
        /// Its function.
        function: Function,
    },
    /// A call that runs here begins to wait for another call.
    Awaiting {
        /// The waiting call's function.
        function: Function,
    },
    /// It waits no longer.
    Resumed {
        /// The waiting call's function.
        function: Function,
    },
    /// A Faaslet had no call for too long, and leaves.
    Stopped {
        /// Its function.
        function: Function,
    },
}

/// What the host is to do about it, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Read the warm and available sets, and report [`Event::HostsFound`].
    FindHosts {
        /// The call that needs a host.
        call: CallId,
        /// Its function.
        function: Function,
    },
    /// Queue the call for this host's Faaslets of the function.
    Execute {
        /// The call.
        call: CallId,
    },
    /// Pass the call on.
    Forward {
        /// The call.
        call: CallId,
        /// The host that gets it.
        host: String,
    },
    /// Bind one more Faaslet to the function.
    StartFaaslet {
        /// The function.
        function: Function,
    },
    /// Add this host to the function's warm set.
    JoinWarm {
        /// The function.
        function: Function,
    },
    /// Remove this host from the function's warm set.
    LeaveWarm {
        /// The function.
        function: Function,
    },
    /// Add this host to the available set.
    JoinAvailable,
    /// Remove this host from the available set.
    LeaveAvailable,
}

/// One host's scheduler.
#[derive(Debug)]
pub struct Scheduler {
    host: String,
    limits: Limits,
    functions: BTreeMap<Function, Tally>,
    random: Pcg64,
}

/// What the scheduler knows of one function.
#[derive(Debug)]
struct Tally {
    load: Load,
    n_awaiting: u32,
    opinion: Opinion,
}

impl Default for Tally {
    fn default() -> Self {
        Self { load: Load::default(), n_awaiting: 0, opinion: Opinion::Maybe }
    }
}

impl Scheduler {
    /// The scheduler of `host`, which the caller has put into the available set.
    #[must_use]
    pub fn new(host: String, limits: Limits, seed: u64) -> Self {
        Self { host, limits, functions: BTreeMap::new(), random: Pcg64::seed_from_u64(seed) }
    }

    /// Decides what to do about `event`.
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Arrived { call, function, hops } => self.arrived(call, function, hops),
            Event::HostsFound { call, function, warm, available } => {
                self.hosts_found(call, function, &warm, &available)
            }
            Event::Ended { function } => self.update(&function, |tally| {
                tally.load.n_in_flight = tally.load.n_in_flight.saturating_sub(1);
            }),
            Event::Awaiting { function } => self.awaiting(function),
            Event::Resumed { function } => self.update(&function, |tally| {
                tally.n_awaiting = tally.n_awaiting.saturating_sub(1);
                tally.load.n_faaslets += 1;
            }),
            Event::Stopped { function } => self.update(&function, |tally| {
                tally.load.n_faaslets = tally.load.n_faaslets.saturating_sub(1);
            }),
        }
    }

    /// What this host thinks of one more call of `function`.
    #[must_use]
    pub fn opinion(&self, function: &Function) -> Opinion {
        self.functions.get(function).map_or(Opinion::Maybe, |tally| tally.opinion)
    }

    fn arrived(&mut self, call: CallId, function: Function, hops: u32) -> Vec<Action> {
        let stays = self.limits.local_only
            || hops >= self.limits.max_hops
            || self.opinion(&function) == Opinion::Yes;
        if stays {
            return self.execute(call, function);
        }
        vec![Action::FindHosts { call, function }]
    }

    fn hosts_found(
        &mut self,
        call: CallId,
        function: Function,
        warm: &[String],
        available: &[String],
    ) -> Vec<Action> {
        let other = match self.opinion(&function) {
            Opinion::Yes => None,
            Opinion::Maybe => self.choose_other(warm),
            Opinion::No => self.choose_other(warm).or_else(|| self.choose_other(available)),
        };
        match other {
            Some(host) => vec![Action::Forward { call, host }],
            None => self.execute(call, function),
        }
    }

    fn execute(&mut self, call: CallId, function: Function) -> Vec<Action> {
        let limits = self.limits;
        let mut actions = vec![Action::Execute { call }];
        let mut starts_faaslet = false;
        let changed = self.update(&function, |tally| {
            tally.load.n_in_flight += 1;
            starts_faaslet = tally.load.n_faaslets == 0
                || tally.load.is_over(limits.max_in_flight_ratio)
                    && tally.load.n_faaslets < limits.max_faaslets_per_function;
            tally.load.n_faaslets += u32::from(starts_faaslet);
        });
        if starts_faaslet {
            actions.push(Action::StartFaaslet { function });
        }
        actions.extend(changed);
        actions
    }

    /// An awaiting call does not count as a Faaslet: if calls wait in the
    /// queue, another Faaslet takes its place, or they would wait for a caller
    /// that waits for them.
    fn awaiting(&mut self, function: Function) -> Vec<Action> {
        let limits = self.limits;
        let mut starts_faaslet = false;
        let changed = self.update(&function, |tally| {
            tally.n_awaiting += 1;
            tally.load.n_faaslets = tally.load.n_faaslets.saturating_sub(1);
            let n_queued =
                tally.load.n_in_flight.saturating_sub(tally.n_awaiting + tally.load.n_faaslets);
            starts_faaslet =
                n_queued > 0 && tally.load.n_faaslets < limits.max_faaslets_per_function;
            tally.load.n_faaslets += u32::from(starts_faaslet);
        });
        let start = starts_faaslet.then_some(Action::StartFaaslet { function });
        start.into_iter().chain(changed).collect()
    }

    /// Changes what is known of `function` and publishes the new opinion.
    fn update(&mut self, function: &Function, change: impl FnOnce(&mut Tally)) -> Vec<Action> {
        let was_available = self.is_available();
        let limits = self.limits;
        let tally = self.functions.entry(function.clone()).or_default();
        change(tally);
        let old = tally.opinion;
        tally.opinion =
            tally.load.opinion(limits.max_in_flight_ratio, limits.max_faaslets_per_function);
        let new = tally.opinion;
        let warmth = match (old == Opinion::Yes, new == Opinion::Yes) {
            (false, true) => Some(Action::JoinWarm { function: function.clone() }),
            (true, false) => Some(Action::LeaveWarm { function: function.clone() }),
            _ => None,
        };
        let availability = match (was_available, self.is_available()) {
            (false, true) => Some(Action::JoinAvailable),
            (true, false) => Some(Action::LeaveAvailable),
            _ => None,
        };
        warmth.into_iter().chain(availability).collect()
    }

    /// A host that must refuse one function is switched off for all others.
    fn is_available(&self) -> bool {
        self.functions.values().all(|tally| tally.opinion != Opinion::No)
    }

    fn choose_other(&mut self, hosts: &[String]) -> Option<String> {
        let mut others: Vec<&String> = hosts.iter().filter(|host| **host != self.host).collect();
        if others.is_empty() {
            return None;
        }
        // A set has no order: without one, a replay would choose differently.
        others.sort();
        Some(others[self.random.random_range(0..others.len())].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        max_in_flight_ratio: 1.0,
        max_faaslets_per_function: 2,
        max_hops: 3,
        local_only: false,
    };

    fn f() -> Function {
        "u/f".parse().unwrap()
    }

    fn scheduler() -> Scheduler {
        Scheduler::new("here".into(), LIMITS, 7)
    }

    fn arrived(call: CallId) -> Event {
        Event::Arrived { call, function: f(), hops: 0 }
    }

    fn hosts_found(call: CallId, warm: &[&str], available: &[&str]) -> Event {
        let owned = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
        Event::HostsFound { call, function: f(), warm: owned(warm), available: owned(available) }
    }

    /// A host whose two Faaslets are both busy.
    fn full() -> Scheduler {
        let mut scheduler = scheduler();
        scheduler.handle(hosts_found(1, &[], &[]));
        scheduler.handle(arrived(2));
        assert_eq!(scheduler.opinion(&f()), Opinion::No);
        scheduler
    }

    #[test]
    fn a_cold_host_looks_for_a_warm_one() {
        let actions = scheduler().handle(arrived(1));
        assert_eq!(actions, [Action::FindHosts { call: 1, function: f() }]);
    }

    #[test]
    fn a_cold_host_passes_the_call_to_a_warm_one() {
        let actions = scheduler().handle(hosts_found(1, &["there"], &["here", "there"]));
        assert_eq!(actions, [Action::Forward { call: 1, host: "there".into() }]);
    }

    #[test]
    fn a_cold_host_keeps_the_call_if_none_is_warm() {
        let actions = scheduler().handle(hosts_found(1, &["here"], &["here", "there"]));
        let expected = [
            Action::Execute { call: 1 },
            Action::StartFaaslet { function: f() },
            Action::JoinWarm { function: f() },
        ];
        assert_eq!(actions, expected);
    }

    #[test]
    fn a_warm_host_keeps_the_call_and_grows_under_load() {
        let mut scheduler = scheduler();
        scheduler.handle(hosts_found(1, &[], &[]));
        let expected = [
            Action::Execute { call: 2 },
            Action::StartFaaslet { function: f() },
            Action::LeaveWarm { function: f() },
            Action::LeaveAvailable,
        ];
        assert_eq!(scheduler.handle(arrived(2)), expected);
    }

    #[test]
    fn a_full_host_prefers_a_warm_host_to_an_available_one() {
        let actions = full().handle(hosts_found(3, &["warm"], &["cold"]));
        assert_eq!(actions, [Action::Forward { call: 3, host: "warm".into() }]);
        let actions = full().handle(hosts_found(3, &[], &["cold"]));
        assert_eq!(actions, [Action::Forward { call: 3, host: "cold".into() }]);
    }

    #[test]
    fn a_full_host_that_is_alone_queues_the_call() {
        let actions = full().handle(hosts_found(3, &["here"], &["here"]));
        assert_eq!(actions, [Action::Execute { call: 3 }]);
    }

    #[test]
    fn an_ended_call_makes_room_again() {
        let expected = [Action::JoinWarm { function: f() }, Action::JoinAvailable];
        assert_eq!(full().handle(Event::Ended { function: f() }), expected);
    }

    #[test]
    fn a_host_without_faaslets_is_no_longer_warm() {
        let mut scheduler = scheduler();
        scheduler.handle(hosts_found(1, &[], &[]));
        scheduler.handle(Event::Ended { function: f() });
        let actions = scheduler.handle(Event::Stopped { function: f() });
        assert_eq!(actions, [Action::LeaveWarm { function: f() }]);
        assert_eq!(scheduler.opinion(&f()), Opinion::Maybe);
    }

    #[test]
    fn an_awaiting_call_gives_its_place_to_a_queued_one() {
        let mut scheduler = full();
        scheduler.handle(hosts_found(3, &[], &[]));
        let actions = scheduler.handle(Event::Awaiting { function: f() });
        assert_eq!(actions, [Action::StartFaaslet { function: f() }]);
    }

    #[test]
    fn an_awaiting_call_starts_no_faaslet_for_an_empty_queue() {
        let mut scheduler = scheduler();
        scheduler.handle(hosts_found(1, &[], &[]));
        assert_eq!(scheduler.handle(Event::Awaiting { function: f() }), []);
        assert_eq!(scheduler.handle(Event::Resumed { function: f() }), []);
    }

    #[test]
    fn a_call_that_was_passed_on_too_often_stays() {
        let event = Event::Arrived { call: 3, function: f(), hops: LIMITS.max_hops };
        assert_eq!(full().handle(event), [Action::Execute { call: 3 }]);
    }

    #[test]
    fn a_local_only_host_asks_nobody() {
        let limits = Limits { local_only: true, ..LIMITS };
        let actions = Scheduler::new("here".into(), limits, 7).handle(arrived(1));
        assert_eq!(actions[0], Action::Execute { call: 1 });
    }

    #[test]
    fn functions_do_not_share_opinions_but_share_availability() {
        let mut scheduler = full();
        let other: Function = "u/g".parse().unwrap();
        assert_eq!(scheduler.opinion(&other), Opinion::Maybe);
        scheduler.handle(Event::Arrived { call: 9, function: other, hops: 3 });
        assert!(!scheduler.is_available());
    }

    #[test]
    fn equal_seeds_choose_equal_hosts_whatever_the_order_of_the_set() {
        let choose = |hosts: &[&str]| scheduler().handle(hosts_found(1, hosts, &[]));
        assert_eq!(choose(&["a", "b", "c"]), choose(&["c", "a", "b"]));
    }

    #[test]
    fn every_call_is_executed_forwarded_or_asked_about_once() {
        let mut scheduler = scheduler();
        for call in 0..50 {
            let mut actions = scheduler.handle(arrived(call));
            if matches!(actions[0], Action::FindHosts { .. }) {
                actions = scheduler.handle(hosts_found(call, &["there"], &[]));
            }
            let n_places = actions
                .iter()
                .filter(|action| matches!(action, Action::Execute { .. } | Action::Forward { .. }))
                .count();
            assert_eq!(n_places, 1);
        }
    }
}
