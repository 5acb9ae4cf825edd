//! Addresses of sockets, and what a listening socket is told: plain data.
//!
//! Internet and Unix addresses are one type, so that what stands above need not tell them apart.

use std::net::SocketAddr;

/// Where a socket is, or what it talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Host and port.
    Internet(SocketAddr),
    /// The path of a Unix socket; empty for one without a name.
    Unix(String),
}

/// What a listening socket is told before it is bound.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(not(feature = "net"), expect(dead_code, reason = "nothing listens"))]
pub struct ListenOptions {
    /// SO_REUSEADDR: bind though old connections linger.
    pub reuse_address: bool,
    /// SO_REUSEPORT: share the port with other listeners.
    pub reuse_port: bool,
    /// SO_KEEPALIVE.
    pub keep_alive: bool,
}

impl Address {
    /// The number of its family, as Linux counts: AF_UNIX, AF_INET, AF_INET6.
    pub fn family(&self) -> i32 {
        match self {
            Address::Unix(_) => 1,
            Address::Internet(SocketAddr::V4(_)) => 2,
            Address::Internet(SocketAddr::V6(_)) => 10,
        }
    }
}
