//! A region is one piece of memory, for the host and for every guest it is attached to.

use std::{sync::Arc, thread};

use sandbox::{CallError, Guest, Prepared, Region, Sandbox};

use crate::support::{A_MINUTE, Shared, WASM_PAGE, prepare, sandbox};

const SHARING: &str = r#"(module
    (import "host" "attach" (func $attach (result i32)))
    (import "host" "attach_range" (func $attach_range (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "attach") (result i32) (call $attach))
    (func (export "attach_range") (param i32 i32) (result i32)
        (call $attach_range (local.get 0) (local.get 1)))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    ;; Adds one to a shared number whenever it is this guest's turn.
    (func (export "take_turns") (param $turn f64) (param $last f64)
        (local $address i32)
        (local.set $address (call $attach))
        (loop $again
            (if (f64.eq (f64.load (local.get $address)) (local.get $turn))
                (then
                    (f64.store (local.get $address)
                        (f64.add (f64.load (local.get $address)) (f64.const 1)))
                    (local.set $turn (f64.add (local.get $turn) (f64.const 2)))))
            (br_if $again (f64.lt (local.get $turn) (local.get $last))))))"#;

const HUGE_PAGE: usize = 2 << 20;

type Sharer = Guest<Shared>;

fn sharers(sandbox: &Sandbox) -> Prepared<Shared> {
    prepare(sandbox, SHARING)
}

fn sharer(prepared: &Prepared<Shared>, region: &Arc<Region>) -> Sharer {
    prepared.start(Some(Arc::clone(region)), A_MINUTE).unwrap()
}

fn attach(guest: &mut Sharer) -> i32 {
    guest.call("attach", (), A_MINUTE).unwrap()
}

fn attach_range(guest: &mut Sharer, offset: i32, len: i32) -> i32 {
    guest.call("attach_range", (offset, len), A_MINUTE).unwrap()
}

fn load(guest: &mut Sharer, address: i32) -> i32 {
    guest.call("load", (address,), A_MINUTE).unwrap()
}

fn store(guest: &mut Sharer, address: i32, value: i32) {
    guest.call::<_, ()>("store", (address, value), A_MINUTE).unwrap();
}

#[test]
fn host_and_guests_see_each_others_writes() {
    let sandbox = sandbox(2);
    let (prepared, region) = (sharers(&sandbox), Region::new(10_000).unwrap());
    let (mut one, mut two) = (sharer(&prepared, &region), sharer(&prepared, &region));
    let (at_one, at_two) = (attach(&mut one), attach(&mut two));

    region.write(9_999, &[1]).unwrap();
    assert_eq!((load(&mut one, at_one + 9_999), load(&mut two, at_two + 9_999)), (1, 1));
    store(&mut one, at_one + 5_000, 2);
    assert_eq!(load(&mut two, at_two + 5_000), 2);
    store(&mut two, at_two, 3);
    assert_eq!(region.read_vec(0, 1).unwrap(), [3]);
}

#[test]
fn two_threads_race_on_one_number() {
    let sandbox = sandbox(2);
    let (prepared, region) = (sharers(&sandbox), Region::new(8).unwrap());
    thread::scope(|scope| {
        for first_turn in [0.0, 1.0] {
            let mut guest = sharer(&prepared, &region);
            scope.spawn(move || {
                guest.call::<_, ()>("take_turns", (first_turn, 200.0), A_MINUTE).unwrap();
            });
        }
    });
    let number = f64::from_le_bytes(region.read_vec(0, 8).unwrap().try_into().unwrap());
    assert_eq!(number, 200.0);
}

#[test]
fn attaching_twice_gives_the_same_address() {
    let sandbox = sandbox(1);
    let mut guest = sharer(&sharers(&sandbox), &Region::new(100).unwrap());
    let (address, len) = (attach(&mut guest), guest.memory_len());
    assert_eq!(attach(&mut guest), address);
    assert_eq!(guest.memory_len(), len);
}

#[test]
fn a_part_of_what_is_attached_is_already_there() {
    let sandbox = sandbox(1);
    let mut guest = sharer(&sharers(&sandbox), &Region::new(100_000).unwrap());
    let address = attach(&mut guest);
    assert_eq!(attach_range(&mut guest, 50_001, 10), address + 50_001);
}

#[test]
fn a_range_brings_its_pages_and_no_more() {
    let sandbox = sandbox(1);
    let region = Region::new(100_000).unwrap();
    region.fill(0, 100_000, 7).unwrap();
    let mut guest = sharer(&sharers(&sandbox), &region);
    let address = attach_range(&mut guest, 50_001, 10);
    let page_end = address + 53_248 - 50_001;
    assert_eq!(address as usize, WASM_PAGE + 50_001 % 4_096);
    assert_eq!((load(&mut guest, address), load(&mut guest, page_end - 1)), (7, 7));
    assert_eq!(load(&mut guest, page_end), 0);

    store(&mut guest, address, 9);
    assert_eq!(region.read_vec(50_001, 1).unwrap(), [9]);
}

#[test]
fn memory_after_a_region_is_the_guests_own() {
    let sandbox = sandbox(2);
    let (prepared, region) = (sharers(&sandbox), Region::new(WASM_PAGE).unwrap());
    let (mut one, mut two) = (sharer(&prepared, &region), sharer(&prepared, &region));
    for guest in [&mut one, &mut two] {
        attach(guest);
        assert_eq!(guest.call::<_, i32>("grow", (), A_MINUTE).unwrap(), 2);
    }
    store(&mut one, 2 * WASM_PAGE as i32, 5);
    assert_eq!(load(&mut two, 2 * WASM_PAGE as i32), 0);
}

#[test]
fn an_access_beyond_an_attached_region_traps() {
    let sandbox = sandbox(1);
    let mut guest = sharer(&sharers(&sandbox), &Region::new(WASM_PAGE).unwrap());
    let end = attach(&mut guest) + WASM_PAGE as i32;
    let error = guest.call::<_, i32>("load", (end,), A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::Trap { .. }), "{error}");
}

#[test]
fn the_host_reaches_a_region_through_a_guests_memory() {
    let sandbox = sandbox(1);
    let region = Region::new(100).unwrap();
    let mut guest = sharer(&sharers(&sandbox), &region);
    let address = attach(&mut guest) as u32;
    // Across the border between the guest's own memory and the region.
    guest.write(address - 3, b"mine, shared").unwrap();
    assert_eq!(region.read_vec(0, 9).unwrap(), b"e, shared");
    let mut bytes = [0; 12];
    guest.read(address - 3, &mut bytes).unwrap();
    assert_eq!(&bytes, b"mine, shared");
}

#[test]
fn a_region_lives_as_long_as_a_guest_has_it() {
    let sandbox = sandbox(1);
    let region = Region::new(100).unwrap();
    region.write(0, b"kept").unwrap();
    let mut guest = sharer(&sharers(&sandbox), &region);
    let address = attach(&mut guest);
    *guest.data_mut() = None;
    drop(region);
    assert_eq!(load(&mut guest, address), i32::from(b'k'));
}

#[test]
fn a_huge_region_is_attached_whole() {
    let sandbox = sandbox(1);
    let region = Region::new(500 << 20).unwrap();
    let mut guest = sharer(&sharers(&sandbox), &region);
    let last = attach(&mut guest) + (500 << 20) - 1;
    store(&mut guest, last, 4);
    assert_eq!(region.read_vec((500 << 20) - 1, 1).unwrap(), [4]);
    drop(guest);
    let allocated_bytes = rustix::fs::fstat(&*region).unwrap().st_blocks as u64 * 512;
    assert!(allocated_bytes <= 4 << 20, "{allocated_bytes} bytes are allocated");
}

#[test]
fn a_guest_has_huge_pages_where_the_host_has_them() {
    let sandbox = sandbox(1);
    let region = Region::new(3 * HUGE_PAGE).unwrap();
    region.fill(0, 3 * HUGE_PAGE, 7).unwrap();
    region.use_huge_pages(&(4_096..3 * HUGE_PAGE)).unwrap();
    for page in 0..3 {
        assert_eq!(region.read_vec(page * HUGE_PAGE + 5_000, 1).unwrap(), [7]);
    }
    let on_host = huge_bytes(&region);
    assert!(on_host == 0 || on_host == 2 * HUGE_PAGE, "{on_host} bytes");

    // The guest's memory ends anywhere, and its range begins in the middle of a page.
    let mut guest = sharer(&sharers(&sandbox), &region);
    let address = attach_range(&mut guest, 50_001, 3 * HUGE_PAGE as i32 - 50_001);
    for page in 1..3 {
        assert_eq!(load(&mut guest, address + page * HUGE_PAGE as i32 - 50_001), 7);
    }
    assert_eq!(huge_bytes(&region), 2 * on_host);
}

#[test]
fn huge_pages_can_come_before_what_is_written() {
    let written = Region::new(3 * HUGE_PAGE).unwrap();
    written.fill(0, 2 * HUGE_PAGE, 7).unwrap();
    let region = Region::new(3 * HUGE_PAGE).unwrap();
    region.fill(0, 3, 7).unwrap();
    for region in [&written, &region] {
        region.use_huge_pages(&(0..2 * HUGE_PAGE)).unwrap();
    }
    // None, if the system has none; else for what is there and for what is not.
    assert_eq!(huge_bytes(&region), huge_bytes(&written));
    assert_eq!(region.read_vec(0, 5).unwrap(), [7, 7, 7, 0, 0]);
    assert_eq!(region.read_vec(HUGE_PAGE, HUGE_PAGE).unwrap(), vec![0; HUGE_PAGE]);
}

#[test]
fn huge_pages_hold_no_more_than_was_written() {
    let region = Region::new(3 * HUGE_PAGE).unwrap();
    region.fill(0, HUGE_PAGE, 7).unwrap();
    region.use_huge_pages(&(0..HUGE_PAGE)).unwrap();
    let allocated_bytes = rustix::fs::fstat(&*region).unwrap().st_blocks as usize * 512;
    assert_eq!(allocated_bytes, HUGE_PAGE);
}

/// How much of a region is mapped in this process by huge pages.
fn huge_bytes(region: &Region) -> usize {
    let inode = rustix::fs::fstat(region).unwrap().st_ino.to_string();
    let mappings = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut is_region = false;
    let mut huge_kib = 0;
    for line in mappings.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("ShmemPmdMapped:"), Some(kib)) if is_region => {
                huge_kib += kib.parse::<usize>().unwrap();
            }
            (Some(field), _) if !field.ends_with(':') => {
                is_region = words.nth(2) == Some(&inode);
            }
            _ => {}
        }
    }
    huge_kib * 1024
}

#[test]
fn a_range_outside_the_region_is_refused() {
    let sandbox = sandbox(1);
    let mut guest = sharer(&sharers(&sandbox), &Region::new(100).unwrap());
    let error = guest.call::<_, i32>("attach_range", (90, 11), A_MINUTE).unwrap_err();
    assert!(matches!(error, CallError::HostError(_)), "{error}");
}
