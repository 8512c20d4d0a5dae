//! Between a client and the controller (`api/client_api.h` of the original).

use super::code::coded;

coded! {
    /// What a client asks.
    pub enum ClientRequest {
        /// An inference.
        2 => Infer,
        /// More model instances, while the controller is loading.
        3 => Load,
        /// What is served.
        5 => List,
    }
}

coded! {
    /// What the controller replies.
    pub enum ClientReply {
        /// To an inference.
        102 => Inferred,
        /// To a request for models.
        103 => Loaded,
        /// To a question.
        105 => Listed,
    }
}

/// One input to be classified; it is the body, or is left out.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Infer {
    /// Which of the client's users asks.
    #[prost(uint32, tag = "1")]
    pub user_id: u32,
    /// The client's number for it.
    #[prost(uint64, tag = "2")]
    pub request_id: u64,
    /// The model that is asked.
    #[prost(uint32, tag = "3")]
    pub model_id: u32,
    /// Inputs in the body: 1.
    #[prost(uint32, tag = "4")]
    pub batch_size: u32,
    /// The objective as a multiple of the model's execution time; 0 is the default.
    #[prost(float, tag = "5")]
    pub slo_factor: f32,
}

/// The answer; the output is the body, if there is one.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Inferred {
    /// The request's user.
    #[prost(uint32, tag = "1")]
    pub user_id: u32,
    /// The client's number for the request.
    #[prost(uint64, tag = "2")]
    pub request_id: u64,
    /// The model that was asked.
    #[prost(uint32, tag = "3")]
    pub model_id: u32,
    /// [`ClientStatus::code`](crate::message::ClientStatus::code).
    #[prost(uint32, tag = "4")]
    pub status: u32,
}

/// Copies of a variety that every worker must have in its memory.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Load {
    /// The variety, by which workers find its files.
    #[prost(string, tag = "1")]
    pub path: String,
    /// How many instances.
    #[prost(uint32, tag = "2")]
    pub n_copies: u32,
}

/// They are there, or why not.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Loaded {
    /// [`ClientStatus::code`](crate::message::ClientStatus::code).
    #[prost(uint32, tag = "1")]
    pub status: u32,
    /// What went wrong, for people.
    #[prost(string, tag = "2")]
    pub message: String,
    /// The first instance's number; the others follow.
    #[prost(uint32, tag = "3")]
    pub first_model_id: u32,
    /// The size of one input, in bytes.
    #[prost(uint64, tag = "4")]
    pub input_bytes: u64,
}

/// Asks what is served.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct List {}

/// What is served.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Listed {
    /// [`ClientStatus::Initializing`](crate::message::ClientStatus::Initializing) until
    /// inferences are accepted.
    #[prost(uint32, tag = "1")]
    pub status: u32,
    /// How many instances there are.
    #[prost(uint32, tag = "2")]
    pub n_models: u32,
}
