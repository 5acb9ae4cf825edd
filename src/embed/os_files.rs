//! The real file system, by the standard library of Rust.
//!
//! Open files are known by their descriptors, so that `os.read(fd)` and `open(fd)` find what `open(path)` made. The standard streams
//! are reached through copies of their descriptors, past Rust's buffers. A descriptor that somebody else opened is
//! reached through /dev/fd.

use std::cell::{OnceCell, RefCell};
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{
    DirBuilderExt, DirEntryExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, lchown, symlink,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::stat::Mode;
use nix::sys::statvfs::statvfs;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, mkfifo};
use rustc_hash::FxHashMap;

use super::os_seldom_calls::{copy_from, place_over};
use crate::vm::files::{Change, Entry, Files, Links, Manner, OpenFile, OpenHow, Operation, Stat};

/// EBADF: no such descriptor is open.
const BAD_DESCRIPTOR: i32 = 9;
/// The type bits of a mode.
const TYPE_BITS: u32 = 0o170_000;

/// The file system of the machine.
#[derive(Default)]
pub struct OsFiles {
    open: RefCell<FxHashMap<i64, Weak<OsFile>>>,
    standard: [OnceCell<Arc<Standard>>; 3],
}

/// An open file; None once it is closed.
struct OsFile {
    file: Mutex<Option<File>>,
    number: i64,
}

/// A standard stream, reached through a descriptor of its own.
struct Standard {
    number: i64,
    /// Until the program puts another file into the stream's place.
    copy: Mutex<Option<Arc<File>>>,
}

impl OsFiles {
    fn adopt(&self, file: File) -> Arc<OsFile> {
        let number = i64::from(file.as_raw_fd());
        let file = Arc::new(OsFile {
            file: Mutex::new(Some(file)),
            number,
        });
        self.open.borrow_mut().insert(number, Arc::downgrade(&file));
        file
    }

    /// Makes a descriptor of an open file, or a free one, another one of `file`; a free one makes an open file.
    fn place(&self, file: &File, target: i64) -> io::Result<Option<Arc<dyn OpenFile>>> {
        let bad = || io::Error::from_raw_os_error(BAD_DESCRIPTOR);
        let wanted = RawFd::try_from(target).ok().filter(|&number| number >= 0);
        let wanted = wanted.ok_or_else(bad)?;
        let known = self.open.borrow().get(&target).and_then(Weak::upgrade);
        if let Some(known) = known {
            let mut held = known.lock();
            if let Some(old) = held.take() {
                let mut descriptor = OwnedFd::from(old);
                let placed = place_over(file, &mut descriptor);
                *held = Some(File::from(descriptor));
                placed?;
                return Ok(None);
            }
        }
        let copy = copy_from(file, wanted)?;
        if copy.as_raw_fd() != wanted {
            // The descriptor is open, but no file of the program has it.
            return Err(bad());
        }
        Ok(Some(self.adopt(File::from(copy))))
    }
}

impl OsFile {
    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, act: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match &*self.lock() {
            Some(file) => act(file),
            None => Err(io::Error::from_raw_os_error(BAD_DESCRIPTOR)),
        }
    }
}

impl OpenFile for OsFile {
    fn number(&self) -> i64 {
        self.number
    }

    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        self.with(|mut file| file.read(into))
    }

    fn write(&self, data: &[u8]) -> io::Result<usize> {
        self.with(|mut file| file.write(data))
    }

    fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        self.with(|mut file| file.seek(to))
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.with(|file| file.set_len(size))
    }

    fn stat(&self) -> io::Result<Stat> {
        self.with(|file| file.metadata().map(|found| stat_of(&found)))
    }

    fn is_terminal(&self) -> bool {
        self.lock().as_ref().is_some_and(File::is_terminal)
    }

    fn sync(&self) -> io::Result<()> {
        self.with(File::sync_all)
    }

    fn close(&self) -> io::Result<()> {
        match self.lock().take() {
            Some(_) => Ok(()),
            None => Err(io::Error::from_raw_os_error(BAD_DESCRIPTOR)),
        }
    }

    fn descriptor(&self) -> io::Result<OwnedFd> {
        self.with(|file| file.as_fd().try_clone_to_owned())
    }

    fn manner(&self) -> io::Result<Manner> {
        self.with(manner_of)
    }

    fn set_manner(&self, manner: Manner) -> io::Result<()> {
        self.with(|file| behave(file, manner))
    }

    fn operate(&self, act: Operation<'_>) -> io::Result<()> {
        self.with(|file| act(file.as_fd()))
    }
}

/// How a descriptor behaves.
pub fn manner_of(file: &impl AsFd) -> io::Result<Manner> {
    let own = FdFlag::from_bits_truncate(fcntl(file, FcntlArg::F_GETFD)?);
    let shared = OFlag::from_bits_truncate(fcntl(file, FcntlArg::F_GETFL)?);
    Ok(Manner {
        inherited: !own.contains(FdFlag::FD_CLOEXEC),
        blocking: !shared.contains(OFlag::O_NONBLOCK),
    })
}

/// Has a descriptor behave so.
pub fn behave(file: &impl AsFd, manner: Manner) -> io::Result<()> {
    let mut own = FdFlag::from_bits_truncate(fcntl(file, FcntlArg::F_GETFD)?);
    own.set(FdFlag::FD_CLOEXEC, !manner.inherited);
    fcntl(file, FcntlArg::F_SETFD(own))?;
    let mut shared = OFlag::from_bits_truncate(fcntl(file, FcntlArg::F_GETFL)?);
    shared.set(OFlag::O_NONBLOCK, !manner.blocking);
    fcntl(file, FcntlArg::F_SETFL(shared))?;
    Ok(())
}

impl Standard {
    fn new(number: i64) -> Standard {
        Standard {
            number,
            copy: Mutex::new(None),
        }
    }

    fn copy(&self) -> MutexGuard<'_, Option<Arc<File>>> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> io::Result<Arc<File>> {
        let mut known = self.copy();
        if let Some(file) = &*known {
            return Ok(Arc::clone(file));
        }
        let copy = File::from(match self.number {
            0 => io::stdin().as_fd().try_clone_to_owned()?,
            1 => io::stdout().as_fd().try_clone_to_owned()?,
            _ => io::stderr().as_fd().try_clone_to_owned()?,
        });
        Ok(Arc::clone(known.insert(Arc::new(copy))))
    }
}

impl OpenFile for Standard {
    fn number(&self) -> i64 {
        self.number
    }

    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let file = self.file()?;
        let mut waits = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
        // Ctrl-C ends the wait at once; the timeout lets the caller look for it where another thread got the signal.
        if poll(&mut waits, PollTimeout::from(100_u8))? == 0 {
            return Err(ErrorKind::Interrupted.into());
        }
        (&*file).read(into)
    }

    fn write(&self, data: &[u8]) -> io::Result<usize> {
        (&*self.file()?).write(data)
    }

    fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        (&*self.file()?).seek(to)
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.file()?.set_len(size)
    }

    fn stat(&self) -> io::Result<Stat> {
        Ok(stat_of(&self.file()?.metadata()?))
    }

    fn is_terminal(&self) -> bool {
        self.file().is_ok_and(|file| file.is_terminal())
    }

    fn sync(&self) -> io::Result<()> {
        self.file()?.sync_all()
    }

    fn close(&self) -> io::Result<()> {
        // The process keeps its standard streams: what a report says at its end goes there.
        Ok(())
    }

    fn descriptor(&self) -> io::Result<OwnedFd> {
        self.file()?.as_fd().try_clone_to_owned()
    }

    fn manner(&self) -> io::Result<Manner> {
        let manner = manner_of(&*self.file()?)?;
        // The copy is not inherited, the stream is.
        Ok(Manner {
            inherited: true,
            ..manner
        })
    }

    fn set_manner(&self, manner: Manner) -> io::Result<()> {
        behave(
            &*self.file()?,
            Manner {
                inherited: false,
                ..manner
            },
        )
    }

    fn operate(&self, act: Operation<'_>) -> io::Result<()> {
        act(self.file()?.as_fd())
    }
}

fn stat_of(found: &fs::Metadata) -> Stat {
    let time = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    Stat {
        mode: found.mode(),
        inode: found.ino(),
        device: found.dev(),
        links: found.nlink(),
        user: found.uid(),
        group: found.gid(),
        size: found.size(),
        accessed: time(found.atime(), found.atime_nsec()),
        modified: time(found.mtime(), found.mtime_nsec()),
        changed: time(found.ctime(), found.ctime_nsec()),
        block_size: found.blksize(),
        blocks: found.blocks(),
        special_device: found.rdev(),
    }
}

fn time_of(nanos: i128) -> io::Result<SystemTime> {
    let span = u64::try_from(nanos.unsigned_abs()).map(Duration::from_nanos);
    let time = span.ok().and_then(|span| match nanos < 0 {
        true => UNIX_EPOCH.checked_sub(span),
        false => UNIX_EPOCH.checked_add(span),
    });
    time.ok_or_else(|| ErrorKind::InvalidInput.into())
}

impl Files for OsFiles {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Arc<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        // Rust refuses to empty or make a file that is not written; the flags of the call say it, too.
        let writes = how.write || how.append;
        options.read(how.read).write(how.write).append(how.append);
        options.truncate(how.truncate && writes);
        options.create(how.create && writes);
        options.create_new(how.exclusive && how.create && writes);
        options.custom_flags(how.flags).mode(how.mode);
        Ok(self.adopt(options.open(path)?))
    }

    fn by_number(&self, number: i64) -> io::Result<Arc<dyn OpenFile>> {
        let known = self.open.borrow().get(&number).and_then(Weak::upgrade);
        match known {
            Some(file) if file.lock().is_some() => Ok(file),
            None if (0..3).contains(&number) => {
                let at = number as usize;
                let standard = self.standard[at].get_or_init(|| Arc::new(Standard::new(number)));
                Ok(Arc::clone(standard) as Arc<dyn OpenFile>)
            }
            _ => {
                let path = format!("/dev/fd/{number}");
                let mut options = OpenOptions::new();
                let opened = options.read(true).write(true).open(&path);
                let opened = opened.or_else(|_| OpenOptions::new().read(true).open(&path));
                match opened {
                    Ok(file) => Ok(self.adopt(file)),
                    Err(_) => Err(io::Error::from_raw_os_error(BAD_DESCRIPTOR)),
                }
            }
        }
    }

    fn take_over(&self, descriptor: OwnedFd) -> io::Result<Arc<dyn OpenFile>> {
        Ok(self.adopt(File::from(descriptor)))
    }

    fn duplicate(&self, number: i64) -> io::Result<Arc<dyn OpenFile>> {
        let known = self.open.borrow().get(&number).and_then(Weak::upgrade);
        let copy = match known {
            Some(file) => file.with(File::try_clone)?,
            None if (0..3).contains(&number) => Standard::new(number).file()?.try_clone()?,
            None => return Err(io::Error::from_raw_os_error(BAD_DESCRIPTOR)),
        };
        Ok(self.adopt(copy))
    }

    fn redirect(&self, number: i64, target: i64) -> io::Result<Option<Arc<dyn OpenFile>>> {
        let known = self.open.borrow().get(&number).and_then(Weak::upgrade);
        let file = match known {
            Some(file) => file.with(File::try_clone)?,
            None if (0..3).contains(&number) => Standard::new(number).file()?.try_clone()?,
            None => return Err(io::Error::from_raw_os_error(BAD_DESCRIPTOR)),
        };
        match target {
            0 => dup2_stdin(file)?,
            1 => dup2_stdout(file)?,
            2 => dup2_stderr(file)?,
            _ => return self.place(&file, target),
        }
        let standard = usize::try_from(target)
            .ok()
            .and_then(|at| self.standard.get(at));
        if let Some(standard) = standard.and_then(OnceCell::get) {
            *standard.copy() = None;
        }
        Ok(None)
    }

    fn terminal(&self) -> io::Result<[Arc<dyn OpenFile>; 2]> {
        let pair = openpty(None, None)?;
        let ends = [pair.master, pair.slave].map(File::from);
        for end in &ends {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        Ok(ends.map(|end| self.adopt(end) as Arc<dyn OpenFile>))
    }

    fn pipe(&self) -> io::Result<[Arc<dyn OpenFile>; 2]> {
        let (reader, writer) = io::pipe()?;
        let reader = self.adopt(File::from(OwnedFd::from(reader)));
        let writer = self.adopt(File::from(OwnedFd::from(writer)));
        Ok([reader, writer])
    }

    fn stat(&self, path: &Path, links: Links) -> io::Result<Stat> {
        let found = match links {
            Links::Follow => fs::metadata(path),
            Links::Keep => fs::symlink_metadata(path),
        };
        found.map(|found| stat_of(&found))
    }

    fn file_system(&self, path: &Path) -> io::Result<[u64; 11]> {
        let found = statvfs(path)?;
        Ok([
            found.block_size(),
            found.fragment_size(),
            found.blocks(),
            found.blocks_free(),
            found.blocks_available(),
            found.files(),
            found.files_free(),
            found.files_available(),
            found.flags().bits(),
            found.name_max(),
            found.filesystem_id(),
        ])
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let entries = fs::read_dir(path)?.map(|entry| {
            let entry = entry?;
            Ok(Entry {
                name: entry.file_name(),
                kind: entry.metadata().map_or(0, |found| found.mode() & TYPE_BITS),
                inode: entry.ino(),
            })
        });
        entries.collect()
    }

    fn change(&self, change: Change<'_>) -> io::Result<()> {
        match change {
            Change::MakeDir(path, mode) => fs::DirBuilder::new().mode(mode).create(path),
            Change::RemoveDir(path) => fs::remove_dir(path),
            Change::Remove(path) => fs::remove_file(path),
            Change::Rename(from, to) => fs::rename(from, to),
            Change::Link(target, name) => fs::hard_link(target, name),
            Change::Symlink(target, name) => symlink(target, name),
            Change::Permissions(path, mode) => {
                fs::set_permissions(path, Permissions::from_mode(mode))
            }
            Change::Times(path, accessed, modified) => {
                let times = FileTimes::new()
                    .set_accessed(time_of(accessed)?)
                    .set_modified(time_of(modified)?);
                File::open(path)?.set_times(times)
            }
            Change::Truncate(path, size) => {
                OpenOptions::new().write(true).open(path)?.set_len(size)
            }
            Change::Owner(path, user, group, Links::Follow) => chown(path, user, group),
            Change::Owner(path, user, group, Links::Keep) => lchown(path, user, group),
            Change::Pipe(path, mode) => Ok(mkfifo(path, Mode::from_bits_truncate(mode))?),
            Change::WorkIn(path) => std::env::set_current_dir(path),
        }
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        std::env::current_dir()
    }

    fn check_database(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}
