//! Whether clients send inputs.

use std::{
    io,
    net::{Shutdown, TcpListener, TcpStream},
    thread::{self, JoinHandle},
};

use super::system::{System, sent_to};

/// An input of resnet50_v2.
const INPUT_BYTES: u64 = 602_112;

#[test]
fn inputs_are_sent_unless_the_environment_disables_them() {
    assert!(bytes_per_request(&[]) > INPUT_BYTES);
    assert!(bytes_per_request(&[("CLOCKWORK_DISABLE_INPUTS", "1")]) < 1_000);
}

/// How much a client in this environment sends.
fn bytes_per_request(environment: &[(&str, &str)]) -> u64 {
    let system = System::start(&[], &[]);
    let tap = Tap::before(&system.address);
    let sent = sent_to(&tap.address, environment, "1", &["poisson-open-loop", "2", "20"]);
    system.end();
    tap.n_bytes() / sent.n_requests
}

/// Stands between one client and a controller, and counts what the client says.
struct Tap {
    address: String,
    thread: JoinHandle<io::Result<u64>>,
}

impl Tap {
    fn before(controller: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = listener.local_addr().expect("it listens").to_string();
        let controller = controller.to_owned();
        let thread = thread::spawn(move || {
            let (client, _) = listener.accept()?;
            let server = TcpStream::connect(controller)?;
            let (mut answers, mut asking) = (server.try_clone()?, client.try_clone()?);
            let back = thread::spawn(move || io::copy(&mut answers, &mut asking));
            let n_bytes = io::copy(&mut &client, &mut &server)?;
            server.shutdown(Shutdown::Write)?;
            // The client may be gone before the last answer is.
            let _ = back.join();
            Ok(n_bytes)
        });
        Self { address, thread }
    }

    /// What the client has said, once it has ended.
    fn n_bytes(self) -> u64 {
        let counted = self.thread.join().expect("it does not panic");
        counted.expect("loopback does not fail")
    }
}
