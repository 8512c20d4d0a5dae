//! Whoever goes away, no request is left unanswered.

use super::{
    bed::{Burst, Running, config, exact_worker, poisson, recorded, send},
    fakes::{Manner, fake_worker, stuck_once},
};
use crate::{
    live::{Clock, client::Client, clock::pause, controller::replay},
    message::{ActionStatus, ClientStatus},
    scheduler::Policy,
    time::{MILLISECOND, SECOND},
    wire::{ClientRequest, Infer},
    workload::Workload as _,
};

#[test]
fn what_a_lost_worker_had_fails_and_the_rest_is_served_elsewhere() {
    for manner in [Manner::FallsSilent, Manner::HangsUp] {
        let mut config = config(&[fake_worker(manner), exact_worker()]);
        config.worker_timeout = 2 * SECOND;
        let controller = Running::with(config);
        let sent = send(&controller, poisson(6, 100.0, 3).as_mut(), 6 * SECOND);
        let (outcome, rows) = controller.stop();
        assert_eq!(outcome.unwrap().n_answered, sent.n_requests);
        let lost = |row: &&crate::telemetry::ActionRow| row.status == ActionStatus::WorkerLost;
        assert!(rows.actions.iter().filter(lost).count() > 0, "{manner:?}");
        assert!(rows.actions.iter().filter(lost).all(|row| row.worker_id == 0));
        let begin = rows.requests.iter().map(|row| row.t - row.latency).min().unwrap();
        let late = rows.requests.iter().filter(|row| row.t - row.latency > begin + 4 * SECOND);
        let later: Vec<_> = late.collect();
        let n_good = later.iter().filter(|row| row.deadline_met()).count();
        assert!(n_good * 10 > later.len() * 9, "{n_good} of {}: {manner:?}", later.len());
    }
}

#[test]
fn without_any_worker_requests_are_answered_all_the_same() {
    for policy in [Policy::Infer4, Policy::Fifo, Policy::Adaptive] {
        let mut config = config(&[fake_worker(Manner::HangsUp)]);
        config.policy = policy;
        let controller = Running::with(config);
        let sent = send(&controller, poisson(6, 100.0, 3).as_mut(), SECOND);
        let (outcome, rows) = controller.stop();
        assert_eq!(outcome.unwrap().n_answered, sent.n_requests);
        assert_eq!(
            (sent.n_with(ClientStatus::Success), rows.n_with(ClientStatus::Success)),
            (0, 0)
        );
    }
}

#[test]
fn replies_that_nobody_asked_for_change_nothing() {
    let controller = Running::of(&[fake_worker(Manner::Babbles), exact_worker()]);
    let sent = send(&controller, poisson(6, 100.0, 3).as_mut(), SECOND);
    let (outcome, rows) = controller.stop();
    assert_eq!(outcome.unwrap().n_answered, sent.n_requests);
    assert!(rows.n_with(ClientStatus::Success) > 0);
}

#[test]
fn a_client_that_disappears_leaves_the_others_alone() {
    let controller = Running::of(&[exact_worker()]);
    let mut gone = Client::connect(&controller.address, Clock::of_day()).unwrap();
    gone.load(Burst::of(1).instances()).unwrap();
    for request_id in 0..50 {
        let infer = Infer { request_id, batch_size: 1, ..Infer::default() };
        gone.peer.post(request_id, &ClientRequest::from(infer), &[]);
    }
    gone.peer.flush();
    let mut stays = Client::connect(&controller.address, Clock::of_day()).unwrap();
    stays.models.clone_from(&gone.models);
    pause(20 * MILLISECOND);
    gone.peer.close();
    let sent = stays.run(&mut Burst::of(50), Some(SECOND), None).unwrap();
    assert_eq!(sent.n_answered(), 50);
    let (outcome, rows) = controller.stop();
    let outcome = outcome.unwrap();
    assert_eq!((outcome.n_answered, rows.requests.len()), (100, 100));
}

#[test]
fn a_controller_that_must_end_answers_what_waits() {
    let mut config = config(&[fake_worker(Manner::FallsSilent)]);
    // No deadline comes to its help.
    config.settings.default_slo = 86_400 * SECOND;
    let controller = Running::with(config);
    let mut client = Client::connect(&controller.address, Clock::of_day()).unwrap();
    client.load(Burst::of(1).instances()).unwrap();
    let answers = std::thread::spawn(move || {
        let mut burst = Burst::of(30);
        client.run(&mut burst, Some(3 * SECOND), None).unwrap();
        burst.answers
    });
    pause(SECOND);
    let (outcome, rows) = controller.stop();
    assert_eq!((outcome.unwrap().n_answered, rows.requests.len()), (30, 30));
    let answers = answers.join().unwrap();
    assert_eq!(answers.len(), 30);
    assert!(answers.iter().all(|answer| answer.status == ClientStatus::Error));
}

/// Inputs of 0.6 MB fill the way, and what waits behind them is late when it is free.
#[test]
fn what_cannot_leave_in_time_is_not_sent_and_fails() {
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording.jsonl");
    let way = stuck_once(exact_worker(), 1 << 20, 800 * MILLISECOND);
    let mut config = recorded(&[way], recording.clone());
    config.generate_inputs = true;
    config.settings.schedule_ahead = 200 * MILLISECOND;
    config.settings.default_slo = 400 * MILLISECOND;
    let controller = Running::with(config);
    let sent = send(&controller, &mut Burst::of(300), 2 * SECOND);
    let (outcome, rows) = controller.stop();
    let outcome = outcome.unwrap();
    assert_eq!((sent.n_answered(), outcome.n_answered), (300, 300));
    let late = rows.actions.iter().filter(|row| row.status == ActionStatus::SentTooLate);
    assert!(late.clone().count() > 0, "{:?}", rows.actions);
    assert!(late.clone().all(|row| row.worker_action_received == 0 && row.goodput == 0));
    assert_eq!(replay(&recording).unwrap().n_actions, outcome.n_actions);
}

#[test]
fn a_controller_can_be_ended_while_models_are_loaded() {
    let controller = Running::of(&[fake_worker(Manner::LoadsNothing)]);
    let mut client = Client::connect(&controller.address, Clock::of_day()).unwrap();
    let loads = std::thread::spawn(move || client.load(Burst::of(1).instances()));
    pause(300 * MILLISECOND);
    let (outcome, rows) = controller.stop();
    assert_eq!((outcome.unwrap().n_requests, rows.requests.len()), (0, 0));
    let refused = loads.join().unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "the controller closed the connection");
}
