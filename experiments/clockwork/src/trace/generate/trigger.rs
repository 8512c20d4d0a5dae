//! What invokes functions.

/// A group of triggers, as the data set has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// An HTTP request.
    Http,
    /// A message in a queue.
    Queue,
    /// Event Hub or Event Grid.
    Event,
    /// Another function, by Durable Functions.
    Orchestration,
    /// The time.
    Timer,
    /// A change in a store.
    Storage,
    /// All others.
    Others,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Trigger; 7] = [
        Self::Http,
        Self::Queue,
        Self::Event,
        Self::Orchestration,
        Self::Timer,
        Self::Storage,
        Self::Others,
    ];

    /// Its name in a day file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Queue => "queue",
            Self::Event => "event",
            Self::Orchestration => "orchestration",
            Self::Timer => "timer",
            Self::Storage => "storage",
            Self::Others => "others",
        }
    }

    /// The percentages of all functions, and of all invocations, that it has
    /// (Shahrad et al., Figure 2).
    #[must_use]
    pub fn published_percent(self) -> Percent {
        let (functions, invocations) = match self {
            Self::Http => (55.0, 35.9),
            Self::Queue => (15.2, 33.5),
            Self::Event => (2.2, 24.7),
            Self::Orchestration => (6.9, 2.3),
            Self::Timer => (15.6, 2.0),
            Self::Storage => (2.8, 0.7),
            Self::Others => (2.2, 1.0),
        };
        Percent { functions, invocations }
    }
}

/// The part of a whole that something has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percent {
    /// Of the functions.
    pub functions: f64,
    /// Of the invocations.
    pub invocations: f64,
}
