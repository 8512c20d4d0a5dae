//! Each name makes its workload, and what is no workload is told.

use anyhow::Result;

use super::{Parts, by_name, help};
use crate::{
    trace::{Day, N_MINUTES},
    workload::Workload,
};

fn workload(words: &str) -> Result<Box<dyn Workload>> {
    let varieties: Vec<String> = (0..61).map(|nth| format!("variety{nth:02}")).collect();
    let day = |number: u8| {
        let mut day = Day::default();
        day.push(&[u32::from(number); N_MINUTES]);
        Ok(day)
    };
    let words: Vec<&str> = words.split_whitespace().collect();
    by_name(&words, &Parts { varieties: &varieties, day: &day, seed: 7 })
}

/// Its instances, when it first sends, and with which objective.
fn begins(words: &str) -> String {
    let mut workload = workload(words).unwrap();
    let instances = workload.instances();
    let (first, n) = (instances.varieties[0].clone(), instances.len());
    let sent = workload.send().unwrap();
    let (at_ms, slo) = (sent.at / 1_000_000, sent.request.slo_factor);
    format!("{n} instances, first {first:?}; at {at_ms} ms with {slo}")
}

#[track_caller]
fn complaint(words: &str) -> String {
    format!("{:#}", workload(words).err().expect("this is no workload"))
}

#[test]
fn each_workload_of_the_papers_figures_has_its_name() {
    insta::assert_snapshot!(begins("azure"), @r#"4026 instances, first ("variety00", 66); at 725167 ms with 0"#);
    insta::assert_snapshot!(begins("azure 8 0 1.0 2 1 14 1"), @r#"800 instances, first ("resnet50_v2", 800); at 1461 ms with 0"#);
    insta::assert_snapshot!(begins("azure_scalability_exp 40 0.1 4 1.5 60 4"), @r#"4026 instances, first ("variety00", 66); at 133907 ms with 0"#);
    insta::assert_snapshot!(begins("poisson-open-loop 3 100"), @r#"3 instances, first ("resnet50_v2", 3); at 23 ms with 0"#);
    insta::assert_snapshot!(begins("comparison_experiment"), @r#"15 instances, first ("resnet50_v2", 15); at 0 ms with 0"#);
    insta::assert_snapshot!(begins("comparison_experiment2"), @r#"15 instances, first ("resnet50_v2", 15); at 0 ms with 0"#);
    insta::assert_snapshot!(begins("bursty_experiment"), @r#"3601 instances, first ("resnet50_v2", 3601); at 17 ms with 0"#);
    insta::assert_snapshot!(begins("slo-exp-1 resnet50_v2 12 poisson 600 1 100 1.5 mul 30"), @r#"12 instances, first ("resnet50_v2", 12); at 0 ms with 1"#);
    insta::assert_snapshot!(
        begins("slo-exp-2 resnet50_v2 6 poisson 200 1 100 1.5 mul 30 12 16 0"), @r#"18 instances, first ("resnet50_v2", 18); at 1 ms with 1"#
    );
    insta::assert_snapshot!(
        begins("slo-exp-2 resnet50_v2 6 poisson 200 1 100 1.5 mul 30 0 0 0"), @r#"6 instances, first ("resnet50_v2", 6); at 1 ms with 1"#
    );
}

#[test]
fn each_of_the_originals_other_workloads_has_its_name() {
    insta::assert_snapshot!(begins("example"), @r#"61 instances, first ("variety00", 1); at 0 ms with 0"#);
    insta::assert_snapshot!(begins("fill_memory"), @r#"411 instances, first ("resnet50_v2", 411); at 1 ms with 0"#);
    insta::assert_snapshot!(begins("spam"), @r#"100 instances, first ("resnet50_v2", 100); at 0 ms with 0"#);
    insta::assert_snapshot!(begins("spam resnet18_v2"), @r#"100 instances, first ("resnet18_v2", 100); at 0 ms with 0"#);
    insta::assert_snapshot!(begins("single-spam"), @r#"100 instances, first ("resnet50_v2", 100); at 0 ms with 0"#);
    insta::assert_snapshot!(begins("simple"), @r#"2 instances, first ("resnet50_v2", 2); at 0 ms with 0"#);
    insta::assert_snapshot!(begins("simple-slo-factor"), @r#"3 instances, first ("resnet50_v2", 3); at 0 ms with 4"#);
    insta::assert_snapshot!(begins("simple-parametric 4 2 1 10"), @r#"4 instances, first ("resnet50_v2", 4); at 0 ms with 0"#);
    insta::assert_snapshot!(begins("scalability-exp-1 10 100 1000 100 add 10"), @r#"10 instances, first ("resnet50_v2", 10); at 1 ms with 0"#);
    insta::assert_snapshot!(begins("azure_half"), @r#"3100 instances, first ("variety00", 50); at 90645 ms with 0"#);
    insta::assert_snapshot!(begins("azure_small"), @r#"183 instances, first ("variety00", 3); at 90645 ms with 0"#);
    insta::assert_snapshot!(begins("azure_single"), @r#"1 instances, first ("resnet50_v2", 1); at 90645 ms with 0"#);
    insta::assert_snapshot!(begins("azure_fast"), @r#"183 instances, first ("variety00", 3); at 20465 ms with 0"#);
}

#[test]
fn the_help_has_every_workload_and_its_parameters() {
    insta::assert_snapshot!(help(), @r"
    Available workloads with parameters:
      example
          Description: one of each variety, each asked by five users: 5 requests a second at equal intervals, 10 in a Poisson process, 10 in bursts of 10 s with pauses of 20 s, a closed loop of one request, and one in bursts
      fill_memory
          Description: 411 copies of resnet50_v2, more than a GPU holds: one is asked 1000 times a second, ten 10 times, 400 once, in Poisson processes
      spam [model=resnet50_v2]
          Description: 100 copies of a model, each in a closed loop of 100 requests
          Workload parameters:
              model: (name, default resnet50_v2) the variety
      single-spam
          Description: 100 copies of resnet50_v2, each in a closed loop of 1000 requests
      simple
          Description: two copies of resnet50_v2, each in a closed loop of one request
      simple-slo-factor
          Description: three copies of resnet50_v2, each in a closed loop of one request, whose objectives change every 10 s
      simple-parametric <models> <clients> <concurrency> <requests>
          Description: clients in closed loops, each with copies of resnet50_v2 of its own that it asks in turn
          Workload parameters:
              models: (int) copies, divided evenly among the clients
              clients: (int) clients
              concurrency: (int) requests that each client has under way
              requests: (int) requests of each client after its first ones
      poisson-open-loop <num_models> <rate>
          Description: Poisson processes to copies of resnet50_v2
          Workload parameters:
              num_models: (int) copies
              rate: (float) requests per second to all of them together
      scalability-exp-1 <num_models> <rate_min> <rate_max> <rate_factor> <rate_op> <period>
          Description: Poisson processes to copies of resnet50_v2 at rates that grow step by step
          Workload parameters:
              num_models: (int) copies
              rate_min: (float) requests per second to all of them, at first
              rate_max: (float) no rate is larger: it ends instead
              rate_factor: (float) what is added to a rate, or multiplied with it
              rate_op: (add or mul) which of the two
              period: (int) seconds that each rate lasts
      slo-exp-1 <model> <copies> <dist> <rate> <slo_start> <slo_end> <slo_factor> <slo_op> <period>
          Description: objectives that are loosened step by step (Fig. 7)
          Workload parameters:
              model: (name) the variety
              copies: (int) copies
              dist: (poisson) how requests arrive
              rate: (float) requests per second to all of them together
              slo_start: (float) the first objective, in execution times
              slo_end: (float) no objective is larger: it ends instead
              slo_factor: (float) what is added to an objective, or multiplied with it
              slo_op: (add or mul) which of the two
              period: (int) seconds that each objective holds
      slo-exp-2 <model> <copies> <dist> <rate> <slo_start> <slo_end> <slo_factor> <slo_op> <period> <copies_bg> <concurrency_bg> <slo_bg>
          Description: the same beside closed loops of other copies, which begin after 10 s (Fig. 8)
          Workload parameters:
              model: (name) the variety
              copies: (int) copies
              dist: (poisson) how requests arrive
              rate: (float) requests per second to all of them together
              slo_start: (float) the first objective, in execution times
              slo_end: (float) no objective is larger: it ends instead
              slo_factor: (float) what is added to an objective, or multiplied with it
              slo_op: (add or mul) which of the two
              period: (int) seconds that each objective holds
              copies_bg: (int) further copies
              concurrency_bg: (int) requests that each has under way
              slo_bg: (float) their objective; 0 is the controller's default
      comparison_experiment [num_models=15] [rate=1000]
          Description: Poisson processes to copies of resnet50_v2
          Workload parameters:
              num_models: (int, default 15) copies
              rate: (float, default 1000) requests per second to all of them together
      comparison_experiment2 [num_models=15] [concurrency=16]
          Description: closed loops of copies of resnet50_v2 (Fig. 5)
          Workload parameters:
              num_models: (int, default 15) copies
              concurrency: (int, default 16) requests that each has under way
      azure [num_workers=1] [use_all_models=1] [load_factor=1.0] [memory_load_factor=4] [interval=60] [trace=1] [randomise=0]
          Description: a day of Azure Functions, replayed to copies of all varieties (Fig. 9 and 10)
          Workload parameters:
              num_workers: (int, default 1) the load is chosen for so many; 8 is the trace's own
              use_all_models: (0 or 1, default 1) all varieties, or only resnet50_v2
              load_factor: (float, default 1.0) the load, 1 for what the workers are taken to manage
              memory_load_factor: (1 to 4, default 4) copies of each variety: 3, 13, 29 or 66, or 200, 800, 1800 or 3600 of resnet50_v2 alone
              interval: (int, default 60) seconds that each minute of the trace lasts
              trace: (1 to 14, default 1) which day
              randomise: (0 or 1, default 0) begin at 12:15, not at midnight
      azure_scalability_exp <num_workers> <load_factor_min> <load_factor_max> <load_factor_inc> <period> <memory_load_factor>
          Description: the same at loads that are multiplied from time to time (Fig. 11)
          Workload parameters:
              num_workers: (int) the load is chosen for so many
              load_factor_min: (float) the first load
              load_factor_max: (float) no load is larger: it ends instead
              load_factor_inc: (float) what each is multiplied with
              period: (int) seconds that each load lasts
              memory_load_factor: (1 to 4) copies of each variety: 3, 13, 29 or 66, or 200, 800, 1800 or 3600 of resnet50_v2 alone
      azure_half
          Description: the trace's own rate against 3100 copies, about as many of each variety
      azure_small
          Description: the trace's own rate against three copies of each variety, functions dealt to them in turn
      azure_single
          Description: the busiest function against one resnet50_v2, in seconds instead of minutes
      azure_fast
          Description: azure_small in seconds instead of minutes, from 12:15 on
      bursty_experiment [num_models=3600]
          Description: one resnet50_v2 asked 200 times a second, beside others asked 1000 times together, of which there is one more every second after 300 s (Fig. 6)
          Workload parameters:
              num_models: (int, default 3600) the others
    ");
}

#[test]
fn a_name_that_is_nearly_one_is_told() {
    insta::assert_snapshot!(complaint("slo-exp1"), @r"
    no workload is called `slo-exp1`
    (hint: did you mean `slo-exp-1`?)
    ");
    insta::assert_snapshot!(complaint("scalability-exp-1 10 100 1000 0.5 mul 10"), @r"
    workload `scalability-exp-1`: what is multiplied by 0.5 never ends
    (hint: above 1)
    ");
    insta::assert_snapshot!(complaint("scalability-exp-1 10 100 1000 2 div 10"), @r"
    workload `scalability-exp-1`: `rate_op` is `div`
    (hint: expected add or mul)
    ");
    insta::assert_snapshot!(complaint("simple-parametric 4 0 1 10"), @r"
    workload `simple-parametric`: `clients` is `0`
    (hint: expected an integer above 0)
    ");
    insta::assert_snapshot!(complaint("simple 4"), @r"
    `simple` takes no `4`
    (hint: simple)
    ");
}

#[test]
fn what_is_no_workload_is_told() {
    insta::assert_snapshot!(complaint("azur"), @r"
    no workload is called `azur`
    (hint: did you mean `azure`?)
    ");
    insta::assert_snapshot!(complaint("poisson-open-loop 3"), @r"
    workload `poisson-open-loop`: `rate` is missing
    (hint: poisson-open-loop <num_models> <rate>)
    ");
    insta::assert_snapshot!(complaint("comparison_experiment 3 4 5"), @r"
    `comparison_experiment` takes no `5`
    (hint: comparison_experiment [num_models=15] [rate=1000])
    ");
    insta::assert_snapshot!(complaint("comparison_experiment 0"), @r"
    workload `comparison_experiment`: `num_models` is `0`
    (hint: expected an integer above 0)
    ");
    insta::assert_snapshot!(complaint("comparison_experiment 3 fast"), @r"
    workload `comparison_experiment`: `rate` is `fast`
    (hint: expected a number)
    ");
    insta::assert_snapshot!(complaint("azure 8 yes"), @r"
    workload `azure`: `use_all_models` is `yes`
    (hint: expected 0 or 1)
    ");
    insta::assert_snapshot!(complaint("slo-exp-1 a 1 poisson 1 1 100 1.0 mul 30"), @r"
    workload `slo-exp-1`: what is multiplied by 1 never ends
    (hint: above 1)
    ");
    insta::assert_snapshot!(complaint("slo-exp-2 a 1 poisson 1 1 100 1.5 mul 30 1 1 nan"), @r"
    workload `slo-exp-2`: `slo_bg` is NaN
    (hint: expected a number from 0 on)
    ");
}
