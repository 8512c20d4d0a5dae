//! Cold starts: from a snapshot to a finished call and a free slot, again and again.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use sandbox::{Host, Limit, Linker, Prepared, Region, Sandbox, Settings};

/// As large as a published model's weights: 47,236 numbers of eight bytes.
const WEIGHTS_BYTES: usize = 47_236 * 8;

/// Its initialisation leaves 64 KiB of state, as a small language runtime does.
const GUEST: &str = r#"(module
    (import "host" "attach" (func $attach (result i32)))
    (memory (export "memory") 2)
    (func (export "init")
        (local $i i32)
        (loop $again
            (i32.store (i32.add (i32.const 65536) (local.get $i)) (i32.const 0x01010101))
            (local.set $i (i32.add (local.get $i) (i32.const 4)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 65536)))))
    ;; As compiled code does, it writes to its stack and reads its state.
    (func (export "noop") (i32.store (i32.const 65000) (i32.load (i32.const 70000))))
    (func (export "attach") (drop (call $attach)))
    ;; Reads or writes one number in each page of the region.
    (func (export "read") (result f64)
        (local $at i32) (local $end i32) (local $sum f64)
        (local.set $at (call $attach))
        (local.set $end (i32.add (local.get $at) (i32.const 377888)))
        (loop $again
            (local.set $sum (f64.add (local.get $sum) (f64.load (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 4096)))
            (br_if $again (i32.lt_u (local.get $at) (local.get $end))))
        (local.get $sum))
    (func (export "write") (result f64)
        (local $at i32) (local $end i32)
        (local.set $at (call $attach))
        (local.set $end (i32.add (local.get $at) (i32.const 377888)))
        (loop $again
            (f64.store (local.get $at) (f64.const 1))
            (local.set $at (i32.add (local.get $at) (i32.const 4096)))
            (br_if $again (i32.lt_u (local.get $at) (local.get $end))))
        (f64.const 0)))"#;

fn prepare() -> Prepared<Arc<Region>> {
    let settings =
        Settings { slots: 100, memory_max_bytes: 16 << 20, tick: Duration::from_millis(10) };
    let sandbox = Sandbox::new(settings).expect("100 slots fit any address space");
    let mut linker = Linker::<Arc<Region>>::new(&sandbox);
    let attach = |host: &mut Host<'_, Arc<Region>>| {
        let region = Arc::clone(host.data());
        host.attach(&region)
    };
    linker.func("host", "attach", attach).expect("the only function");
    let wasm = wat::parse_str(GUEST).expect("a constant module");
    let derived = linker
        .snapshot(&wasm, Some("init"), region(), Limit::Unlimited)
        .expect("its init only writes memory");
    let program = sandbox.compile(&derived).expect("snapshots are modules");
    linker.prepare(&program).expect("its only import is defined")
}

fn region() -> Arc<Region> {
    let region = Region::new(WEIGHTS_BYTES).expect("there is memory for one region");
    region.fill(0, WEIGHTS_BYTES, 1).expect("the whole region is inside it");
    region
}

fn cold_start(criterion: &mut Criterion) {
    let (prepared, region) = (prepare(), region());
    let start = || prepared.start(Arc::clone(&region), Limit::Unlimited).expect("a slot is free");
    let mut group = criterion.benchmark_group("cold_start");
    for export in ["noop", "attach"] {
        group.bench_function(export, |bencher| {
            bencher.iter(|| start().call::<(), ()>(export, (), Limit::Unlimited));
        });
    }
    for export in ["read", "write"] {
        let name = format!("attach_and_{export}_every_page");
        group.bench_function(name, |bencher| {
            bencher.iter(|| start().call::<(), f64>(export, (), Limit::Unlimited));
        });
    }
    group.finish();
}

/// What the racing-safe copies cost beside a plain one.
fn copies(criterion: &mut Criterion) {
    let region = region();
    let (plain, mut private) = (vec![1_u8; WEIGHTS_BYTES], vec![0_u8; WEIGHTS_BYTES]);
    let mut group = criterion.benchmark_group("copy_378_kB");
    group.bench_function("plain", |bencher| {
        bencher.iter(|| black_box(&mut private).copy_from_slice(black_box(&plain)));
    });
    group.bench_function("region_read", |bencher| {
        bencher.iter(|| region.read(0, black_box(&mut private)));
    });
    group.bench_function("region_write", |bencher| {
        bencher.iter(|| region.write(0, black_box(&plain)));
    });
    group.finish();
}

criterion_group!(benches, cold_start, copies);
criterion_main!(benches);
