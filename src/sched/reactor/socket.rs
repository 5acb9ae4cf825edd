//! Sockets that never block, and their addresses; plain data, no Value.
//!
//! The one place that names socket2. Streams of either family (internet, Unix) are one type here, so that what stands above need not
//! tell them apart. Errors are the system's; `WouldBlock` comes back as None.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsRawFd;

use socket2::{Domain, SockAddr, Type};

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
pub struct ListenOptions {
    /// SO_REUSEADDR: bind though old connections linger.
    pub reuse_address: bool,
    /// SO_REUSEPORT: share the port with other listeners.
    pub reuse_port: bool,
    /// SO_KEEPALIVE.
    pub keep_alive: bool,
}

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

    /// The socket below, for its options.
    pub fn inner(&self) -> &socket2::Socket {
        &self.inner
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

    /// The number of its family, as the system counts: AF_UNIX, AF_INET, AF_INET6.
    pub fn family(&self) -> i32 {
        match self {
            Address::Unix(_) => Domain::UNIX.into(),
            Address::Internet(SocketAddr::V4(_)) => Domain::IPV4.into(),
            Address::Internet(SocketAddr::V6(_)) => Domain::IPV6.into(),
        }
    }
}
