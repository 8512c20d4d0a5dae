//! Workloads: which requests clients send, and when.

mod alias;
mod arrival;
mod azure;
mod bursty;
mod by_name;
mod instances;
mod pace;
mod poisson;
mod population;
mod pressure;
mod simple;
mod slo;
mod steps;

pub use arrival::{Arrival, Workload};
pub use azure::{Azure, AzureSettings, Load, LoadSteps, Plan};
pub use bursty::{BURSTY_LEAD_IN, bursty};
pub use by_name::{Parts, by_name, help};
pub use instances::Instances;
pub use population::{ClosedLoops, Population, closed_loops, poisson_open_loops};
pub use pressure::{example, fill_memory, stepped_open_loops};
pub use simple::{Clients, simple_parametric, simple_slo_factor};
pub use slo::{BACKGROUND_DELAY, Background, Foreground, slo_experiment};
pub use steps::{Step, Steps};
