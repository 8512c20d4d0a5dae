//! The list of workloads and of their arguments.

use super::{
    build::{self, Build},
    words::{Argument, required},
};

/// A workload: its name, what it does, its arguments in groups, and how it is made.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) arguments: &'static [&'static [Argument]],
    pub(super) build: Build,
}

/// All of them, in the order of the help.
///
/// Where the original's help text and its code differ, they do what its code does:
/// `fill_memory` has 411 models (500 by the text), `single-spam` 100 (1), and trace 14
/// exists (13 are said to).
pub(super) const WORKLOADS: &[Entry] = &[
    Entry {
        name: "example",
        about: "one of each variety, each asked by five users: 5 requests a second at equal \
                intervals, 10 in a Poisson process, 10 in bursts of 10 s with pauses of 20 s, \
                a closed loop of one request, and one in bursts",
        arguments: &[],
        build: build::examples,
    },
    Entry {
        name: "fill_memory",
        about: "411 copies of resnet50_v2, more than a GPU holds: one is asked 1000 times a \
                second, ten 10 times, 400 once, in Poisson processes",
        arguments: &[],
        build: build::filling,
    },
    Entry {
        name: "spam",
        about: "100 copies of a model, each in a closed loop of 100 requests",
        arguments: &[&[required("model", "name", "the variety").or("resnet50_v2")]],
        build: build::spam,
    },
    Entry {
        name: "single-spam",
        about: "100 copies of resnet50_v2, each in a closed loop of 1000 requests",
        arguments: &[],
        build: build::single_spam,
    },
    Entry {
        name: "simple",
        about: "two copies of resnet50_v2, each in a closed loop of one request",
        arguments: &[],
        build: build::simple,
    },
    Entry {
        name: "simple-slo-factor",
        about: "three copies of resnet50_v2, each in a closed loop of one request, whose \
                objectives change every 10 s",
        arguments: &[],
        build: build::slo_factor,
    },
    Entry {
        name: "simple-parametric",
        about: "clients in closed loops, each with copies of resnet50_v2 of its own that it asks \
                in turn",
        arguments: &[&[
            required("models", "int", "copies, divided evenly among the clients"),
            required("clients", "int", "clients"),
            required("concurrency", "int", "requests that each client has under way"),
            required("requests", "int", "requests of each client after its first ones"),
        ]],
        build: build::parametric,
    },
    Entry {
        name: "poisson-open-loop",
        about: "Poisson processes to copies of resnet50_v2",
        arguments: &[&[
            required("num_models", "int", "copies"),
            required("rate", "float", "requests per second to all of them together"),
        ]],
        build: build::open_loops,
    },
    Entry {
        name: "scalability-exp-1",
        about: "Poisson processes to copies of resnet50_v2 at rates that grow step by step",
        arguments: &[&[
            required("num_models", "int", "copies"),
            required("rate_min", "float", "requests per second to all of them, at first"),
            required("rate_max", "float", "no rate is larger: it ends instead"),
            required("rate_factor", "float", "what is added to a rate, or multiplied with it"),
            required("rate_op", "add or mul", "which of the two"),
            required("period", "int", "seconds that each rate lasts"),
        ]],
        build: build::stepped,
    },
    Entry {
        name: "slo-exp-1",
        about: "objectives that are loosened step by step (Fig. 7)",
        arguments: &[FOREGROUND],
        build: build::slo_1,
    },
    Entry {
        name: "slo-exp-2",
        about: "the same beside closed loops of other copies, which begin after 10 s (Fig. 8)",
        arguments: &[FOREGROUND, BACKGROUND],
        build: build::slo_2,
    },
    Entry {
        name: "comparison_experiment",
        about: "Poisson processes to copies of resnet50_v2",
        arguments: &[&[
            required("num_models", "int", "copies").or("15"),
            required("rate", "float", "requests per second to all of them together").or("1000"),
        ]],
        build: build::open_loops,
    },
    Entry {
        name: "comparison_experiment2",
        about: "closed loops of copies of resnet50_v2 (Fig. 5)",
        arguments: &[&[
            required("num_models", "int", "copies").or("15"),
            required("concurrency", "int", "requests that each has under way").or("16"),
        ]],
        build: build::closed,
    },
    Entry {
        name: "azure",
        about: "a day of Azure Functions, replayed to copies of all varieties (Fig. 9 and 10)",
        arguments: &[&[
            required("num_workers", "int", "the load is chosen for so many; 8 is the trace's own")
                .or("1"),
            required("use_all_models", "0 or 1", "all varieties, or only resnet50_v2").or("1"),
            required(
                "load_factor",
                "float",
                "the load, 1 for what the workers are taken to manage",
            )
            .or("1.0"),
            MEMORY_LOAD_FACTOR.or("4"),
            required("interval", "int", "seconds that each minute of the trace lasts").or("60"),
            required("trace", "1 to 14", "which day").or("1"),
            required("randomise", "0 or 1", "begin at 12:15, not at midnight").or("0"),
        ]],
        build: build::azure,
    },
    Entry {
        name: "azure_scalability_exp",
        about: "the same at loads that are multiplied from time to time (Fig. 11)",
        arguments: &[&[
            required("num_workers", "int", "the load is chosen for so many"),
            required("load_factor_min", "float", "the first load"),
            required("load_factor_max", "float", "no load is larger: it ends instead"),
            required("load_factor_inc", "float", "what each is multiplied with"),
            required("period", "int", "seconds that each load lasts"),
            MEMORY_LOAD_FACTOR,
        ]],
        build: build::azure_scalability,
    },
    Entry {
        name: "azure_half",
        about: "the trace's own rate against 3100 copies, about as many of each variety",
        arguments: &[],
        build: build::azure_half,
    },
    Entry {
        name: "azure_small",
        about: "the trace's own rate against three copies of each variety, functions dealt to \
                them in turn",
        arguments: &[],
        build: build::azure_small,
    },
    Entry {
        name: "azure_single",
        about: "the busiest function against one resnet50_v2, in seconds instead of minutes",
        arguments: &[],
        build: build::azure_single,
    },
    Entry {
        name: "azure_fast",
        about: "azure_small in seconds instead of minutes, from 12:15 on",
        arguments: &[],
        build: build::azure_fast,
    },
    Entry {
        name: "bursty_experiment",
        about: "one resnet50_v2 asked 200 times a second, beside others asked 1000 times together, \
                of which there is one more every second after 300 s (Fig. 6)",
        arguments: &[&[required("num_models", "int", "the others").or("3600")]],
        build: build::bursty_models,
    },
];

const MEMORY_LOAD_FACTOR: Argument = required(
    "memory_load_factor",
    "1 to 4",
    "copies of each variety: 3, 13, 29 or 66, or 200, 800, 1800 or 3600 of resnet50_v2 alone",
);

const FOREGROUND: &[Argument] = &[
    required("model", "name", "the variety"),
    required("copies", "int", "copies"),
    required("dist", "poisson", "how requests arrive"),
    required("rate", "float", "requests per second to all of them together"),
    required("slo_start", "float", "the first objective, in execution times"),
    required("slo_end", "float", "no objective is larger: it ends instead"),
    required("slo_factor", "float", "what is added to an objective, or multiplied with it"),
    required("slo_op", "add or mul", "which of the two"),
    required("period", "int", "seconds that each objective holds"),
];

const BACKGROUND: &[Argument] = &[
    required("copies_bg", "int", "further copies"),
    required("concurrency_bg", "int", "requests that each has under way"),
    required("slo_bg", "float", "their objective; 0 is the controller's default"),
];
