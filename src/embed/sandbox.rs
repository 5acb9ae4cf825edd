//! The doors of a sandbox: a program sees nothing of the world but what is opened for it.
//!
//! `Doors` says what is open. `Guarded` is the file system behind them: each path is resolved, symbolic links included, and must then lie
//! in an open folder. What is refused is a PermissionError whose text names the option that opens the door. A new kind of door is
//! a field of `Doors`, an option in `cli/args`, and the place in the host that asks.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::vm::files::{Change, Entry, Files, Links, OpenFile, OpenHow, Stat};
use crate::vm::processes::{Limits, Patience, Processes, Spawn};
use crate::vm::seldom_call::{SeldomAnswer, SeldomArguments, SeldomCall};

/// The standard streams have lower numbers than any other file.
const STANDARD: i64 = 3;

/// The parts of the world that a program may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doors {
    /// Folders in which files may be read.
    pub read: Vec<PathBuf>,
    /// Folders in which files may be read and changed.
    pub write: Vec<PathBuf>,
    /// Variables of the environment.
    pub environment: Vec<OsString>,
    /// Whether there are sockets.
    pub network: bool,
    /// Whether there are other processes.
    pub processes: bool,
}

/// Whether the program may reach the process's own standard streams by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardStreams {
    /// It may: they are the program's.
    Open,
    /// It may not: they are the embedding program's.
    Shut,
}

/// What is done with a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Write,
}

/// The error of an act that the sandbox refuses.
#[must_use]
pub fn refused(option: &str) -> io::Error {
    let text = format!("Permission denied by the sandbox ({option} allows it)");
    io::Error::new(ErrorKind::PermissionDenied, text)
}

/// A file system of which only some folders are open.
pub struct Guarded {
    inner: Rc<dyn Files>,
    doors: Doors,
    streams: StandardStreams,
    /// The descriptors that the program opened.
    opened: RefCell<FxHashSet<i64>>,
}

impl Guarded {
    /// The open part of a file system.
    #[must_use]
    pub fn new(inner: Rc<dyn Files>, doors: Doors, streams: StandardStreams) -> Guarded {
        let resolve = |paths: Vec<PathBuf>| -> Vec<PathBuf> {
            let resolved = paths.into_iter().map(|path| path.canonicalize());
            resolved.filter_map(Result::ok).collect()
        };
        let doors = Doors {
            read: resolve(doors.read),
            write: resolve(doors.write),
            ..doors
        };
        Guarded {
            inner,
            doors,
            streams,
            opened: RefCell::default(),
        }
    }

    /// The path without symbolic links, if it may be used; the last part need not exist.
    fn allow(&self, path: &Path, links: Links, how: Use) -> io::Result<PathBuf> {
        let refused = || {
            refused(if how == Use::Read {
                "--allow-read"
            } else {
                "--allow-write"
            })
        };
        let resolved = match (path.canonicalize(), links) {
            (Ok(resolved), Links::Follow) => resolved,
            // A link that leads nowhere would be followed where a file is made.
            (Err(_), Links::Follow) if path.is_symlink() => return Err(refused()),
            _ => {
                let absolute = std::path::absolute(path)?;
                let (parent, name) = (absolute.parent(), absolute.file_name());
                let (Some(parent), Some(name)) = (parent, name) else {
                    return Err(refused());
                };
                let parent = parent.canonicalize().map_err(|_| refused())?;
                parent.join(name)
            }
        };
        let readable = self.doors.read.iter().filter(|_| how == Use::Read);
        let mut open = self.doors.write.iter().chain(readable);
        if open.any(|folder| resolved.starts_with(folder)) {
            return Ok(resolved);
        }
        Err(refused())
    }

    fn note(&self, file: Arc<dyn OpenFile>) -> Arc<dyn OpenFile> {
        self.opened.borrow_mut().insert(file.number());
        file
    }

    fn check_number(&self, number: i64) -> io::Result<()> {
        let is_standard = number < STANDARD && self.streams == StandardStreams::Open;
        if is_standard || self.opened.borrow().contains(&number) {
            return Ok(());
        }
        Err(refused("--allow-read"))
    }
}

impl Files for Guarded {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Arc<dyn OpenFile>> {
        let changes = how.write || how.append || how.create || how.truncate || how.exclusive;
        let path = self.allow(
            path,
            Links::Follow,
            if changes { Use::Write } else { Use::Read },
        )?;
        Ok(self.note(self.inner.open(&path, how)?))
    }

    fn by_number(&self, number: i64) -> io::Result<Arc<dyn OpenFile>> {
        self.check_number(number)?;
        self.inner.by_number(number)
    }

    fn take_over(&self, descriptor: OwnedFd) -> io::Result<Arc<dyn OpenFile>> {
        Ok(self.note(self.inner.take_over(descriptor)?))
    }

    fn duplicate(&self, number: i64) -> io::Result<Arc<dyn OpenFile>> {
        self.check_number(number)?;
        Ok(self.note(self.inner.duplicate(number)?))
    }

    fn redirect(&self, number: i64, target: i64) -> io::Result<Option<Arc<dyn OpenFile>>> {
        self.check_number(number)?;
        self.check_number(target)?;
        let made = self.inner.redirect(number, target)?;
        Ok(made.map(|file| self.note(file)))
    }

    fn terminal(&self) -> io::Result<[Arc<dyn OpenFile>; 2]> {
        self.allow(Path::new("/dev/ptmx"), Links::Follow, Use::Write)?;
        Ok(self.inner.terminal()?.map(|end| self.note(end)))
    }

    fn pipe(&self) -> io::Result<[Arc<dyn OpenFile>; 2]> {
        Ok(self.inner.pipe()?.map(|end| self.note(end)))
    }

    fn stat(&self, path: &Path, links: Links) -> io::Result<Stat> {
        let path = self.allow(path, links, Use::Read)?;
        self.inner.stat(&path, links)
    }

    fn file_system(&self, path: &Path) -> io::Result<[u64; 11]> {
        let path = self.allow(path, Links::Follow, Use::Read)?;
        self.inner.file_system(&path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let path = self.allow(path, Links::Follow, Use::Read)?;
        self.inner.list(&path)
    }

    fn change(&self, change: Change<'_>) -> io::Result<()> {
        let follow = |path| self.allow(path, Links::Follow, Use::Write);
        let keep = |path| self.allow(path, Links::Keep, Use::Write);
        match change {
            Change::MakeDir(path, _) | Change::Pipe(path, _) => keep(path).map(drop),
            Change::Owner(path, .., links) => self.allow(path, links, Use::Write).map(drop),
            Change::RemoveDir(path) | Change::Remove(path) => keep(path).map(drop),
            Change::Rename(from, to) => keep(from).and(keep(to)).map(drop),
            // The new name would stand for the target: that must be open, too.
            Change::Link(target, name) => follow(target).and(keep(name)).map(drop),
            Change::Symlink(_, name) => keep(name).map(drop),
            Change::Permissions(path, _) | Change::Times(path, ..) | Change::Truncate(path, _) => {
                follow(path).map(drop)
            }
            Change::WorkIn(path) => self.allow(path, Links::Follow, Use::Read).map(drop),
        }?;
        self.inner.change(change)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let path = self.allow(path, Links::Keep, Use::Read)?;
        self.inner.read_link(&path)
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        let current = self.inner.current_dir()?;
        self.allow(&current, Links::Follow, Use::Read)
    }

    fn check_database(&self, path: &Path) -> io::Result<()> {
        self.allow(path, Links::Follow, Use::Write).map(drop)
    }
}

/// Other processes behind a shut door.
pub struct GuardedProcesses;

impl Processes for GuardedProcesses {
    fn seldom(&self, _: SeldomCall, _: &SeldomArguments) -> io::Result<SeldomAnswer> {
        Err(refused("--allow-run"))
    }

    fn spawn(&self, _: Spawn) -> io::Result<i32> {
        Err(refused("--allow-run"))
    }

    fn become_program(&self, _: Spawn) -> io::Result<()> {
        Err(refused("--allow-run"))
    }

    fn wait(&self, _: i32, _: Patience) -> io::Result<Option<(i32, i32)>> {
        Err(refused("--allow-run"))
    }

    fn kill(&self, _: i32, _: i32) -> io::Result<()> {
        Err(refused("--allow-run"))
    }

    fn leave(&self, _: i32) -> io::Result<()> {
        Err(refused("--allow-run"))
    }

    fn group(&self, _: i32) -> io::Result<(i32, i32)> {
        Err(refused("--allow-run"))
    }

    fn join_group(&self, _: i32, _: i32) -> io::Result<()> {
        Err(refused("--allow-run"))
    }

    fn begin_session(&self) -> io::Result<()> {
        Err(refused("--allow-run"))
    }

    fn mask(&self, _: u32) -> io::Result<u32> {
        Err(refused("--allow-run"))
    }

    fn limit(&self, _: u32, _: Option<Limits>) -> io::Result<Limits> {
        Err(refused("--allow-run"))
    }

    fn usage(&self, _: i32) -> io::Result<([f64; 2], [i64; 14])> {
        Err(refused("--allow-run"))
    }
}
