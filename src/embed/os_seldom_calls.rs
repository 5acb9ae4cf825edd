//! The seldom calls of the system (`vm/seldom_call.rs`), made by packages that wrap them safely.
//!
//! Each call takes what its variant says; what is missing is an error of the system, EINVAL.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, setns, unshare};
use nix::unistd::{self, Gid, Pid, Uid};
use rustix::event::EventfdFlags;
use rustix::fs::{Dev, FileType, MemfdFlags, Mode, XattrFlags};
use rustix::io::{dup2, fcntl_dupfd_cloexec};
use rustix::pipe::SpliceFlags;
use rustix::process::PidfdFlags;
use rustix::pty::OpenptFlags;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use crate::vm::seldom_call::{SeldomAnswer, SeldomArguments, SeldomCall};

const BILLION: i64 = 1_000_000_000;
/// The longest value of an attribute, and the longest list of names, that Linux has.
const LONGEST_ATTRIBUTE: usize = 1 << 16;

/// Makes an open descriptor another one of a file; what it was before is closed.
///
/// # Errors
/// The system's.
pub fn place_over(file: &File, descriptor: &mut OwnedFd) -> io::Result<()> {
    Ok(dup2(file, descriptor)?)
}

/// Another descriptor of a file: the first free number from `lowest` on.
///
/// # Errors
/// The system's.
pub fn copy_from(file: &File, lowest: RawFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(file, lowest)?)
}

/// Makes a call.
///
/// # Errors
/// The system's.
pub fn make(call: SeldomCall, arguments: &SeldomArguments) -> io::Result<SeldomAnswer> {
    match call {
        SeldomCall::ChangeRoot
        | SeldomCall::MakeNode
        | SeldomCall::Attribute
        | SeldomCall::SetAttribute
        | SeldomCall::RemoveAttribute
        | SeldomCall::Attributes => of_paths(call, arguments),
        SeldomCall::EventFile
        | SeldomCall::MemoryFile
        | SeldomCall::ProcessFile
        | SeldomCall::TimerFile
        | SeldomCall::OpenTerminal => new_file(call, arguments).map(SeldomAnswer::File),
        SeldomCall::SetTimer
        | SeldomCall::TimerLeft
        | SeldomCall::GrantTerminal
        | SeldomCall::UnlockTerminal
        | SeldomCall::TerminalName
        | SeldomCall::JoinNamespace
        | SeldomCall::Splice => of_files(call, arguments),
        SeldomCall::Nice
        | SeldomCall::SetPriority
        | SeldomCall::Unshare
        | SeldomCall::SetProcessors => of_process(call, arguments),
        _ => of_owner(call, arguments),
    }
}

fn of_paths(call: SeldomCall, arguments: &SeldomArguments) -> io::Result<SeldomAnswer> {
    let path = Path::new(OsStr::from_bytes(text(arguments, 0)?));
    match call {
        SeldomCall::ChangeRoot => unistd::chroot(path)?,
        SeldomCall::MakeNode => {
            let mode = number(arguments, 0)? as u32;
            let kind = match FileType::from_raw_mode(mode) {
                FileType::Unknown => FileType::RegularFile,
                kind => kind,
            };
            let device = number(arguments, 1)? as Dev;
            let mode = Mode::from_raw_mode(mode & 0o7777);
            rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, device)?;
        }
        SeldomCall::Attribute => {
            let mut value = vec![0; LONGEST_ATTRIBUTE];
            let length = rustix::fs::getxattr(path, text(arguments, 1)?, &mut value[..])?;
            value.truncate(length);
            return Ok(SeldomAnswer::Text(value));
        }
        SeldomCall::SetAttribute => {
            let flags = XattrFlags::from_bits_retain(number(arguments, 0)? as u32);
            rustix::fs::setxattr(path, text(arguments, 1)?, text(arguments, 2)?, flags)?;
        }
        SeldomCall::RemoveAttribute => rustix::fs::removexattr(path, text(arguments, 1)?)?,
        _ => {
            let mut names = vec![0; LONGEST_ATTRIBUTE];
            let length = rustix::fs::listxattr(path, &mut names[..])?;
            names.truncate(length);
            return Ok(SeldomAnswer::Text(names));
        }
    }
    Ok(SeldomAnswer::Nothing)
}

fn new_file(call: SeldomCall, arguments: &SeldomArguments) -> io::Result<OwnedFd> {
    let flags = |at| number(arguments, at).map(|flags| flags as u32);
    Ok(match call {
        SeldomCall::EventFile => {
            let flags = EventfdFlags::from_bits_retain(flags(1)?);
            rustix::event::eventfd(number(arguments, 0)? as u32, flags)?
        }
        SeldomCall::MemoryFile => {
            let flags = MemfdFlags::from_bits_retain(flags(0)?);
            rustix::fs::memfd_create(text(arguments, 0)?, flags)?
        }
        SeldomCall::ProcessFile => {
            let process = process(number(arguments, 0)?, Errno::EINVAL)?;
            let flags = PidfdFlags::from_bits_retain(flags(1)?);
            rustix::process::pidfd_open(process.ok_or(Errno::EINVAL)?, flags)?
        }
        SeldomCall::TimerFile => {
            let clock = match number(arguments, 0)? {
                0 => TimerfdClockId::Realtime,
                1 => TimerfdClockId::Monotonic,
                7 => TimerfdClockId::Boottime,
                _ => return Err(Errno::EINVAL.into()),
            };
            rustix::time::timerfd_create(clock, TimerfdFlags::from_bits_retain(flags(1)?))?
        }
        _ => rustix::pty::openpt(OpenptFlags::from_bits_retain(flags(0)?))?,
    })
}

fn of_files(call: SeldomCall, arguments: &SeldomArguments) -> io::Result<SeldomAnswer> {
    let file = file(arguments, 0)?;
    match call {
        SeldomCall::SetTimer => {
            let flags = TimerfdTimerFlags::from_bits_retain(number(arguments, 0)? as u32);
            let new = Itimerspec {
                it_value: moment(number(arguments, 1)?),
                it_interval: moment(number(arguments, 2)?),
            };
            let before = rustix::time::timerfd_settime(file, flags, &new)?;
            return Ok(left(&before));
        }
        SeldomCall::TimerLeft => return Ok(left(&rustix::time::timerfd_gettime(file)?)),
        SeldomCall::GrantTerminal => rustix::pty::grantpt(file)?,
        SeldomCall::UnlockTerminal => rustix::pty::unlockpt(file)?,
        SeldomCall::TerminalName => {
            let name = rustix::pty::ptsname(file, Vec::new())?;
            return Ok(SeldomAnswer::Text(name.into_bytes()));
        }
        SeldomCall::JoinNamespace => setns(file, clone_flags(number(arguments, 0)?)?)?,
        _ => {
            let offset = |at| number(arguments, at).map(|offset| u64::try_from(offset).ok());
            let (mut from, mut to) = (offset(2)?, offset(3)?);
            let length = usize::try_from(number(arguments, 0)?).map_err(|_| Errno::EINVAL)?;
            let flags = SpliceFlags::from_bits_retain(number(arguments, 1)? as u32);
            let target = self::file(arguments, 1)?;
            let moved =
                rustix::pipe::splice(file, from.as_mut(), target, to.as_mut(), length, flags)?;
            return Ok(SeldomAnswer::Numbers(vec![moved as i64]));
        }
    }
    Ok(SeldomAnswer::Nothing)
}

fn of_process(call: SeldomCall, arguments: &SeldomArguments) -> io::Result<SeldomAnswer> {
    match call {
        SeldomCall::Nice => {
            let new = rustix::process::nice(number(arguments, 0)? as i32)?;
            return Ok(one(new));
        }
        SeldomCall::SetPriority => {
            let (who, priority) = (number(arguments, 1)?, number(arguments, 2)? as i32);
            let process = process(who, Errno::ESRCH)?;
            match number(arguments, 0)? {
                0 => rustix::process::setpriority_process(process, priority)?,
                1 => rustix::process::setpriority_pgrp(process, priority)?,
                2 => {
                    let user = rustix::process::Uid::from_raw(who as u32);
                    rustix::process::setpriority_user(user, priority)?;
                }
                _ => return Err(Errno::EINVAL.into()),
            }
        }
        SeldomCall::Unshare => unshare(clone_flags(number(arguments, 0)?)?)?,
        _ => {
            let mut set = CpuSet::new();
            for processor in arguments.numbers.iter().skip(1) {
                set.set(usize::try_from(*processor).map_err(|_| Errno::EINVAL)?)?;
            }
            sched_setaffinity(Pid::from_raw(number(arguments, 0)? as i32), &set)?;
        }
    }
    Ok(SeldomAnswer::Nothing)
}

fn of_owner(call: SeldomCall, arguments: &SeldomArguments) -> io::Result<SeldomAnswer> {
    let user = |at| number(arguments, at).map(|n| Uid::from_raw(n as u32));
    let group = |at| number(arguments, at).map(|n| Gid::from_raw(n as u32));
    match call {
        SeldomCall::SetUser => unistd::setuid(user(0)?)?,
        SeldomCall::SetGroup => unistd::setgid(group(0)?)?,
        SeldomCall::SetEffectiveUser => unistd::seteuid(user(0)?)?,
        SeldomCall::SetEffectiveGroup => unistd::setegid(group(0)?)?,
        SeldomCall::SetUsers => unistd::setresuid(user(0)?, user(1)?, user(2)?)?,
        SeldomCall::SetGroups => unistd::setresgid(group(0)?, group(1)?, group(2)?)?,
        SeldomCall::SetFurtherGroups => {
            let groups = arguments.numbers.iter().map(|&n| Gid::from_raw(n as u32));
            unistd::setgroups(&groups.collect::<Vec<_>>())?;
        }
        _ => {
            let name = CString::new(text(arguments, 0)?).map_err(|_| Errno::EINVAL)?;
            unistd::initgroups(&name, group(0)?)?;
        }
    }
    Ok(SeldomAnswer::Nothing)
}

fn one(number: i32) -> SeldomAnswer {
    SeldomAnswer::Numbers(vec![i64::from(number)])
}

/// A process by its number; None for 0, which is this one. A negative number is an error.
fn process(number: i64, otherwise: Errno) -> io::Result<Option<rustix::process::Pid>> {
    let number = i32::try_from(number).ok().filter(|&number| number >= 0);
    Ok(rustix::process::Pid::from_raw(number.ok_or(otherwise)?))
}

fn moment(nanoseconds: i64) -> Timespec {
    Timespec {
        tv_sec: nanoseconds.div_euclid(BILLION),
        tv_nsec: nanoseconds.rem_euclid(BILLION),
    }
}

fn left(timer: &Itimerspec) -> SeldomAnswer {
    let nanoseconds = |time: &Timespec| time.tv_sec * BILLION + time.tv_nsec;
    let parts = [&timer.it_value, &timer.it_interval];
    SeldomAnswer::Numbers(parts.map(nanoseconds).to_vec())
}

fn clone_flags(bits: i64) -> io::Result<CloneFlags> {
    let bits = i32::try_from(bits).map_err(|_| Errno::EINVAL)?;
    Ok(CloneFlags::from_bits(bits).ok_or(Errno::EINVAL)?)
}

fn number(arguments: &SeldomArguments, at: usize) -> io::Result<i64> {
    let number = arguments.numbers.get(at);
    number.copied().ok_or_else(|| Errno::EINVAL.into())
}

fn text(arguments: &SeldomArguments, at: usize) -> io::Result<&[u8]> {
    let text = arguments.texts.get(at);
    text.map(Vec::as_slice).ok_or_else(|| Errno::EINVAL.into())
}

fn file(arguments: &SeldomArguments, at: usize) -> io::Result<&OwnedFd> {
    arguments.files.get(at).ok_or_else(|| Errno::EINVAL.into())
}
