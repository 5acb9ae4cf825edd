//! Pollers: sets of descriptors that the program asks about by itself, apart from those of the loop.
//!
//! What is ready is found anew at each call, also if nobody did anything about it since the last one, as with `select`. The poller is a
//! descriptor itself, which can be read when something in it is ready: so the loop's reactor can wait for it (`thread_wait.rs`).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::time::Duration;

use super::system::{EventKey, Events, Interest, Poll, SourceFd};
use crate::runtime::heap::traced;

/// EPERM: the descriptor is of a kind that is always ready, as files on a disk.
const ALWAYS_READY: i32 = 1;
/// How many events the system hands over at once.
const EVENTS: usize = 256;

/// What is wanted of a descriptor, or is possible now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Reading.
    pub read: bool,
    /// Writing.
    pub write: bool,
    /// The other end has closed.
    pub hung_up: bool,
    /// There is an error to be asked for.
    pub error: bool,
}

traced!(plain Poller);

/// A set of descriptors.
pub struct Poller {
    poll: RefCell<Poll>,
    events: RefCell<Events>,
    wanted: RefCell<BTreeMap<i32, Sides>>,
    /// Those that are always ready.
    always: RefCell<BTreeMap<i32, Sides>>,
}

impl Poller {
    /// An empty set.
    ///
    /// # Errors
    /// The system's: out of descriptors.
    pub fn new() -> io::Result<Poller> {
        Ok(Poller {
            poll: RefCell::new(Poll::new()?),
            events: RefCell::new(Events::with_capacity(EVENTS)),
            wanted: RefCell::default(),
            always: RefCell::default(),
        })
    }

    /// Its own descriptor.
    pub fn number(&self) -> i32 {
        self.poll.borrow().as_raw_fd()
    }

    /// Adds a descriptor, or changes what is wanted of it.
    ///
    /// # Errors
    /// The system's: the descriptor is closed.
    pub fn set(&self, fd: i32, wanted: Sides) -> io::Result<()> {
        let armed = match self.wanted.borrow().contains_key(&fd) {
            true => self.arm(fd, wanted),
            false => {
                let poll = self.poll.borrow();
                let token = EventKey(fd as usize);
                poll.registry()
                    .register(&mut SourceFd(&fd), token, interest(wanted))
            }
        };
        match armed {
            Err(error) if error.raw_os_error() == Some(ALWAYS_READY) => {
                self.always.borrow_mut().insert(fd, wanted);
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => {
                self.wanted.borrow_mut().insert(fd, wanted);
                Ok(())
            }
        }
    }

    /// Takes a descriptor out.
    ///
    /// # Errors
    /// The system's: the descriptor is closed.
    pub fn remove(&self, fd: i32) -> io::Result<()> {
        self.always.borrow_mut().remove(&fd);
        match self.wanted.borrow_mut().remove(&fd) {
            Some(_) => {
                let poll = self.poll.borrow();
                poll.registry().deregister(&mut SourceFd(&fd))
            }
            None => Ok(()),
        }
    }

    /// Has the system say once more what is ready.
    fn arm(&self, fd: i32, wanted: Sides) -> io::Result<()> {
        let poll = self.poll.borrow();
        let (token, interest) = (EventKey(fd as usize), interest(wanted));
        poll.registry()
            .reregister(&mut SourceFd(&fd), token, interest)
    }

    /// What is ready now, in the system's order.
    ///
    /// # Errors
    /// The system's.
    pub fn ready(&self) -> io::Result<Vec<(i32, Sides)>> {
        for (&fd, &wanted) in &*self.wanted.borrow() {
            // One that was closed is gone from the system's set.
            let _ = self.arm(fd, wanted);
        }
        let mut events = self.events.borrow_mut();
        match self
            .poll
            .borrow_mut()
            .poll(&mut events, Some(Duration::ZERO))
        {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            Err(_) => events.clear(),
            Ok(()) => {}
        }
        let always = self.always.borrow();
        let mut found: Vec<(i32, Sides)> = always.iter().map(|(&fd, &sides)| (fd, sides)).collect();
        for event in events.iter() {
            let sides = Sides {
                read: event.is_readable(),
                write: event.is_writable(),
                hung_up: event.is_write_closed() && !event.is_error(),
                error: event.is_error(),
            };
            found.push((event.token().0 as i32, sides));
        }
        Ok(found)
    }
}

fn interest(wanted: Sides) -> Interest {
    match (wanted.read, wanted.write) {
        (true, true) => Interest::READABLE | Interest::WRITABLE,
        (false, true) => Interest::WRITABLE,
        // Errors and the other end's closing are always told.
        _ => Interest::READABLE,
    }
}
