//! The baselines: policies that promise nothing. Whoever asks is answered when it is
//! its turn, however late; no deadline is looked at, no time estimated, nothing given
//! up, and actions may begin whenever they can.
//!
//! `fifo` executes requests in the order of their arrival, in batches, on whichever GPU
//! has their model or is free to load it.
//!
//! `adaptive` is as Clipper (Crankshaw et al., NSDI 2017) in this: each model has a
//! place of its own, chosen beforehand; its batches are limited by how long they take,
//! by additive increase and multiplicative decrease (§4.3.1 there); and nobody knows of
//! what the other GPUs do. Not kept are Clipper's cache of predictions, its delay of
//! small batches, its selection among models, and its containers, which hold the GPU's
//! memory for ever: here more models are served than fit, so weights are loaded when
//! they are asked for, the least recently used making room.

mod engine;
mod executing;
mod limit;
mod loading;
mod loss;
#[cfg(test)]
mod tests;

pub(super) use engine::BestEffort;
