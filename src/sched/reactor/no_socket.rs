//! Sockets of a build without the feature `net`: none can be made.
//!
//! The same names as in `socket.rs`, so that streams need not tell the builds apart: they raise OSError where a socket is opened.

use std::convert::Infallible;
use std::io::{self, ErrorKind};

pub use super::address::{Address, ListenOptions};

/// A socket: there is none.
#[derive(Debug)]
pub struct Socket(Infallible);

fn refused<T>() -> io::Result<T> {
    Err(io::Error::new(ErrorKind::Unsupported, super::NO_SOCKETS))
}

impl Socket {
    /// Fails.
    ///
    /// # Errors
    /// This build has no sockets.
    pub fn connect(_: &Address, _: Option<&Address>) -> io::Result<(Socket, bool)> {
        refused()
    }

    /// Fails.
    ///
    /// # Errors
    /// This build has no sockets.
    pub fn bind(_: &Address, _: ListenOptions) -> io::Result<Socket> {
        refused()
    }

    /// See `socket.rs`.
    pub fn duplicate(&self) -> io::Result<Socket> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn set_option(&self, _: (i32, i32), _: i32) -> io::Result<()> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn option(&self, _: (i32, i32)) -> io::Result<i64> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn listen(&self, _: i32) -> io::Result<()> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn accept(&self) -> io::Result<Option<(Socket, Address)>> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn receive(&self, _: &mut [u8]) -> io::Result<Option<usize>> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn send(&self, _: &[u8]) -> io::Result<Option<usize>> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn shut_down_writing(&self) -> io::Result<()> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn take_error(&self) -> Option<io::Error> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn send_at_once(&self) {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn local(&self) -> Option<Address> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn peer(&self) -> Option<Address> {
        match self.0 {}
    }

    /// See `socket.rs`.
    pub fn number(&self) -> i32 {
        match self.0 {}
    }
}
