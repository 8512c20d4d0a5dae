//! Workloads: which requests clients send, and when.

mod alias;
mod arrival;
mod azure;
mod bursty;
mod by_name;
mod instances;
mod poisson;
mod population;
mod slo;

pub use arrival::{Arrival, Workload};
pub use azure::{Azure, AzureSettings, Load, LoadSteps};
pub use bursty::bursty;
pub use by_name::{Parts, by_name};
pub use instances::Instances;
pub use population::{ClosedLoops, Population, closed_loops, poisson_open_loops};
pub use slo::{Background, Foreground, SloSteps, Step, slo_experiment};
