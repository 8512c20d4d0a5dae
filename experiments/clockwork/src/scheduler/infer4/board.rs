//! A model's strategies, each written down once for all GPUs that have the model.
//!
//! A GPU tries strategies in their order, and none twice. As those of later requests
//! nearly always come later in it, those of one batch size are a sequence to which is
//! only added, and what a GPU has tried of it is all before a place.

use std::collections::VecDeque;

use super::strategy::{Offer, Strategy};
use crate::{
    message::{GpuId, ModelId},
    scheduler::{model::Model, queue::Queue},
    time::Nanos,
};

/// The strategies of one model, and how far each GPU has come with them.
#[derive(Debug)]
pub(super) struct Board {
    model: ModelId,
    /// One for each of the model's batches.
    columns: Vec<Column>,
    /// Of each GPU, by its number; none before any has read.
    readers: Vec<Reader>,
    /// Where each GPU is in each column.
    places: Vec<u64>,
    n_readers: usize,
}

/// A GPU that has the model, or had it.
#[derive(Debug, Clone, Copy, Default)]
struct Reader {
    is_open: bool,
    /// Nothing that it has not tried comes before. Nothing if it has tried all.
    next: Option<Strategy>,
}

/// The strategies of one batch size, in order. They are numbered without gaps.
#[derive(Debug, Default)]
struct Column {
    first: u64,
    posts: VecDeque<Post>,
}

/// What is particular to a strategy within its column, in the order of strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Post {
    begin_by: Nanos,
    deadline: Nanos,
    request: u64,
}

impl Board {
    pub(super) fn new(model: ModelId, n_batches: usize) -> Self {
        let columns = (0..n_batches).map(|_| Column::default()).collect();
        Self { model, columns, readers: Vec::new(), places: Vec::new(), n_readers: 0 }
    }

    /// Writes down how a request could be executed, for all GPUs that read. Strategies
    /// that come before what is written already are put into `others` instead.
    /// Returns the first of those that are written down.
    pub(super) fn post(
        &mut self,
        offer: Offer,
        served: &Model,
        clock_mhz: u32,
        others: &mut Vec<Strategy>,
    ) -> Option<Strategy> {
        if self.n_readers == 0 {
            return None;
        }
        let mut first = None;
        for strategy in offer.strategies(served, clock_mhz) {
            let column = &mut self.columns[strategy.batch];
            column.forget(&served.queue);
            if column.add(Post::of(strategy)) {
                first = Some(first.map_or(strategy, |first: Strategy| first.min(strategy)));
            } else {
                others.push(strategy);
            }
        }
        first
    }

    /// Lets a GPU read what is written from now on.
    pub(super) fn open(&mut self, gpu: GpuId, n_gpus: usize) {
        if self.readers.is_empty() {
            self.readers = vec![Reader::default(); n_gpus];
            self.places = vec![0; n_gpus * self.columns.len()];
        }
        self.readers[gpu.index()] = Reader { is_open: true, next: None };
        self.n_readers += 1;
        let places = self.places.chunks_mut(self.columns.len()).nth(gpu.index());
        for (place, column) in places.into_iter().flatten().zip(&self.columns) {
            *place = column.end();
        }
    }

    /// Lets a GPU read no more, if it did.
    pub(super) fn shut(&mut self, gpu: GpuId) {
        if let Some(reader) = self.readers.get_mut(gpu.index()) {
            self.n_readers -= usize::from(reader.is_open);
            *reader = Reader::default();
        }
    }

    /// Lets a GPU read no more, and returns what it has not tried of those that wait.
    pub(super) fn close(&mut self, gpu: GpuId, queue: &Queue) -> Vec<Strategy> {
        self.shut(gpu);
        let places = &self.places[gpu.index() * self.columns.len()..];
        let columns = self.columns.iter().zip(places).enumerate();
        let model = self.model;
        let untried = columns.flat_map(|(batch, (column, place))| {
            column.from(*place).map(move |post| post.strategy(model, batch))
        });
        untried.filter(|strategy| queue.get(strategy.request).is_some()).collect()
    }

    /// Whether a GPU reads.
    pub(super) fn is_open(&self, gpu: GpuId) -> bool {
        self.readers.get(gpu.index()).is_some_and(|reader| reader.is_open)
    }

    /// Tells a GPU of what was written; says whether it comes before all that it has
    /// not tried.
    pub(super) fn notice(&mut self, gpu: GpuId, first: Strategy) -> bool {
        let next = &mut self.readers[gpu.index()].next;
        let is_before = next.is_none_or(|next| first < next);
        if is_before {
            *next = Some(first);
        }
        is_before
    }

    /// Counts a strategy as tried, if it is what the GPU should try next, and returns
    /// what it should try then, of those that wait. Nothing if it should try another.
    pub(super) fn pass(
        &mut self,
        gpu: GpuId,
        strategy: &Strategy,
        queue: &Queue,
    ) -> Option<Strategy> {
        let reader = &mut self.readers[gpu.index()];
        if reader.next.as_ref() != Some(strategy) {
            return None;
        }
        let n_columns = self.columns.len();
        let places = &mut self.places[gpu.index() * n_columns..][..n_columns];
        places[strategy.batch] += 1;
        let columns = self.columns.iter().zip(places).enumerate();
        let firsts = columns.filter_map(|(batch, (column, place))| {
            Some(column.first_waiting(place, queue)?.strategy(self.model, batch))
        });
        reader.next = firsts.min();
        reader.next
    }
}

impl Column {
    /// Adds it, unless it comes before the last.
    fn add(&mut self, post: Post) -> bool {
        let is_last = self.posts.back().is_none_or(|last| *last <= post);
        if is_last {
            self.posts.push_back(post);
        }
        is_last
    }

    fn end(&self) -> u64 {
        self.first + self.posts.len() as u64
    }

    fn from(&self, place: u64) -> impl Iterator<Item = &Post> {
        self.posts.iter().skip(place.saturating_sub(self.first) as usize)
    }

    /// Drops the first ones if they do not wait any more.
    fn forget(&mut self, queue: &Queue) {
        while let Some(post) = self.posts.front()
            && queue.get(post.request).is_none()
        {
            self.posts.pop_front();
            self.first += 1;
        }
    }

    /// The first from a place on that waits; moves the place there.
    fn first_waiting(&self, place: &mut u64, queue: &Queue) -> Option<Post> {
        *place = self.first.max(*place);
        loop {
            let post = self.posts.get((*place - self.first) as usize)?;
            if queue.get(post.request).is_some() {
                return Some(*post);
            }
            *place += 1;
        }
    }
}

impl Post {
    fn of(strategy: Strategy) -> Self {
        let Strategy { begin_by, deadline, request, .. } = strategy;
        Self { begin_by, deadline, request }
    }

    fn strategy(self, model: ModelId, batch: usize) -> Strategy {
        let Self { begin_by, deadline, request } = self;
        Strategy { begin_by, deadline, model, request, batch }
    }
}
