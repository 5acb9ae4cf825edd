//! `posix`: the calls of the system that `os` is made of.
//!
//! Each function is one call through the host, with CPython's arguments and errors; what is put together from them is written in apy
//! (`src/library/os.apy`). By area: `paths.rs` what takes paths, `descriptors.rs` what takes descriptors, `process.rs` the process and its
//! environment, `children.rs` other processes. To add one: a `Native` in the file of its area and a word in its table.

mod children;
mod descriptors;
mod paths;
mod process;
mod seldom;
mod system;

pub use descriptors::descriptor_of;
pub use process::system_entropy;

use crate::runtime::Raised;
use crate::stdlib::registry::NativeModule;
use crate::vm::files::Stat;
use crate::vm::{Local, Vm};

/// The module.
pub const POSIX: NativeModule = NativeModule {
    functions: &[
        &paths::STAT,
        &paths::LSTAT,
        &paths::ENTRIES,
        &paths::MKDIR,
        &paths::RMDIR,
        &paths::UNLINK,
        &paths::REMOVE,
        &paths::RENAME,
        &paths::REPLACE,
        &paths::LINK,
        &paths::SYMLINK,
        &paths::READLINK,
        &paths::CHMOD,
        &paths::UTIME,
        &paths::TRUNCATE,
        &paths::CHDIR,
        &paths::GETCWD,
        &paths::GETCWDB,
        &paths::ACCESS,
        &paths::FSPATH,
        &paths::FSENCODE,
        &paths::FSDECODE,
        &descriptors::OPEN,
        &descriptors::CLOSE,
        &descriptors::READ,
        &descriptors::WRITE,
        &descriptors::LSEEK,
        &descriptors::FSTAT,
        &descriptors::FTRUNCATE,
        &descriptors::FSYNC,
        &descriptors::ISATTY,
        &descriptors::DUP,
        &descriptors::DUP2,
        &descriptors::PIPE,
        &descriptors::GET_INHERITABLE,
        &descriptors::SET_INHERITABLE,
        &descriptors::GET_BLOCKING,
        &descriptors::SET_BLOCKING,
        &children::SPAWN,
        &children::BECOME,
        &children::WAIT,
        &children::KILL,
        &children::LEAVE,
        &children::KILLPG,
        &children::GETPGID,
        &children::GETSID,
        &process::GETPID,
        &process::EXECUTABLE,
        &process::COMMAND_LINE,
        &process::GETPPID,
        &process::GETUID,
        &process::GETGID,
        &process::URANDOM,
        &process::CPU_COUNT,
        &process::STRERROR,
        &process::ENVIRONMENT,
        &process::UNAME,
        &system::ABORT,
        &system::UMASK,
        &system::STATVFS,
        &system::MKFIFO,
        &system::SETSID,
        &system::CHOWN,
        &system::LCHOWN,
        &system::SETPGID,
        &seldom::CALL,
    ],
    ..NativeModule::of(
        "posix",
        "Calls of the operating system; os has them all, with more.",
    )
};

/// What the system knows about a file, as the fields of `os.stat_result` and six more.
fn stat_tuple(vm: &Vm, stat: &Stat) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let seconds = |time: i128| time.div_euclid(1_000_000_000) as i64;
    let big = |n: u64| match i64::try_from(n) {
        Ok(n) => heap.int(n),
        Err(_) => heap.big_int(n.into()),
    };
    let fields = [
        heap.int(i64::from(stat.mode)),
        big(stat.inode),
        big(stat.device),
        big(stat.links),
        heap.int(i64::from(stat.user)),
        heap.int(i64::from(stat.group)),
        big(stat.size),
        heap.int(seconds(stat.accessed)),
        heap.int(seconds(stat.modified)),
        heap.int(seconds(stat.changed)),
        heap.int(stat.accessed as i64),
        heap.int(stat.modified as i64),
        heap.int(stat.changed as i64),
        big(stat.block_size),
        big(stat.blocks),
        big(stat.special_device),
    ];
    Ok(vm.local(heap.tuple(&fields).value()))
}
