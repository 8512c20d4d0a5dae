//! A multiplication: the call, and its result checked.

use std::path::Path;

use anyhow::Context as _;
use bytes::Bytes;
use hyper::Method;
use serde::{Deserialize, Serialize};

use super::call::{Watch, call, flush, n_executed};
use crate::{
    http::{HttpClient, Origin},
    matrices::{Checked, check},
    message::{Function, Invocation},
};

/// The state in which the guest leaves the product, row by row in floats.
const RESULT: &str = "result_matrix";

/// What to multiply with, and how closely to watch.
#[derive(Debug, Clone)]
pub struct Multiplication {
    /// The function.
    pub function: Function,
    /// The seed of the call.
    pub seed: u64,
    /// How closely to watch it.
    pub watch: Watch,
    /// The processes that host functions, whose executions are counted.
    pub counted: Vec<Origin>,
}

/// What a run measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultiplicationRun {
    /// From the call to the poll that found it done.
    pub duration_s: f64,
    /// Executions of the function that it took.
    pub n_executed: u64,
    /// How the product compares with one computed otherwise.
    pub checked: Checked,
}

/// Multiplies the matrices that were uploaded from `data`, on local state that
/// is cleared first. The first of `targets` gets the call; `upload` has the
/// result, which is checked after the time was taken.
///
/// # Errors
/// If a target does not answer, the call fails or takes too long, or the
/// product is wrong.
pub async fn multiply(
    client: &HttpClient,
    targets: &[Origin],
    upload: &Origin,
    data: &Path,
    multiplication: &Multiplication,
) -> anyhow::Result<MultiplicationRun> {
    let target = targets.first().context("there is no target to multiply on")?;
    flush(client, targets).await?;
    let Multiplication { function, seed, watch, counted } = multiplication;
    let invocation = Invocation {
        function: function.clone(),
        index: 0,
        input: vec![],
        is_async: true,
        id: None,
        seed: *seed,
        cold_start_interval: None,
    };
    let before = n_executed(client, counted).await?;
    let answered = call(client, target, invocation, *watch).await?;
    let n_executed = n_executed(client, counted).await? - before;
    let path = format!("/s/{}/{RESULT}", function.user);
    let product = client.send(Method::GET, upload, &path, Bytes::new()).await?.success()?;
    let data = data.to_owned();
    let checked = tokio::task::spawn_blocking(move || check(&data, &product)).await??;
    Ok(MultiplicationRun { duration_s: answered.took_s, n_executed, checked })
}
