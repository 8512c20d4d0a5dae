//! What passes between processes: frames with a fixed head, a protobuf header and raw
//! bytes, as between the original's; and the two clocks of a connection.

mod client;
mod code;
mod frame;
mod message;
mod sync;
mod worker;

pub use client::{ClientReply, ClientRequest, Infer, Inferred, List, Listed, Load, Loaded};
pub use code::Coded;
pub use frame::{Frame, Head, MAX_BODY, MAX_HEADER, WireError, read_frame, write_frame};
pub use sync::ClockSync;
pub use worker::{
    ActionFailed, BatchTime, ClearCache, Evict, Evicted, GetState, Inference, InferenceDone,
    LoadFromDisk, LoadWeights, ModelReady, State, Times, WeightsLoaded, WorkerOrder, WorkerReply,
};
