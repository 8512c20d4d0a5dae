//! How each workload is made of its words.

use anyhow::{Result, bail, ensure};

use super::{find::Parts, words::Words};
use crate::workload::{
    Azure, AzureSettings, Background, Clients, ClosedLoops, Foreground, Load, LoadSteps, Plan,
    Step, Steps, Workload, bursty, closed_loops, example, fill_memory, poisson_open_loops,
    simple_parametric, simple_slo_factor, slo_experiment, stepped_open_loops,
};

/// Makes a workload of its words.
pub(super) type Build = fn(&Words<'_>, &Parts<'_>) -> Result<Box<dyn Workload>>;

/// The trace of the workloads that do not ask for another.
const DAY: u8 = 1;

/// The variety of all workloads that do not ask for another.
const VARIETY: &str = "resnet50_v2";

pub(super) fn azure(words: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let settings = AzureSettings {
        num_workers: words.positive("num_workers")?,
        use_all_models: words.flag("use_all_models")?,
        load: Load::Fixed(words.number("load_factor")?),
        memory_load_factor: words.get("memory_load_factor", "1, 2, 3 or 4")?,
        interval: words.seconds("interval")?,
        randomise: words.flag("randomise")?,
        seed: parts.seed,
    };
    let day = (parts.day)(words.get("trace", "a day, 1 to 14")?)?;
    Ok(Box::new(Azure::new(&settings, parts.varieties, &day)?))
}

pub(super) fn azure_scalability(words: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let steps = LoadSteps {
        start: words.number("load_factor_min")?,
        end: words.number("load_factor_max")?,
        factor: words.number("load_factor_inc")?,
        period: words.seconds("period")?,
    };
    let settings = AzureSettings {
        num_workers: words.positive("num_workers")?,
        load: Load::Steps(steps),
        memory_load_factor: words.get("memory_load_factor", "1, 2, 3 or 4")?,
        seed: parts.seed,
        ..AzureSettings::ORIGINAL
    };
    Ok(Box::new(Azure::new(&settings, parts.varieties, &(parts.day)(DAY)?)?))
}

pub(super) fn open_loops(words: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let (n_models, rate) = (words.positive("num_models")?, words.number("rate")?);
    Ok(Box::new(poisson_open_loops(VARIETY, n_models, rate, parts.seed)))
}

pub(super) fn closed(words: &Words<'_>, _: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let (n_models, concurrency) = (words.positive("num_models")?, words.positive("concurrency")?);
    Ok(Box::new(closed_loops(VARIETY, ClosedLoops { n_models, concurrency })))
}

pub(super) fn bursty_models(words: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    Ok(Box::new(bursty(VARIETY, words.positive("num_models")?, parts.seed)))
}

pub(super) fn slo_1(words: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    Ok(Box::new(slo_experiment(words.text("model")?, foreground(words)?, None, parts.seed)))
}

pub(super) fn slo_2(words: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let background = Background {
        n_models: words.get("copies_bg", "an integer")?,
        concurrency: words.get("concurrency_bg", "an integer")?,
        slo_factor: words.factor("slo_bg")?,
    };
    let (variety, foreground) = (words.text("model")?, foreground(words)?);
    Ok(Box::new(slo_experiment(variety, foreground, Some(background), parts.seed)))
}

fn foreground(words: &Words<'_>) -> Result<Foreground> {
    let distribution = words.text("dist")?;
    ensure!(
        distribution == "poisson",
        "`dist` is `{distribution}`\n(hint: expected poisson, the one of the published runs)"
    );
    let slo = Steps {
        start: words.number("slo_start")?,
        end: words.number("slo_end")?,
        step: step(words, "slo_factor", "slo_op")?,
        period: words.seconds("period")?,
    };
    Ok(Foreground { n_models: words.positive("copies")?, rate: words.number("rate")?, slo })
}

fn step(words: &Words<'_>, by: &str, operator: &str) -> Result<Step> {
    let by = words.number(by)?;
    match words.text(operator)? {
        "add" => Ok(Step::Add(by)),
        "mul" if by > 1.0 => Ok(Step::Multiply(by)),
        "mul" => bail!("what is multiplied by {by} never ends\n(hint: above 1)"),
        other => bail!("`{operator}` is `{other}`\n(hint: expected add or mul)"),
    }
}

pub(super) fn stepped(words: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let rates = Steps {
        start: words.number("rate_min")?,
        end: words.number("rate_max")?,
        step: step(words, "rate_factor", "rate_op")?,
        period: words.seconds("period")?,
    };
    Ok(Box::new(stepped_open_loops(VARIETY, words.positive("num_models")?, rates, parts.seed)))
}

pub(super) fn azure_half(_: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    planned(Plan::half(parts.varieties, parts.seed), parts)
}

pub(super) fn azure_small(_: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    planned(Plan::small(parts.varieties, parts.seed), parts)
}

pub(super) fn azure_single(_: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    planned(Plan::single(VARIETY, parts.seed), parts)
}

pub(super) fn azure_fast(_: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    planned(Plan::fast(parts.varieties, parts.seed), parts)
}

fn planned(plan: Plan, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    Ok(Box::new(Azure::replay(plan, &(parts.day)(DAY)?)?))
}

pub(super) fn simple(_: &Words<'_>, _: &Parts<'_>) -> Result<Box<dyn Workload>> {
    Ok(Box::new(closed_loops(VARIETY, ClosedLoops { n_models: 2, concurrency: 1 })))
}

pub(super) fn slo_factor(_: &Words<'_>, _: &Parts<'_>) -> Result<Box<dyn Workload>> {
    Ok(Box::new(simple_slo_factor(VARIETY)))
}

pub(super) fn parametric(words: &Words<'_>, _: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let clients = Clients {
        n_models: words.positive("models")?,
        n_clients: words.positive("clients")?,
        concurrency: words.positive("concurrency")?,
        n_requests: words.positive("requests")?,
    };
    Ok(Box::new(simple_parametric(VARIETY, clients)))
}

pub(super) fn examples(_: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    Ok(Box::new(example(parts.varieties, parts.seed)))
}

pub(super) fn filling(_: &Words<'_>, parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    Ok(Box::new(fill_memory(VARIETY, parts.seed)))
}

pub(super) fn spam(words: &Words<'_>, _: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let loops = ClosedLoops { n_models: 100, concurrency: 100 };
    Ok(Box::new(closed_loops(words.text("model")?, loops)))
}

pub(super) fn single_spam(_: &Words<'_>, _: &Parts<'_>) -> Result<Box<dyn Workload>> {
    Ok(Box::new(closed_loops(VARIETY, ClosedLoops { n_models: 100, concurrency: 1000 })))
}
