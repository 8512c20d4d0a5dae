//! What makes no sense is said, to whom it concerns.

use insta::assert_snapshot;

use super::bed::{Burst, Running, config, exact_worker, patient, worker_with};
use crate::{
    live::{
        Clock,
        client::{self, Client},
        controller::Controller,
    },
    message::{ClientStatus, ModelId},
    wire::{ClientReply, ClientRequest, Infer},
    worker::EmulatedDevice,
    workload::{Instances, Workload as _},
};

fn client(controller: &Running) -> Client {
    Client::connect(&controller.address, Clock::of_day()).unwrap()
}

/// What is said, without addresses.
fn said(error: &anyhow::Error) -> String {
    let words = format!("{error:#}");
    let is_address = |word: &&str| word.starts_with("127.0.0.1:");
    words
        .split(' ')
        .map(|word| if is_address(&word) { "ADDRESS:" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn models_that_cannot_be_had_are_refused_with_the_reason() {
    let small =
        worker_with(Clock::of_day(), 6, Box::new(|_, _| Ok(Box::new(EmulatedDevice::exact()))));
    let controller = Running::of(&[small]);
    let refusal = |variety, n_copies| {
        let refused = client(&controller).load(&Instances::of(variety, n_copies));
        said(&refused.unwrap_err())
    };
    assert_snapshot!(refusal("alexnet", 1),
        @"1 of `alexnet` cannot be loaded: the worker at ADDRESS: no variety is called `alexnet`");
    assert_snapshot!(refusal("resnet50_v2", 1),
        @"1 of `resnet50_v2` cannot be loaded: the worker at ADDRESS: `resnet50_v2` has 7 pages of weights, but a GPU holds 6");
    assert_snapshot!(refusal("resnet18_v2", 100), @"
    100 of `resnet18_v2` cannot be loaded: the worker at ADDRESS: 100 copies of `resnet18_v2` have 4670000000 bytes of weights, but of 2000000000 bytes of memory 2000000000 are free
    (hint: ask for fewer models, or give workers more with --host-memory-bytes)
    ");
    assert_snapshot!(refusal("resnet18_v2", 0), @"0 of `resnet18_v2` cannot be loaded: no copy of `resnet18_v2` is asked for");
    // What went wrong before does no harm.
    client(&controller).load(&Instances::of("resnet18_v2", 2)).unwrap();
    assert_snapshot!(refusal("resnet18_v2", 1), @"1 of `resnet18_v2` cannot be loaded: models are fixed once inferences are served");
    controller.stop().0.unwrap();
}

#[test]
fn requests_that_make_no_sense_are_answered() {
    let controller = Running::with(patient(&[exact_worker()]));
    let mut client = client(&controller);
    let mut ask = |infer: Infer, input: &[u8]| {
        client.peer.post(infer.request_id, &ClientRequest::from(infer), input);
        client.peer.flush();
        let (ClientReply::Inferred(reply), _) = client.next_reply() else { panic!("no answer") };
        assert_eq!(reply.request_id, infer.request_id);
        ClientStatus::from_code(reply.status).unwrap()
    };
    let good = Infer { request_id: 1, batch_size: 1, ..Infer::default() };
    assert_eq!(ask(good, &[]), ClientStatus::Initializing);
    let mut loader = self::client(&controller);
    loader.load(Burst::of(1).instances()).unwrap();
    assert_eq!(ask(Infer { model_id: 7, request_id: 2, ..good }, &[]), ClientStatus::Invalid);
    assert_eq!(ask(Infer { batch_size: 2, request_id: 3, ..good }, &[]), ClientStatus::Invalid);
    assert_eq!(ask(Infer { request_id: 4, ..good }, b"short"), ClientStatus::Invalid);
    for slo_factor in [f32::NAN, f32::INFINITY, -1.0] {
        assert_eq!(ask(Infer { slo_factor, request_id: 5, ..good }, &[]), ClientStatus::Invalid);
    }
    assert_eq!(ask(Infer { request_id: 6, ..good }, &[]), ClientStatus::Success);
    controller.stop().0.unwrap();
}

#[test]
fn what_is_no_client_is_shown_the_door_and_others_stay() {
    let controller = Running::of(&[exact_worker()]);
    let mut stream = std::net::TcpStream::connect(&controller.address).unwrap();
    std::io::Write::write_all(&mut stream, &[b'x'; 100]).unwrap();
    let mut rest = Vec::new();
    // It is closed, or reset with bytes unread.
    let _ = std::io::Read::read_to_end(&mut stream, &mut rest);
    assert!(rest.is_empty());
    let mut client = client(&controller);
    client.load(Burst::of(1).instances()).unwrap();
    assert_eq!(client.run(&mut Burst::of(3), None, None).unwrap().n_answered(), 3);
    controller.stop().0.unwrap();
}

#[test]
fn gpus_that_cannot_be_shared_out_end_the_controller() {
    let mut config = config(&[exact_worker(), exact_worker()]);
    config.max_gpus = 1;
    let controller = Running::with(config);
    // The controller ends instead of serving.
    let error = client(&controller).load(Burst::of(1).instances()).unwrap_err();
    assert_snapshot!(error, @"the controller closed the connection");
    let (outcome, _) = controller.stop();
    assert_snapshot!(outcome.unwrap_err(), @"
    at most 1 GPUs of 2 workers are to be used, which is not one of each
    (hint: max_gpus is the fourth argument)
    ");
}

#[test]
fn a_worker_serves_one_controller_at_a_time() {
    let worker = [exact_worker()];
    let first = Running::of(&worker);
    client(&first).load(Burst::of(1).instances()).unwrap();
    let second = Running::of(&worker);
    let refused = second.wait().0.unwrap_err();
    assert_snapshot!(said(&refused), @"
    the worker at ADDRESS: is gone before all models are loaded: it closed the connection
    (hint: does another controller use it?)
    ");
    let mut client = client(&first);
    client.models = vec![client::Model { id: ModelId(0), input_bytes: 0 }];
    assert_eq!(client.run(&mut Burst::of(3), None, None).unwrap().n_answered(), 3);
    first.stop().0.unwrap();
}

#[test]
fn a_controller_that_has_nobody_to_serve_ends_when_it_is_told_to() {
    let (outcome, rows) = Running::of(&[exact_worker()]).stop();
    assert_eq!((outcome.unwrap().n_requests, rows.requests.len()), (0, 0));
}

#[test]
fn a_controller_without_workers_does_not_start() {
    let error = Controller::start(config(&[]), Clock::of_day()).err().unwrap();
    assert_snapshot!(error, @"
    there is no worker
    (hint: name them as host:port,…)
    ");
}
