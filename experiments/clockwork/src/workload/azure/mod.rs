//! The replay of a day of Azure Functions: each function's invocations become requests
//! to a model (§6.5; `azure`, `azure_scalability_exp` and the four smaller ones of the original).
//!
//! The original draws a Poisson process for each function. All of them together are
//! one Poisson process of their total rate, of which each event is a function's with
//! that function's share of the rate: the same distribution, drawn without asking tens
//! of thousands of processes which is next. What differs is the generator, which is a
//! PCG for all instead of a `minstd_rand` per function, and with `randomise` that all
//! functions are shifted by the same random time, not each by its own below 2.2 s.

mod load;
mod minutes;
mod plan;
mod replay;
mod settings;

pub use load::LoadSteps;
pub use plan::Plan;
pub use replay::Azure;
pub use settings::{AzureSettings, Load};
