//! The messages of ONNX's schema that hold a network; other fields are skipped.
//!
//! The numbers are those of `onnx/onnx.proto`, version 3 of the schema.

use prost::Message;

/// A file.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Model {
    #[prost(int64, tag = "1")]
    pub(super) ir_version: i64,
    #[prost(message, optional, tag = "7")]
    pub(super) graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    pub(super) opsets: Vec<Opset>,
}

/// The version of the operators of a domain.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Opset {
    /// Empty for ONNX's own.
    #[prost(string, tag = "1")]
    pub(super) domain: String,
    #[prost(int64, tag = "2")]
    pub(super) version: i64,
}

/// Nodes that read and make tensors, which are known by name.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Graph {
    /// Each after those whose tensors it reads.
    #[prost(message, repeated, tag = "1")]
    pub(super) nodes: Vec<Node>,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) initializers: Vec<Tensor>,
    /// Old files have the initializers here too.
    #[prost(message, repeated, tag = "11")]
    pub(super) inputs: Vec<Value>,
    #[prost(message, repeated, tag = "12")]
    pub(super) outputs: Vec<Value>,
}

/// One application of an operator.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    /// An input that is left out has an empty name.
    #[prost(string, repeated, tag = "1")]
    pub(super) inputs: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(super) outputs: Vec<String>,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(string, tag = "4")]
    pub(super) operator: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) attributes: Vec<Attribute>,
    #[prost(string, tag = "7")]
    pub(super) domain: String,
}

/// A parameter of a node, of one of these types.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Attribute {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(float, tag = "2")]
    pub(super) float: f32,
    #[prost(int64, tag = "3")]
    pub(super) int: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) string: Vec<u8>,
    #[prost(message, optional, tag = "5")]
    pub(super) tensor: Option<Tensor>,
    #[prost(int64, repeated, tag = "8")]
    pub(super) ints: Vec<i64>,
    /// Which of them: one of [`attribute_type`]'s.
    #[prost(int32, tag = "20")]
    pub(super) attribute_type: i32,
}

/// How the type of an attribute is written.
pub(super) mod attribute_type {
    pub(in crate::onnx) const INT: i32 = 2;
    pub(in crate::onnx) const INTS: i32 = 7;
}

/// Numbers with a shape, stored in one of these fields.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    pub(super) shape: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub(super) number_type: i32,
    #[prost(float, repeated, tag = "4")]
    pub(super) floats: Vec<f32>,
    #[prost(int64, repeated, tag = "7")]
    pub(super) int64s: Vec<i64>,
    #[prost(string, tag = "8")]
    pub(super) name: String,
    /// Little-endian; an empty one is absent.
    #[prost(bytes = "vec", tag = "9")]
    pub(super) raw: Vec<u8>,
    /// 1 if the numbers are in another file.
    #[prost(int32, tag = "14")]
    pub(super) location: i32,
}

/// How the type of a tensor's numbers is written.
pub(super) mod number_type {
    pub(in crate::onnx) const FLOAT: i32 = 1;
    pub(in crate::onnx) const INT64: i32 = 7;
}

/// An input or output of the graph.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, optional, tag = "2")]
    pub(super) value_type: Option<ValueType>,
}

/// What a value is; nothing, if no tensor.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ValueType {
    #[prost(message, optional, tag = "1")]
    pub(super) tensor: Option<TensorType>,
}

/// The type of a tensor.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorType {
    #[prost(int32, tag = "1")]
    pub(super) number_type: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) shape: Option<Shape>,
}

/// The sizes of a tensor.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Shape {
    #[prost(message, repeated, tag = "1")]
    pub(super) sizes: Vec<Size>,
}

/// A size; 0 is one that the file leaves open, such as how many images there are.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Size {
    #[prost(int64, tag = "1")]
    pub(super) size: i64,
}
