//! Between the controller and a worker (`api/worker_api.h` of the original). Times are
//! in nanoseconds, on the controller's clock in orders and on the worker's in replies.

use super::code::coded;

coded! {
    /// What the controller tells a worker.
    pub enum WorkerOrder {
        /// To bring models into its memory.
        1 => LoadFromDisk,
        /// To copy weights to a GPU.
        2 => LoadWeights,
        /// To execute a batch.
        3 => Inference,
        /// To free the pages of weights.
        4 => Evict,
        /// To free all pages.
        5 => ClearCache,
        /// To say what it has.
        6 => GetState,
    }
}

coded! {
    /// What a worker replies. To free all pages it replies with what it has.
    pub enum WorkerReply {
        /// An order failed.
        100 => ActionFailed,
        /// Models are in memory.
        101 => ModelReady,
        /// Weights are on a GPU.
        102 => WeightsLoaded,
        /// A batch was executed; the outputs are the body.
        103 => InferenceDone,
        /// Pages are free.
        104 => Evicted,
        /// What it has.
        106 => State,
    }
}

/// To bring copies of a variety into the host's memory.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LoadFromDisk {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// The first instance's number; the others follow.
    #[prost(uint32, tag = "2")]
    pub first_model_id: u32,
    /// The variety.
    #[prost(string, tag = "3")]
    pub path: String,
    /// How many instances.
    #[prost(uint32, tag = "4")]
    pub n_copies: u32,
}

/// To copy weights to a GPU within a window.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct LoadWeights {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// The model.
    #[prost(uint32, tag = "2")]
    pub model_id: u32,
    /// The GPU, counted within the worker.
    #[prost(uint32, tag = "3")]
    pub gpu_id: u32,
    /// Not before.
    #[prost(uint64, tag = "4")]
    pub earliest: u64,
    /// It must not begin after.
    #[prost(uint64, tag = "5")]
    pub latest: u64,
    /// How long it is expected to take.
    #[prost(uint64, tag = "6")]
    pub expected_duration: u64,
}

/// To execute a batch within a window. The inputs are the body, one after another; a
/// worker makes those that are left out.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Inference {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// The model.
    #[prost(uint32, tag = "2")]
    pub model_id: u32,
    /// The GPU, counted within the worker.
    #[prost(uint32, tag = "3")]
    pub gpu_id: u32,
    /// Not before.
    #[prost(uint64, tag = "4")]
    pub earliest: u64,
    /// It must not begin after.
    #[prost(uint64, tag = "5")]
    pub latest: u64,
    /// How long it is expected to take.
    #[prost(uint64, tag = "6")]
    pub expected_duration: u64,
    /// Inputs.
    #[prost(uint32, tag = "7")]
    pub batch_size: u32,
}

/// To free the pages of a model's weights.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Evict {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// The model.
    #[prost(uint32, tag = "2")]
    pub model_id: u32,
    /// The GPU, counted within the worker.
    #[prost(uint32, tag = "3")]
    pub gpu_id: u32,
}

/// To free all pages of all GPUs.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct ClearCache {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
}

/// To say what it has; also what keeps both clocks known to each other.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct GetState {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
}

/// An order failed.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ActionFailed {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// [`ActionStatus::code`](crate::message::ActionStatus::code).
    #[prost(uint32, tag = "2")]
    pub status: u32,
    /// What went wrong, for people.
    #[prost(string, tag = "3")]
    pub message: String,
    /// When the worker got the order.
    #[prost(uint64, tag = "4")]
    pub received: u64,
    /// When the worker sent this.
    #[prost(uint64, tag = "5")]
    pub sent: u64,
}

/// Models are in the host's memory: their sizes, and their times as measured.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ModelReady {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// The size of one input, in bytes.
    #[prost(uint64, tag = "2")]
    pub input_bytes: u64,
    /// The size of one output, in bytes.
    #[prost(uint64, tag = "3")]
    pub output_bytes: u64,
    /// Pages of the weights.
    #[prost(uint32, tag = "4")]
    pub n_pages: u32,
    /// How long the weights take to a GPU.
    #[prost(uint64, tag = "5")]
    pub load: u64,
    /// How long batches take, by batch size, ascending.
    #[prost(message, repeated, tag = "6")]
    pub exec: Vec<BatchTime>,
}

/// How long a batch takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct BatchTime {
    /// Inputs.
    #[prost(uint32, tag = "1")]
    pub batch_size: u32,
    /// The execution.
    #[prost(uint64, tag = "2")]
    pub duration: u64,
}

/// When an order was carried out.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Times {
    /// When the worker got the order.
    #[prost(uint64, tag = "1")]
    pub received: u64,
    /// When the worker sent this.
    #[prost(uint64, tag = "2")]
    pub sent: u64,
    /// When the execution, or the copy of weights, began.
    #[prost(uint64, tag = "3")]
    pub begin: u64,
    /// When it ended.
    #[prost(uint64, tag = "4")]
    pub end: u64,
    /// How long the device was busy with it.
    #[prost(uint64, tag = "5")]
    pub duration: u64,
    /// When the outputs were in the host's memory.
    #[prost(uint64, tag = "6")]
    pub copy_output_end: u64,
    /// The GPU's clock before, in MHz.
    #[prost(uint32, tag = "7")]
    pub clock_before_mhz: u32,
    /// The GPU's clock after, in MHz.
    #[prost(uint32, tag = "8")]
    pub clock_after_mhz: u32,
}

/// Weights are on a GPU.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct WeightsLoaded {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// When.
    #[prost(message, required, tag = "2")]
    pub times: Times,
}

/// A batch was executed.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct InferenceDone {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// When.
    #[prost(message, required, tag = "2")]
    pub times: Times,
}

/// Pages are free.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Evicted {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// When.
    #[prost(message, required, tag = "2")]
    pub times: Times,
}

/// What a worker has.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct State {
    /// The order's number.
    #[prost(uint64, tag = "1")]
    pub id: u64,
    /// GPUs.
    #[prost(uint32, tag = "2")]
    pub n_gpus: u32,
    /// The size of a page, in bytes.
    #[prost(uint64, tag = "3")]
    pub page_bytes: u64,
    /// Pages for weights on each GPU.
    #[prost(uint32, tag = "4")]
    pub n_pages: u32,
    /// Model instances in the host's memory.
    #[prost(uint32, tag = "5")]
    pub n_models: u32,
}
