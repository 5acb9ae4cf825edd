//! The door to the file system: the traits through which programs reach files.
//!
//! A host owns a `Files`; nothing else opens, reads or changes what is on the disk. Paths and bytes are plain Rust data, errors are the
//! system's. The real one is `embed/os_files.rs`; `NoFiles` refuses everything. To add a way to change the file system: a
//! variant of `Change`, which each implementor must then handle.

use std::ffi::OsString;
use std::io::{self, ErrorKind, SeekFrom};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the system knows about a file; times in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stat {
    /// Type and permissions.
    pub mode: u32,
    /// Number of the file on its device.
    pub inode: u64,
    /// The device.
    pub device: u64,
    /// Number of hard links.
    pub links: u64,
    /// The user who owns it.
    pub user: u32,
    /// The group that owns it.
    pub group: u32,
    /// Bytes.
    pub size: u64,
    /// Last access.
    pub accessed: i128,
    /// Last change of the content.
    pub modified: i128,
    /// Last change of the metadata.
    pub changed: i128,
    /// The best size of a block for I/O.
    pub block_size: u64,
    /// Blocks of 512 bytes on the disk.
    pub blocks: u64,
    /// The device that a device file stands for.
    pub special_device: u64,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenHow {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Each write goes to the end.
    pub append: bool,
    /// Make the file if there is none.
    pub create: bool,
    /// Fail if there is a file.
    pub exclusive: bool,
    /// Empty the file.
    pub truncate: bool,
    /// Further flags of the system call.
    pub flags: i32,
    /// Permissions of a new file.
    pub mode: u32,
}

/// A change of the file system.
#[derive(Clone, Copy, Debug)]
pub enum Change<'p> {
    /// A new directory with these permissions.
    MakeDir(&'p Path, u32),
    /// Removes an empty directory.
    RemoveDir(&'p Path),
    /// Removes a file.
    Remove(&'p Path),
    /// Renames; replaces what has the new name.
    Rename(&'p Path, &'p Path),
    /// A hard link: the target, the new name.
    Link(&'p Path, &'p Path),
    /// A symbolic link: the target, the new name.
    Symlink(&'p Path, &'p Path),
    /// Sets the permissions.
    Permissions(&'p Path, u32),
    /// Sets the times of access and modification, nanoseconds since 1970.
    Times(&'p Path, i128, i128),
    /// Sets the length.
    Truncate(&'p Path, u64),
    /// Sets the user and the group that own it; None keeps one.
    Owner(&'p Path, Option<u32>, Option<u32>, Links),
    /// A new named pipe with these permissions.
    Pipe(&'p Path, u32),
    /// Makes this the current directory.
    WorkIn(&'p Path),
}

/// Whether a symbolic link stands for its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// The target is meant.
    Follow,
    /// The link itself is meant.
    Keep,
}

/// An entry of a directory.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: OsString,
    /// The type bits of its mode, links not followed.
    pub kind: u32,
    /// Number of the file.
    pub inode: u64,
}

/// An open file.
pub trait OpenFile: Send + Sync {
    /// The file descriptor.
    fn number(&self) -> i64;
    /// Reads some bytes; 0 at the end.
    fn read(&self, into: &mut [u8]) -> io::Result<usize>;
    /// Writes some of the bytes; their number.
    fn write(&self, data: &[u8]) -> io::Result<usize>;
    /// Moves the position.
    fn seek(&self, to: SeekFrom) -> io::Result<u64>;
    /// Sets the length.
    fn truncate(&self, size: u64) -> io::Result<()>;
    /// What the system knows about the file.
    fn stat(&self) -> io::Result<Stat>;
    /// Whether it is a terminal.
    fn is_terminal(&self) -> bool;
    /// Waits until all is on the disk.
    fn sync(&self) -> io::Result<()>;
    /// Closes it; what is done afterwards fails.
    fn close(&self) -> io::Result<()>;
    /// A descriptor of its own for the same open file: for other processes.
    fn descriptor(&self) -> io::Result<OwnedFd>;
    /// How the descriptor behaves.
    fn manner(&self) -> io::Result<Manner>;
    /// Changes that.
    fn set_manner(&self, manner: Manner) -> io::Result<()>;
    /// Acts on the descriptor itself: locks belong to it, a copy would release them when it is closed.
    ///
    /// # Errors
    /// What the action returns; the file is closed.
    fn operate(&self, act: Operation<'_>) -> io::Result<()>;
}

/// What is done with the descriptor of an open file.
pub type Operation<'a> = &'a mut dyn FnMut(BorrowedFd<'_>) -> io::Result<()>;

/// How a descriptor behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Programs that this one starts have it, too.
    pub inherited: bool,
    /// Reading and writing wait.
    pub blocking: bool,
}

/// The file system of a host.
pub trait Files {
    /// Opens a file.
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Arc<dyn OpenFile>>;
    /// The open file with this descriptor.
    fn by_number(&self, number: i64) -> io::Result<Arc<dyn OpenFile>>;
    /// Makes an open file of a descriptor, which keeps its number.
    fn take_over(&self, descriptor: OwnedFd) -> io::Result<Arc<dyn OpenFile>>;
    /// A second descriptor of an open file.
    fn duplicate(&self, number: i64) -> io::Result<Arc<dyn OpenFile>>;
    /// Makes a descriptor, which may be free, another one of an open file. A descriptor that was free makes an open file.
    fn redirect(&self, number: i64, target: i64) -> io::Result<Option<Arc<dyn OpenFile>>>;
    /// Both ends of a new pipe: the one to read from, the one to write to.
    fn pipe(&self) -> io::Result<[Arc<dyn OpenFile>; 2]>;
    /// A new pseudo-terminal: its controlling side and its terminal.
    fn terminal(&self) -> io::Result<[Arc<dyn OpenFile>; 2]>;
    /// What the system knows about a file.
    fn stat(&self, path: &Path, links: Links) -> io::Result<Stat>;
    /// The eleven numbers of the file system that a path is on, in the order of `os.statvfs`.
    fn file_system(&self, path: &Path) -> io::Result<[u64; 11]>;
    /// The entries of a directory, in the system's order, without `.` and `..`.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;
    /// Changes the file system.
    fn change(&self, change: Change<'_>) -> io::Result<()>;
    /// The target of a symbolic link.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;
    /// The current directory.
    fn current_dir(&self) -> io::Result<PathBuf>;
    /// Whether SQLite, which opens files itself, may open a database at this path, with the journals that it writes beside it.
    fn check_database(&self, _: &Path) -> io::Result<()> {
        refused()
    }
}

/// A file system that refuses everything.
pub struct NoFiles;

fn refused<T>() -> io::Result<T> {
    Err(ErrorKind::PermissionDenied.into())
}

impl Files for NoFiles {
    fn open(&self, _: &Path, _: OpenHow) -> io::Result<Arc<dyn OpenFile>> {
        refused()
    }

    fn by_number(&self, _: i64) -> io::Result<Arc<dyn OpenFile>> {
        refused()
    }

    fn take_over(&self, _: OwnedFd) -> io::Result<Arc<dyn OpenFile>> {
        refused()
    }

    fn duplicate(&self, _: i64) -> io::Result<Arc<dyn OpenFile>> {
        refused()
    }

    fn redirect(&self, _: i64, _: i64) -> io::Result<Option<Arc<dyn OpenFile>>> {
        refused()
    }

    fn terminal(&self) -> io::Result<[Arc<dyn OpenFile>; 2]> {
        refused()
    }

    fn pipe(&self) -> io::Result<[Arc<dyn OpenFile>; 2]> {
        refused()
    }

    fn stat(&self, _: &Path, _: Links) -> io::Result<Stat> {
        refused()
    }

    fn file_system(&self, _: &Path) -> io::Result<[u64; 11]> {
        refused()
    }

    fn list(&self, _: &Path) -> io::Result<Vec<Entry>> {
        refused()
    }

    fn change(&self, _: Change<'_>) -> io::Result<()> {
        refused()
    }

    fn read_link(&self, _: &Path) -> io::Result<PathBuf> {
        refused()
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        refused()
    }
}
