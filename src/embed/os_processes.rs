//! The real processes, by the standard library of Rust.
//!
//! Children are known by their numbers only: the system keeps the status of each until the program asks. A new session needs a system
//! call between fork and exec, which safe Rust cannot make: the program `setsid` makes it.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::sys::time::TimeVal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgid, getsid, setpgid, setsid};

use super::os_seldom_calls;
use crate::vm::processes::{Limits, Patience, Processes, Session, Spawn};
use crate::vm::seldom_call::{SeldomAnswer, SeldomArguments, SeldomCall};

/// The raw status for the first of the real-time signals, which stands for all of them.
const REAL_TIME_SIGNAL: i32 = 34;

/// The processes of the machine.
pub struct OsProcesses;

impl Processes for OsProcesses {
    fn spawn(&self, spawn: Spawn) -> io::Result<i32> {
        let mut command = command(&spawn)?;
        if let Some(environment) = spawn.environment {
            command.env_clear().envs(environment);
        }
        if let Some(directory) = spawn.directory {
            command.current_dir(directory);
        }
        let mut streams = spawn.streams.into_iter();
        let mut next = || {
            streams
                .next()
                .flatten()
                .map_or_else(Stdio::inherit, Stdio::from)
        };
        command.stdin(next()).stdout(next()).stderr(next());
        if let Some(group) = spawn.group {
            command.process_group(group);
        }
        if let Some(user) = spawn.user {
            command.uid(user);
        }
        if let Some(group) = spawn.user_group {
            command.gid(group);
        }
        let child = command.spawn()?;
        Ok(child.id() as i32)
    }

    fn become_program(&self, spawn: Spawn) -> io::Result<()> {
        let mut command = command(&spawn)?;
        if let Some(environment) = spawn.environment {
            command.env_clear().envs(environment);
        }
        Err(command.exec())
    }

    fn wait(&self, number: i32, patience: Patience) -> io::Result<Option<(i32, i32)>> {
        let flags = (patience == Patience::Ask).then_some(WaitPidFlag::WNOHANG);
        let status = match waitpid(Pid::from_raw(number), flags) {
            // This package does not know the real-time signals.
            Err(Errno::EINVAL) if number > 0 => return Ok(Some((number, REAL_TIME_SIGNAL))),
            status => status?,
        };
        Ok(match status {
            WaitStatus::Exited(pid, code) => Some((pid.as_raw(), code << 8)),
            WaitStatus::Signaled(pid, signal, dumped) => {
                let dumped = if dumped { 0x80 } else { 0 };
                Some((pid.as_raw(), signal as i32 | dumped))
            }
            WaitStatus::Stopped(pid, signal) => Some((pid.as_raw(), (signal as i32) << 8 | 0x7f)),
            _ => None,
        })
    }

    fn kill(&self, number: i32, signal: i32) -> io::Result<()> {
        let signal = match signal {
            0 => None,
            signal => Some(Signal::try_from(signal).map_err(|_| Errno::EINVAL)?),
        };
        Ok(kill(Pid::from_raw(number), signal)?)
    }

    fn seldom(&self, call: SeldomCall, arguments: &SeldomArguments) -> io::Result<SeldomAnswer> {
        os_seldom_calls::make(call, arguments)
    }

    fn leave(&self, status: i32) -> io::Result<()> {
        std::process::exit(status)
    }

    fn group(&self, number: i32) -> io::Result<(i32, i32)> {
        let pid = Some(Pid::from_raw(number));
        Ok((getpgid(pid)?.as_raw(), getsid(pid)?.as_raw()))
    }

    fn join_group(&self, number: i32, group: i32) -> io::Result<()> {
        Ok(setpgid(Pid::from_raw(number), Pid::from_raw(group))?)
    }

    fn begin_session(&self) -> io::Result<()> {
        Ok(setsid().map(drop)?)
    }

    fn mask(&self, mask: u32) -> io::Result<u32> {
        Ok(umask(Mode::from_bits_truncate(mask)).bits())
    }

    fn limit(&self, resource: u32, new: Option<Limits>) -> io::Result<Limits> {
        let known = RESOURCES.iter().find(|known| **known as u32 == resource);
        let resource = *known.ok_or(Errno::EINVAL)?;
        let (soft, hard) = getrlimit(resource)?;
        if let Some([soft, hard]) = new {
            let number = |limit: Option<u64>| limit.unwrap_or(RLIM_INFINITY);
            setrlimit(resource, number(soft), number(hard))?;
        }
        Ok([soft, hard].map(|limit| (limit != RLIM_INFINITY).then_some(limit)))
    }

    fn usage(&self, whose: i32) -> io::Result<([f64; 2], [i64; 14])> {
        let whose = match whose {
            0 => UsageWho::RUSAGE_SELF,
            -1 => UsageWho::RUSAGE_CHILDREN,
            1 => UsageWho::RUSAGE_THREAD,
            _ => return Err(Errno::EINVAL.into()),
        };
        let usage = getrusage(whose)?;
        let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        let raw = usage.as_ref();
        let counts = [
            raw.ru_maxrss,
            raw.ru_ixrss,
            raw.ru_idrss,
            raw.ru_isrss,
            raw.ru_minflt,
            raw.ru_majflt,
            raw.ru_nswap,
            raw.ru_inblock,
            raw.ru_oublock,
            raw.ru_msgsnd,
            raw.ru_msgrcv,
            raw.ru_nsignals,
            raw.ru_nvcsw,
            raw.ru_nivcsw,
        ];
        Ok((
            [seconds(usage.user_time()), seconds(usage.system_time())],
            counts,
        ))
    }
}

/// The resources that have limits.
const RESOURCES: [Resource; 15] = [
    Resource::RLIMIT_CPU,
    Resource::RLIMIT_FSIZE,
    Resource::RLIMIT_DATA,
    Resource::RLIMIT_STACK,
    Resource::RLIMIT_CORE,
    Resource::RLIMIT_RSS,
    Resource::RLIMIT_NPROC,
    Resource::RLIMIT_NOFILE,
    Resource::RLIMIT_MEMLOCK,
    Resource::RLIMIT_AS,
    Resource::RLIMIT_SIGPENDING,
    Resource::RLIMIT_MSGQUEUE,
    Resource::RLIMIT_NICE,
    Resource::RLIMIT_RTPRIO,
    Resource::RLIMIT_RTTIME,
];

fn command(spawn: &Spawn) -> io::Result<Command> {
    let (name, rest) = match spawn.words.split_first() {
        Some((name, rest)) => (name, rest),
        None => (&spawn.program, &[][..]),
    };
    if spawn.session == Session::New {
        // It would say what is wrong with the program in words of its own.
        let program = find(spawn)?;
        let mut command = Command::new("setsid");
        command.arg(program).args(rest);
        return Ok(command);
    }
    let mut command = Command::new(&spawn.program);
    command.arg0(name).args(rest);
    Ok(command)
}

/// The file that a program's name stands for.
fn find(spawn: &Spawn) -> io::Result<PathBuf> {
    let program = Path::new(&spawn.program);
    let root = spawn.directory.as_deref().unwrap_or(Path::new(""));
    if program.components().count() > 1 || program.is_absolute() {
        return check(&root.join(program)).map(|()| program.to_owned());
    }
    let given = spawn.environment.as_ref();
    let given = given.and_then(|all| all.iter().find(|(name, _)| name == OsStr::new("PATH")));
    let path = match given {
        Some((_, path)) => Some(path.clone()),
        None => std::env::var_os("PATH"),
    };
    let mut refused = io::Error::from(Errno::ENOENT);
    for folder in std::env::split_paths(&path.unwrap_or_default()) {
        let file = folder.join(program);
        match check(&file) {
            Ok(()) => return Ok(file),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => refused = error,
            Err(_) => {}
        }
    }
    Err(refused)
}

fn check(file: &Path) -> io::Result<()> {
    let found = std::fs::metadata(file)?;
    match found.is_file() && found.permissions().mode() & 0o111 != 0 {
        true => Ok(()),
        false => Err(Errno::EACCES.into()),
    }
}
