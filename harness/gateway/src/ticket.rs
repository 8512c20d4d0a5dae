//! A request's place in its service, and the record of what became of it.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::{
    core::RequestId,
    record::RequestRecord,
    service::{Assignment, Service},
};

/// A request's place in its service; the place is free when this is dropped.
pub(crate) struct Ticket {
    service: Arc<Service>,
    record: RequestRecord,
}

impl Ticket {
    /// The place of a request that has just come in.
    pub(crate) fn new(service: Arc<Service>, request: RequestId, arrived_us: u64) -> Self {
        let record = RequestRecord {
            service: service.host().to_owned(),
            request,
            arrived_us,
            dispatched_us: None,
            done_us: 0,
            replica: None,
            cold: false,
            status: None,
        };
        Self { service, record }
    }

    /// The request.
    pub(crate) fn request(&self) -> RequestId {
        self.record.request
    }

    /// Notes where the request goes.
    pub(crate) fn assigned(&mut self, assignment: &Assignment) {
        self.record.dispatched_us = Some(self.service.now_us());
        self.record.replica = Some(assignment.replica);
        self.record.cold = assignment.cold;
    }

    /// Notes what the request was answered with.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.record.status = Some(status.as_u16());
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.service.leave(self.record.request);
        self.record.done_us = self.service.now_us();
        self.service.observer().request(&self.record);
    }
}
