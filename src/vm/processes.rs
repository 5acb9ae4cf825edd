//! The door to other processes: the trait through which programs start, signal and await them.
//!
//! A host owns a `Processes`; nothing else starts a process. Words and paths are plain Rust data, errors are the system's. The real
//! one is `embed/os_processes.rs`; `NoProcesses` refuses everything.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::vm::seldom_call::{SeldomAnswer, SeldomArguments, SeldomCall};

/// What to start and how.
#[derive(Debug, Default)]
pub struct Spawn {
    /// The file to run; without a slash it is searched for in the PATH.
    pub program: OsString,
    /// The words of the command line, the program's name included.
    pub words: Vec<OsString>,
    /// The whole environment; None: this process's.
    pub environment: Option<Vec<(OsString, OsString)>>,
    /// The directory to start in.
    pub directory: Option<PathBuf>,
    /// Its standard streams; None: those of this process.
    pub streams: [Option<OwnedFd>; 3],
    /// The process group to put it in; 0: a new one.
    pub group: Option<i32>,
    /// Whether it leads a session of its own.
    pub session: Session,
    /// The user and the group to run as.
    pub user: Option<u32>,
    /// See `user`.
    pub user_group: Option<u32>,
}

/// The session of a new process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Session {
    /// That of this process.
    #[default]
    Same,
    /// A new one.
    New,
}

/// How to wait for a child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Only ask.
    Ask,
    /// Until one has ended.
    Wait,
}

/// Processes of the system.
pub trait Processes {
    /// Starts a process: its number. The system keeps its status until `wait` asks for it.
    ///
    /// # Errors
    /// The system's: there is no such program, it may not be run.
    fn spawn(&self, spawn: Spawn) -> io::Result<i32>;
    /// The number and the raw status of a child process that has ended; None: it has not.
    ///
    /// # Errors
    /// The system's: there is no such child.
    fn wait(&self, number: i32, patience: Patience) -> io::Result<Option<(i32, i32)>>;
    /// Sends a signal to a process or, for a negative number, to a process group; 0 only asks whether one could.
    ///
    /// # Errors
    /// The system's.
    fn kill(&self, number: i32, signal: i32) -> io::Result<()>;
    /// Becomes another program: returns only if that failed.
    ///
    /// # Errors
    /// The system's: there is no such program, it may not be run.
    fn become_program(&self, spawn: Spawn) -> io::Result<()>;
    /// Ends this process at once with a status: nothing is written any more, nothing is finished.
    ///
    /// # Errors
    /// It may not be ended.
    fn leave(&self, status: i32) -> io::Result<()>;
    /// The process group of a process, and its session.
    ///
    /// # Errors
    /// The system's.
    fn group(&self, number: i32) -> io::Result<(i32, i32)>;
    /// Moves a process to a process group.
    ///
    /// # Errors
    /// The system's.
    fn join_group(&self, number: i32, group: i32) -> io::Result<()>;
    /// Makes this process the leader of a new session.
    ///
    /// # Errors
    /// The system's: it leads a process group.
    fn begin_session(&self) -> io::Result<()>;
    /// Makes a call that few programs need.
    ///
    /// # Errors
    /// The system's.
    fn seldom(&self, call: SeldomCall, arguments: &SeldomArguments) -> io::Result<SeldomAnswer>;
    /// Sets the permissions that new files do not get; the earlier ones.
    ///
    /// # Errors
    /// They may not be set.
    fn mask(&self, mask: u32) -> io::Result<u32>;
    /// The soft and the hard limit of a resource, None for no limit, and sets them if there are new ones.
    ///
    /// # Errors
    /// The system's: there is no such resource, the hard limit may not be raised.
    fn limit(&self, resource: u32, new: Option<Limits>) -> io::Result<Limits>;
    /// The resources that this process (0), its children (-1) or this thread (1) have used: two times in seconds, then 14 counts.
    ///
    /// # Errors
    /// The system's: there is no such choice.
    fn usage(&self, whose: i32) -> io::Result<([f64; 2], [i64; 14])>;
}

/// The soft and the hard limit of a resource; None for no limit.
pub type Limits = [Option<u64>; 2];

/// Processes that a program has no access to.
pub struct NoProcesses;

fn refused<T>() -> io::Result<T> {
    Err(ErrorKind::PermissionDenied.into())
}

impl Processes for NoProcesses {
    fn seldom(&self, _: SeldomCall, _: &SeldomArguments) -> io::Result<SeldomAnswer> {
        refused()
    }

    fn spawn(&self, _: Spawn) -> io::Result<i32> {
        refused()
    }

    fn wait(&self, _: i32, _: Patience) -> io::Result<Option<(i32, i32)>> {
        refused()
    }

    fn become_program(&self, _: Spawn) -> io::Result<()> {
        refused()
    }

    fn kill(&self, _: i32, _: i32) -> io::Result<()> {
        refused()
    }

    fn leave(&self, _: i32) -> io::Result<()> {
        refused()
    }

    fn group(&self, _: i32) -> io::Result<(i32, i32)> {
        refused()
    }

    fn join_group(&self, _: i32, _: i32) -> io::Result<()> {
        refused()
    }

    fn begin_session(&self) -> io::Result<()> {
        refused()
    }

    fn mask(&self, _: u32) -> io::Result<u32> {
        refused()
    }

    fn limit(&self, _: u32, _: Option<Limits>) -> io::Result<Limits> {
        refused()
    }

    fn usage(&self, _: i32) -> io::Result<([f64; 2], [i64; 14])> {
        refused()
    }
}
