//! What a healthy system does.

use std::{collections::HashMap, fs};

use super::{
    bed::{
        Burst, Running, exact_worker, exact_worker_of, patient, poisson, recorded, send,
        worker_with,
    },
    devices::{Busy, Echo},
};
use crate::{
    live::{Clock, client::Client, controller::replay},
    message::{ActionStatus, ClientStatus},
    scheduler::Policy,
    time::SECOND,
    wire::{ClientReply, Infer},
    worker::EmulatedDevice,
    workload::Workload as _,
};

#[test]
fn every_request_is_answered_and_the_recording_is_decided_the_same_again() {
    for policy in [Policy::Infer4, Policy::Fifo, Policy::Adaptive] {
        let dir = tempfile::tempdir().unwrap();
        let recording = dir.path().join("recording.jsonl");
        let workers = [exact_worker(), exact_worker()];
        let mut recorded = recorded(&workers, recording.clone());
        recorded.policy = policy;
        let controller = Running::with(recorded);
        let sent = send(&controller, poisson(12, 400.0, 5).as_mut(), SECOND);
        let (outcome, rows) = controller.stop();
        let outcome = outcome.unwrap();
        assert!(sent.n_requests > 300);
        assert_eq!((sent.n_answered(), outcome.n_requests), (sent.n_requests, sent.n_requests));
        assert_eq!(outcome.n_answered, outcome.n_requests);
        let mut ids: Vec<_> = rows.requests.iter().map(|row| row.request_id).collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..sent.n_requests).collect::<Vec<_>>());
        assert_eq!(rows.actions.len() as u64, outcome.n_actions);
        assert_eq!(replay(&recording).unwrap().n_actions, outcome.n_actions);
    }
}

#[test]
fn another_decision_than_was_recorded_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording.jsonl");
    let workers = [exact_worker()];
    let controller = Running::with(recorded(&workers, recording.clone()));
    send(&controller, &mut Burst::of(3), SECOND);
    controller.stop().0.unwrap();
    let text = fs::read_to_string(&recording).unwrap();
    let (lines, n_lines) = (text.lines(), text.lines().count());
    let first_load = lines.clone().position(|line| line.contains("\"Load\"")).unwrap();
    fs::write(
        &recording,
        text.replacen("\"expected_duration\":8320000", "\"expected_duration\":1", 1),
    )
    .unwrap();
    let error = format!("{:#}", replay(&recording).unwrap_err());
    let expected = format!("line {}: another decision than before", first_load + 1);
    assert!(error.contains(&expected), "{error}");
    fs::write(&recording, lines.take(n_lines - 1).collect::<Vec<_>>().join("\n")).unwrap();
    replay(&recording).unwrap();
    fs::write(&recording, "{}\n").unwrap();
    let error = format!("{:#}", replay(&recording).unwrap_err());
    assert!(error.contains("line 1: not a recording"), "{error}");
}

/// One clock is an hour ahead and gains, the other an hour behind and loses: far more
/// than a machine's do.
#[test]
fn clocks_of_other_machines_do_not_matter() {
    let hour = 3_600 * SECOND.cast_signed();
    let worker = |ahead, gain_ppm| {
        let clock = Clock::of_day().off_by(ahead, gain_ppm);
        worker_with(clock, 60, Box::new(|_, _| Ok(Box::new(EmulatedDevice::exact()))))
    };
    let controller = Running::with(patient(&[worker(hour, 300.0), worker(-hour, -300.0)]));
    let sent = send(&controller, poisson(12, 200.0, 6).as_mut(), 2 * SECOND);
    let (outcome, rows) = controller.stop();
    assert_eq!(outcome.unwrap().n_answered, sent.n_requests);
    let n_succeeded = sent.n_with(ClientStatus::Success);
    assert!(n_succeeded * 10 > sent.n_requests * 9, "{n_succeeded} of {}", sent.n_requests);
    for worker in 0..2 {
        let of_it = rows.actions.iter().filter(|row| row.worker_id == worker);
        let executed = of_it.filter(|row| row.worker_exec_complete > 0);
        let (received, complete): (Vec<_>, Vec<_>) =
            executed.map(|row| (row.worker_action_received, row.worker_exec_complete)).unzip();
        // On its own clock all would be an hour off: 0, or beyond measure.
        assert!(complete.len() > 10, "worker {worker}: {} actions", complete.len());
        assert!(received.iter().max().unwrap() < &SECOND, "worker {worker}");
    }
}

#[test]
fn inputs_come_to_the_gpu_and_outputs_back() {
    let echo = || worker_with(Clock::of_day(), 60, Box::new(|_, _| Ok(Box::new(Echo::default()))));
    let controller = Running::with(patient(&[echo()]));
    let mut client = Client::connect(&controller.address, Clock::of_day()).unwrap();
    client.load(Burst::of(1).instances()).unwrap();
    let input = |number: u64| vec![number as u8; 602_112];
    let infer = |request_id| Infer { request_id, batch_size: 1, ..Infer::default() };
    for number in 0..20 {
        client.peer.post(number, &crate::wire::ClientRequest::from(infer(number)), &input(number));
    }
    client.peer.flush();
    let mut outputs = HashMap::new();
    while outputs.len() < 20 {
        let (message, body) = client.next_reply();
        let ClientReply::Inferred(inferred) = message else { panic!("{message:?}") };
        assert_eq!(inferred.status, 0, "{inferred:?}");
        outputs.insert(inferred.request_id, body);
    }
    assert!(outputs.iter().all(|(number, output)| *output == [*number as u8; 4]), "{outputs:?}");
    controller.stop().0.unwrap();
}

#[test]
fn inputs_that_clients_leave_out_are_made_by_the_controller_if_it_is_told_to() {
    let echo = || worker_with(Clock::of_day(), 60, Box::new(|_, _| Ok(Box::new(Echo::default()))));
    let answers = |generate_inputs| {
        let mut config = patient(&[echo()]);
        config.generate_inputs = generate_inputs;
        let controller = Running::with(config);
        let mut burst = Burst::of(5);
        send(&controller, &mut burst, SECOND);
        controller.stop().0.unwrap();
        burst.answers.iter().filter(|answer| answer.status == ClientStatus::Success).count()
    };
    // This GPU makes none up.
    assert_eq!((answers(true), answers(false)), (5, 0));
}

#[test]
fn all_gpus_of_a_worker_are_used() {
    let controller = Running::with(patient(&[exact_worker_of(3)]));
    let sent = send(&controller, poisson(12, 400.0, 7).as_mut(), SECOND);
    let (outcome, rows) = controller.stop();
    assert_eq!(outcome.unwrap().n_answered, sent.n_requests);
    assert!(rows.actions.iter().all(|row| row.worker_id == 0));
    for gpu in 0..3 {
        let of_it = rows.actions.iter().filter(|row| row.gpu_id == gpu);
        let n_succeeded = of_it.filter(|row| row.status == ActionStatus::Success).count();
        assert!(n_succeeded > 10, "GPU {gpu}: {n_succeeded} actions");
    }
}

#[test]
fn a_device_says_by_itself_when_it_has_ended() {
    let busy = Box::new(|_, report| Ok(Box::new(Busy::new(report)) as _));
    let controller = Running::with(patient(&[worker_with(Clock::of_day(), 60, busy)]));
    let mut burst = Burst::of(20);
    send(&controller, &mut burst, SECOND);
    let (_, rows) = controller.stop();
    assert_eq!(rows.n_with(ClientStatus::Success), 20);
    let executed = rows.actions.iter().filter(|row| row.worker_exec_complete > 0);
    // By the device's own clock, not by when its worker noticed.
    assert!(executed.clone().count() > 0);
    assert!(
        executed.clone().all(|row| row.worker_exec_duration == Busy::TAKES),
        "{:?}",
        rows.actions
    );
}
