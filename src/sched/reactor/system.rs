//! How the system is asked which descriptors are ready: the one place that names mio.
//!
//! Without the feature `net` nothing can be asked: what stands here then has mio's form, and making a `Poll` fails. So the reactor, and
//! all that is built on it, is the same code in both builds.

#[cfg(feature = "net")]
pub use mio::{Events, Interest, Poll, Token as EventKey, Waker, unix::SourceFd};
#[cfg(not(feature = "net"))]
pub use without::{EventKey, Events, Interest, Poll, SourceFd, Waker};

#[cfg(not(feature = "net"))]
mod without {
    use std::convert::Infallible;
    use std::io::{self, ErrorKind};
    use std::ops::BitOr;
    use std::os::fd::{AsRawFd, RawFd};
    use std::time::Duration;

    /// A number for what is asked about.
    #[derive(Clone, Copy)]
    pub struct EventKey(pub usize);

    /// A descriptor to ask about.
    #[expect(dead_code, reason = "nobody asks")]
    pub struct SourceFd<'a>(pub &'a RawFd);

    /// What is asked.
    #[derive(Clone, Copy)]
    pub struct Interest;

    impl Interest {
        /// Whether it can be read.
        pub const READABLE: Interest = Interest;
        /// Whether it can be written.
        pub const WRITABLE: Interest = Interest;
    }

    impl BitOr for Interest {
        type Output = Interest;

        fn bitor(self, _: Interest) -> Interest {
            Interest
        }
    }

    /// What came: nothing, ever.
    pub struct Events;

    impl Events {
        /// Room for so many.
        pub fn with_capacity(_: usize) -> Events {
            Events
        }

        /// All of them.
        pub fn iter(&self) -> impl Iterator<Item = Event> {
            std::iter::empty()
        }

        /// Forgets them.
        pub fn clear(&mut self) {}
    }

    /// One of them: there is none.
    pub struct Event(Infallible);

    impl Event {
        /// The number of what it is about.
        pub fn token(&self) -> EventKey {
            match self.0 {}
        }

        /// Whether it can be read.
        pub fn is_readable(&self) -> bool {
            match self.0 {}
        }

        /// Whether it can be written.
        pub fn is_writable(&self) -> bool {
            match self.0 {}
        }

        /// Whether nothing more will come.
        pub fn is_read_closed(&self) -> bool {
            match self.0 {}
        }

        /// Whether nothing more will go.
        pub fn is_write_closed(&self) -> bool {
            match self.0 {}
        }

        /// Whether there is an error to be asked for.
        pub fn is_error(&self) -> bool {
            match self.0 {}
        }
    }

    /// Asks the system: there is none.
    pub struct Poll(Infallible);

    /// What a `Poll` asks about.
    pub struct Registry(Infallible);

    /// Ends a wait from another thread.
    pub struct Waker(Infallible);

    impl Poll {
        /// Fails.
        pub fn new() -> io::Result<Poll> {
            Err(io::Error::new(
                ErrorKind::Unsupported,
                super::super::NO_SOCKETS,
            ))
        }

        /// What it asks about.
        pub fn registry(&self) -> &Registry {
            match self.0 {}
        }

        /// Asks.
        pub fn poll(&mut self, _: &mut Events, _: Option<Duration>) -> io::Result<()> {
            match self.0 {}
        }
    }

    impl AsRawFd for Poll {
        fn as_raw_fd(&self) -> RawFd {
            match self.0 {}
        }
    }

    impl Registry {
        /// Begins to ask.
        pub fn register(&self, _: &mut SourceFd<'_>, _: EventKey, _: Interest) -> io::Result<()> {
            match self.0 {}
        }

        /// Asks something else.
        pub fn reregister(&self, _: &mut SourceFd<'_>, _: EventKey, _: Interest) -> io::Result<()> {
            match self.0 {}
        }

        /// Asks no more.
        pub fn deregister(&self, _: &mut SourceFd<'_>) -> io::Result<()> {
            match self.0 {}
        }
    }

    impl Waker {
        /// For the waits of a `Poll`.
        pub fn new(registry: &Registry, _: EventKey) -> io::Result<Waker> {
            match registry.0 {}
        }

        /// Ends the wait.
        pub fn wake(&self) -> io::Result<()> {
            match self.0 {}
        }
    }
}
