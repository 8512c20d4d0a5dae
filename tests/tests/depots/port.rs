//! A port of the loopback interface that is free now.

use std::net::TcpListener;

/// Its number. Another process may take it first; then its server does not start.
pub(crate) fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
