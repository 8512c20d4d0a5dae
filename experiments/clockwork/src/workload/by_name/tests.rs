//! Each name makes its workload, and what is no workload is told.

use anyhow::Result;

use super::{Parts, by_name};
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
fn what_is_no_workload_is_told() {
    insta::assert_snapshot!(complaint("azur"), @r"
    no workload is called `azur`
    (hint: expected one of azure, azure_scalability_exp, poisson-open-loop, comparison_experiment, comparison_experiment2, bursty_experiment, slo-exp-1, slo-exp-2)
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
    workload `slo-exp-1`: objectives that are multiplied by 1 never end
    (hint: above 1)
    ");
    insta::assert_snapshot!(complaint("slo-exp-2 a 1 poisson 1 1 100 1.5 mul 30 1 1 nan"), @r"
    workload `slo-exp-2`: `slo_bg` is NaN
    (hint: expected a number from 0 on)
    ");
}
