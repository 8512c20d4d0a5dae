//! How each workload is made of its words.

use anyhow::{Result, bail, ensure};

use super::{table::Parts, words::Words};
use crate::workload::{
    Azure, AzureSettings, Background, ClosedLoops, Foreground, Load, LoadSteps, SloSteps, Step,
    Workload, bursty, closed_loops, poisson_open_loops, slo_experiment,
};

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
    Ok(Box::new(Azure::new(&settings, parts.varieties, &(parts.day)(1)?)?))
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
    let by = words.number("slo_factor")? as f32;
    let step = match words.text("slo_op")? {
        "add" => Step::Add(by),
        "mul" if by > 1.0 => Step::Multiply(by),
        "mul" => bail!("objectives that are multiplied by {by} never end\n(hint: above 1)"),
        other => bail!("`slo_op` is `{other}`\n(hint: expected add or mul)"),
    };
    let slo = SloSteps {
        start: words.number("slo_start")? as f32,
        end: words.number("slo_end")? as f32,
        step,
        period: words.seconds("period")?,
    };
    Ok(Foreground { n_models: words.positive("copies")?, rate: words.number("rate")?, slo })
}
