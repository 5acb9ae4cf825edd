//! Sockets that never block, and their addresses; plain data, no Value.
//!
//! Built on socket2; `no_socket.rs` stands here without the feature `net`. Streams of either family (internet, Unix) are one type here, so that what stands above need not
//! tell them apart. Errors are the system's; `WouldBlock` comes back as None.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use socket2::{Domain, SockAddr, Type};

pub use super::address::{Address, ListenOptions};

/// A socket: of a connection, or one that listens.
#[derive(Debug)]
pub struct Socket {
    inner: socket2::Socket,
}

impl Socket {
    /// Begins to connect. True: it is connected already; else it becomes writable when it is, or has failed.
    ///
    /// # Errors
    /// The system's, before anything went on the way.
    pub fn connect(to: &Address, from: Option<&Address>) -> io::Result<(Socket, bool)> {
        let socket = Socket::unbound(to)?;
        if let Some(from) = from {
            socket.inner.bind(&from.to_system()?)?;
        }
        match socket.inner.connect(&to.to_system()?) {
            Ok(()) => Ok((socket, true)),
            // 115: EINPROGRESS.
            Err(error)
                if error.raw_os_error() == Some(115) || error.kind() == ErrorKind::WouldBlock =>
            {
                Ok((socket, false))
            }
            Err(error) => Err(error),
        }
    }

    /// A second descriptor of the same socket.
    ///
    /// # Errors
    /// The system's.
    pub fn duplicate(&self) -> io::Result<Socket> {
        let inner = self.inner.try_clone()?;
        Ok(Socket { inner })
    }

    /// Sets an option: level and number, as Linux counts.
    ///
    /// # Errors
    /// The system's.
    pub fn set_option(&self, option: (i32, i32), value: i32) -> io::Result<()> {
        set_option(&self.inner, option, value)
    }

    /// The value of an option: level and number.
    ///
    /// # Errors
    /// The system's.
    pub fn option(&self, option: (i32, i32)) -> io::Result<i64> {
        option_of(&self.inner, option)
    }

    /// A socket bound to an address; it does not listen yet.
    ///
    /// # Errors
    /// The system's.
    pub fn bind(to: &Address, options: ListenOptions) -> io::Result<Socket> {
        let socket = Socket::unbound(to)?;
        let inner = &socket.inner;
        if let Address::Internet(address) = to {
            inner.set_reuse_address(options.reuse_address)?;
            if options.reuse_port {
                inner.set_reuse_port(true)?;
            }
            if options.keep_alive {
                inner.set_keepalive(true)?;
            }
            if address.is_ipv6() {
                inner.set_only_v6(true)?;
            }
        }
        inner.bind(&to.to_system()?)?;
        Ok(socket)
    }

    fn unbound(address: &Address) -> io::Result<Socket> {
        let domain = match address {
            Address::Internet(SocketAddr::V4(_)) => Domain::IPV4,
            Address::Internet(SocketAddr::V6(_)) => Domain::IPV6,
            Address::Unix(_) => Domain::UNIX,
        };
        let inner = socket2::Socket::new(domain, Type::STREAM, None)?;
        inner.set_nonblocking(true)?;
        Ok(Socket { inner })
    }

    /// Lets clients connect; so many may wait to be accepted.
    ///
    /// # Errors
    /// The system's.
    pub fn listen(&self, backlog: i32) -> io::Result<()> {
        self.inner.listen(backlog)
    }

    /// The next client that connected, and its address.
    ///
    /// # Errors
    /// The system's; a client that is gone already is none.
    pub fn accept(&self) -> io::Result<Option<(Socket, Address)>> {
        match self.inner.accept() {
            Ok((inner, address)) => {
                inner.set_nonblocking(true)?;
                Ok(Some((Socket { inner }, Address::of(&address))))
            }
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => Ok(None),
            Err(error) => none_if_blocked(error),
        }
    }

    /// Reads into a buffer; how much. None: there is nothing yet.
    ///
    /// # Errors
    /// The system's.
    pub fn receive(&self, into: &mut [u8]) -> io::Result<Option<usize>> {
        match (&self.inner).read(into) {
            Ok(count) => Ok(Some(count)),
            Err(error) => none_if_blocked(error),
        }
    }

    /// Writes; how much of it went. None: nothing can go now.
    ///
    /// # Errors
    /// The system's.
    pub fn send(&self, data: &[u8]) -> io::Result<Option<usize>> {
        match (&self.inner).write(data) {
            Ok(count) => Ok(Some(count)),
            Err(error) => none_if_blocked(error),
        }
    }

    /// Tells the other end that nothing more will be written.
    ///
    /// # Errors
    /// The system's.
    pub fn shut_down_writing(&self) -> io::Result<()> {
        self.inner.shutdown(Shutdown::Write)
    }

    /// What went wrong with connecting.
    pub fn take_error(&self) -> Option<io::Error> {
        match self.inner.take_error() {
            Ok(error) => error,
            Err(error) => Some(error),
        }
    }

    /// Has small writes go out at once.
    pub fn send_at_once(&self) {
        // A Unix socket does so anyway and refuses the option.
        let _ = self.inner.set_tcp_nodelay(true);
    }

    /// Its own address.
    pub fn local(&self) -> Option<Address> {
        self.inner.local_addr().ok().as_ref().map(Address::of)
    }

    /// The address of the other end.
    pub fn peer(&self) -> Option<Address> {
        self.inner.peer_addr().ok().as_ref().map(Address::of)
    }

    /// The number that the system knows it by.
    pub fn number(&self) -> i32 {
        self.inner.as_raw_fd()
    }
}

fn none_if_blocked<T>(error: io::Error) -> io::Result<Option<T>> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(None),
        _ => Err(error),
    }
}

impl Address {
    fn of(address: &SockAddr) -> Address {
        match address.as_socket() {
            Some(address) => Address::Internet(address),
            None => {
                let path = address.as_pathname().map(|path| path.to_string_lossy());
                Address::Unix(path.unwrap_or_default().into_owned())
            }
        }
    }

    fn to_system(&self) -> io::Result<SockAddr> {
        match self {
            Address::Internet(address) => Ok((*address).into()),
            Address::Unix(path) => SockAddr::unix(path),
        }
    }
}

/// Sets an option of SOL_SOCKET, IPPROTO_TCP or IPPROTO_IPV6, by the numbers of Linux.
///
/// # Errors
/// The system's.
pub fn set_option(socket: &socket2::Socket, option: (i32, i32), value: i32) -> io::Result<()> {
    let size = usize::try_from(value).unwrap_or_default();
    match option {
        (1, 2) => socket.set_reuse_address(value != 0),
        (1, 6) => socket.set_broadcast(value != 0),
        (1, 7) => socket.set_send_buffer_size(size),
        (1, 8) => socket.set_recv_buffer_size(size),
        (1, 9) => socket.set_keepalive(value != 0),
        (1, 13) => socket.set_linger((value >= 0).then(|| Duration::from_secs(value as u64))),
        (1, 15) => socket.set_reuse_port(value != 0),
        (6, 1) => socket.set_tcp_nodelay(value != 0),
        (41, 26) => socket.set_only_v6(value != 0),
        _ => Err(io::Error::from_raw_os_error(92)),
    }
}

/// The value of an option. To add one that socket2 knows: an arm here and in `set_option`; any other is refused as the system refuses it.
///
/// # Errors
/// The system's.
pub fn option_of(socket: &socket2::Socket, option: (i32, i32)) -> io::Result<i64> {
    let size = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    match option {
        (1, 2) => socket.reuse_address().map(i64::from),
        (1, 3) => socket.r#type().map(|kind| i64::from(i32::from(kind))),
        (1, 4) => {
            let error = socket.take_error()?;
            Ok(error
                .and_then(|error| error.raw_os_error())
                .unwrap_or(0)
                .into())
        }
        (1, 6) => socket.broadcast().map(i64::from),
        (1, 7) => socket.send_buffer_size().map(size),
        (1, 8) => socket.recv_buffer_size().map(size),
        (1, 9) => socket.keepalive().map(i64::from),
        (1, 13) => socket
            .linger()
            .map(|span| span.map_or(-1, |span| span.as_secs() as i64)),
        (1, 30) => socket.is_listener().map(i64::from),
        (1, 15) => socket.reuse_port().map(i64::from),
        (6, 1) => socket.tcp_nodelay().map(i64::from),
        (41, 26) => socket.only_v6().map(i64::from),
        _ => Err(io::Error::from_raw_os_error(92)),
    }
}
