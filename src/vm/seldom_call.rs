//! Calls of the system that few programs make: users and groups, priorities, terminals, timers and attributes of files.
//!
//! They share one door (`Processes::seldom`), for each is one call with a few numbers, texts and open files. To add one: a variant with its
//! name here, its arm in `embed/os_seldom_calls.rs`, its function in `library/_os_seldom.apy`.

use std::os::fd::OwnedFd;

/// Which call is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeldomCall {
    /// A path becomes the root of the file system.
    ChangeRoot,
    /// A new entry of a directory: a path; type and permissions, device.
    MakeNode,
    /// Adds to the niceness; the new one.
    Nice,
    /// Sets a priority: kind, number, priority.
    SetPriority,
    /// A new counter to wait for: its value, flags.
    EventFile,
    /// A new file in memory: a name; flags.
    MemoryFile,
    /// A file that stands for a process: its number, flags.
    ProcessFile,
    /// A new timer: clock, flags.
    TimerFile,
    /// Sets a timer: a file; flags, first time and interval in nanoseconds. What was left before.
    SetTimer,
    /// What is left of a timer: a file.
    TimerLeft,
    /// A new terminal's controlling side: flags.
    OpenTerminal,
    /// Gives the other side to the user.
    GrantTerminal,
    /// Unlocks the other side.
    UnlockTerminal,
    /// The path of the other side.
    TerminalName,
    /// Sets the user.
    SetUser,
    /// Sets the group.
    SetGroup,
    /// Sets the effective user.
    SetEffectiveUser,
    /// Sets the effective group.
    SetEffectiveGroup,
    /// Sets the real, effective and saved user; -1 keeps one.
    SetUsers,
    /// The same for groups.
    SetGroups,
    /// Sets all further groups.
    SetFurtherGroups,
    /// Sets the further groups to those of a user: a name; one more group.
    InitGroups,
    /// Joins a namespace: a file; its kind.
    JoinNamespace,
    /// Leaves namespaces: flags.
    Unshare,
    /// Sets the processors of a process: its number, the processors.
    SetProcessors,
    /// Moves data between two files: from, to; length, flags, and both offsets (-1: none).
    Splice,
    /// An attribute of a file: path, name.
    Attribute,
    /// Sets an attribute: path, name, value; flags.
    SetAttribute,
    /// Removes an attribute: path, name.
    RemoveAttribute,
    /// The names of the attributes of a path, each with a zero byte after it.
    Attributes,
}

/// The names by which `posix` knows the calls.
pub const NAMES: [(&str, SeldomCall); 30] = [
    ("chroot", SeldomCall::ChangeRoot),
    ("mknod", SeldomCall::MakeNode),
    ("nice", SeldomCall::Nice),
    ("setpriority", SeldomCall::SetPriority),
    ("eventfd", SeldomCall::EventFile),
    ("memfd_create", SeldomCall::MemoryFile),
    ("pidfd_open", SeldomCall::ProcessFile),
    ("timerfd_create", SeldomCall::TimerFile),
    ("timerfd_settime", SeldomCall::SetTimer),
    ("timerfd_gettime", SeldomCall::TimerLeft),
    ("posix_openpt", SeldomCall::OpenTerminal),
    ("grantpt", SeldomCall::GrantTerminal),
    ("unlockpt", SeldomCall::UnlockTerminal),
    ("ptsname", SeldomCall::TerminalName),
    ("setuid", SeldomCall::SetUser),
    ("setgid", SeldomCall::SetGroup),
    ("seteuid", SeldomCall::SetEffectiveUser),
    ("setegid", SeldomCall::SetEffectiveGroup),
    ("setresuid", SeldomCall::SetUsers),
    ("setresgid", SeldomCall::SetGroups),
    ("setgroups", SeldomCall::SetFurtherGroups),
    ("initgroups", SeldomCall::InitGroups),
    ("setns", SeldomCall::JoinNamespace),
    ("unshare", SeldomCall::Unshare),
    ("sched_setaffinity", SeldomCall::SetProcessors),
    ("splice", SeldomCall::Splice),
    ("getxattr", SeldomCall::Attribute),
    ("setxattr", SeldomCall::SetAttribute),
    ("removexattr", SeldomCall::RemoveAttribute),
    ("listxattr", SeldomCall::Attributes),
];

/// What a call is given; each call says what it takes.
#[derive(Debug, Default)]
pub struct SeldomArguments {
    /// Paths, names and values.
    pub texts: Vec<Vec<u8>>,
    /// Open files.
    pub files: Vec<OwnedFd>,
    /// All the rest.
    pub numbers: Vec<i64>,
}

/// What a call returns.
#[derive(Debug)]
pub enum SeldomAnswer {
    /// Nothing.
    Nothing,
    /// Numbers: one for a result of its own.
    Numbers(Vec<i64>),
    /// Bytes.
    Text(Vec<u8>),
    /// A new open file.
    File(OwnedFd),
}
