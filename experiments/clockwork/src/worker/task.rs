//! Actions that a GPU has not answered yet, in slots that are used again.

use crate::{message::Action, time::Nanos};

/// An action under way, with what is known of it so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    pub(super) action: Action,
    pub(super) received: Nanos,
    /// Of the weights, when they began to be copied or used.
    pub(super) version: u32,
    /// When its execution, or its work on weights, began.
    pub(super) begin: Nanos,
    /// When that ended.
    pub(super) end: Nanos,
    /// How long it kept the device busy.
    pub(super) duration: Nanos,
    pub(super) clock_before_mhz: u32,
    pub(super) clock_after_mhz: u32,
}

impl Task {
    pub(super) fn new(action: Action, received: Nanos) -> Self {
        Self {
            action,
            received,
            version: 0,
            begin: received,
            end: received,
            duration: 0,
            clock_before_mhz: 0,
            clock_after_mhz: 0,
        }
    }
}

/// The tasks, by their slots.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    slots: Vec<Task>,
    free: Vec<u32>,
}

impl Tasks {
    pub(super) fn insert(&mut self, task: Task) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = task;
            return slot;
        }
        self.slots.push(task);
        self.slots.len() as u32 - 1
    }

    pub(super) fn get(&mut self, slot: u32) -> &mut Task {
        &mut self.slots[slot as usize]
    }

    pub(super) fn remove(&mut self, slot: u32) -> Task {
        self.free.push(slot);
        self.slots[slot as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
