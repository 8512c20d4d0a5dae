//! What is said of devices that execute, shown beside arithmetic that knows no candle.

mod bed;
mod files;
mod forward;
mod naive;
mod served;
