//! The memory of a generator does not grow with the number of requests.
//!
//! Its own binary, because it counts every allocation of its process.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use load::{
    client::{Answer, Client, Failure},
    engine::{Load, Pace, WarmUpLength, generate},
    schedule::Think,
    validity::Sources,
};

/// Counts the bytes that are in use.
struct Counting;

static LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Answers at once, and keeps the most bytes in use in each second.
struct Watching {
    started: Instant,
    most_bytes: Arc<Mutex<Vec<usize>>>,
    n_sent: u64,
}

impl Client for Watching {
    async fn prepare(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    async fn send(&mut self, index: u64) -> Answer<'_> {
        self.n_sent += 1;
        if self.n_sent.is_multiple_of(1_000) {
            let second = self.started.elapsed().as_secs() as usize;
            let mut most_bytes = self.most_bytes.lock().expect("nobody panics with it");
            if let Some(most) = most_bytes.get_mut(second) {
                *most = (*most).max(LIVE_BYTES.load(Ordering::Relaxed));
            }
        }
        let label = ["cold", "warm"][index as usize % 2];
        Answer { outcome: Ok(()), label: Some(label) }
    }

    fn reset(&mut self) {}

    fn n_reconnects(&self) -> u64 {
        0
    }
}

const N_SECONDS: usize = 7;

#[test]
fn memory_does_not_grow_over_millions_of_requests() {
    let most_bytes = Arc::new(Mutex::new(vec![0; N_SECONDS]));
    let load = Load {
        pace: Pace::Closed { connections: 2, think: Think::None },
        duration: Some(Duration::from_secs(N_SECONDS as u64)),
        warm_up: WarmUpLength::Requests(0),
        timeout: Duration::from_secs(1),
        threads: 1,
        seed: 0,
    };
    let dir = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let client = |_| Watching { started, most_bytes: Arc::clone(&most_bytes), n_sent: 0 };
    let log = dir.path().join("latency.hlog");
    let run = generate(&load, client, Some(&log), &Sources::default()).unwrap();

    let most_bytes = most_bytes.lock().unwrap();
    // Three seconds, until as many tallies exist as are ever on the way.
    let (early, late) = most_bytes.split_at(3);
    let (early, late) = (early.iter().max().unwrap(), late.iter().max().unwrap());
    let n = run.tally.latency.n();
    // The collector may fall behind on a busy machine, for which one more tally is made.
    let one_more = 3_000_000;
    assert!(n > 2 * one_more, "{n} requests are too few to tell: a byte of each could hide");
    assert!(
        *late < early + one_more as usize,
        "{most_bytes:?} bytes in the seconds of {n} requests"
    );
}
