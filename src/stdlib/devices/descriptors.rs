//! Flags and locks of descriptors, and reading and writing at a position.
//!
//! No call waits: `library/fcntl.apy` asks again until a lock is free, so that other green threads go on.

use std::io;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, SealFlag, fcntl};
use nix::libc;
use nix::sys::uio::{pread, pwrite};
use rustix::fs::{FlockOperation, flock};
use rustix::io::ioctl_fionread;

use super::act;
use crate::stdlib::arg::Buffer;
use crate::vm::{Native, Vm};

pub const FCNTL: Native = Native::vm(
    "fcntl(fd, command, number, /)",
    "One of the commands that take a number.",
    |vm, args| {
        let (command, number) = (vm.index(args.at(1))?, vm.index(args.at(2))? as i32);
        let answer = act(vm, args.at(0), |fd| {
            let argument = argument(command, number).ok_or(Errno::EINVAL)?;
            Ok(fcntl(fd, argument)?)
        })?;
        Ok(vm.local(vm.heap.int(i64::from(answer))))
    },
);
pub const FLOCK: Native = Native::vm(
    "flock(fd, operation, /)",
    "Lock or unlock a whole file for this open file, without waiting.",
    |vm, args| {
        let operation = vm.index(args.at(1))?;
        act(vm, args.at(0), |fd| {
            let operation = match operation & 11 {
                1 => FlockOperation::NonBlockingLockShared,
                2 => FlockOperation::NonBlockingLockExclusive,
                8 => FlockOperation::Unlock,
                _ => return Err(Errno::EINVAL.into()),
            };
            Ok(flock(fd, operation)?)
        })?;
        Ok(vm.none())
    },
);
pub const LOCK: Native = Native::vm(
    "lock(fd, command, kind, whence, start, length, /)",
    "Set or ask for a lock of a part of a file, without waiting: kind, whence, start, length and process.",
    |vm, args| {
        let command = vm.index(args.at(1))?;
        let kind = vm.index(args.at(2))? as i16;
        let whence = vm.index(args.at(3))? as i16;
        let (start, length) = (vm.index(args.at(4))?, vm.index(args.at(5))?);
        let lock = act(vm, args.at(0), |fd| {
            let mut lock = libc::flock {
                l_type: kind,
                l_whence: whence,
                l_start: start,
                l_len: length,
                l_pid: 0,
            };
            fcntl(fd, lock_argument(command, &mut lock).ok_or(Errno::EINVAL)?)?;
            Ok(lock)
        })?;
        let fields = [
            i64::from(lock.l_type),
            i64::from(lock.l_whence),
            lock.l_start,
            lock.l_len,
            i64::from(lock.l_pid),
        ];
        let fields = fields.map(|field| vm.local(vm.heap.int(field)));
        Ok(vm.tuple_of(&fields))
    },
);
pub const PREAD: Native = Native::vm(
    "pread(fd, length, offset, /)",
    "Read up to length bytes at a position; the file's own position stays.",
    |vm, args| {
        let Ok(length) = usize::try_from(vm.index(args.at(1))?) else {
            return Err(invalid(vm));
        };
        let offset = vm.index(args.at(2))?;
        let mut data = crate::stdlib::io::zeroed(vm, length)?;
        let count = act(vm, args.at(0), |fd| Ok(pread(fd, &mut data, offset)?))?;
        data.truncate(count);
        Ok(vm.local(vm.heap.bytes(data).value()))
    },
);
pub const PWRITE: Native = Native::vm(
    "pwrite(fd, data, offset, /)",
    "Write bytes at a position; how many were written.",
    |vm, args| {
        let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
        let offset = vm.index(args.at(2))?;
        let count = act(vm, args.at(0), |fd| Ok(pwrite(fd, &data, offset)?))?;
        Ok(vm.local(vm.heap.usize(count)))
    },
);
pub const UNREAD: Native = Native::vm(
    "unread(fd, /)",
    "How many bytes can be read at once.",
    |vm, args| {
        let count = act(vm, args.at(0), |fd| Ok(ioctl_fionread(fd)?))?;
        Ok(vm.local(vm.heap.usize(count as usize)))
    },
);

fn invalid(vm: &mut Vm) -> crate::runtime::Raised {
    crate::stdlib::path::system_error(vm, &io::Error::from(Errno::EINVAL))
}

/// Linux's numbers of the commands.
fn argument(command: i64, number: i32) -> Option<FcntlArg<'static>> {
    Some(match i32::try_from(command).ok()? {
        libc::F_GETFD => FcntlArg::F_GETFD,
        libc::F_SETFD => FcntlArg::F_SETFD(FdFlag::from_bits_retain(number)),
        libc::F_GETFL => FcntlArg::F_GETFL,
        libc::F_SETFL => FcntlArg::F_SETFL(OFlag::from_bits_retain(number)),
        libc::F_GETPIPE_SZ => FcntlArg::F_GETPIPE_SZ,
        libc::F_SETPIPE_SZ => FcntlArg::F_SETPIPE_SZ(number),
        libc::F_ADD_SEALS => FcntlArg::F_ADD_SEALS(SealFlag::from_bits_retain(number)),
        libc::F_GET_SEALS => FcntlArg::F_GET_SEALS,
        _ => return None,
    })
}

fn lock_argument(command: i64, lock: &mut libc::flock) -> Option<FcntlArg<'_>> {
    Some(match i32::try_from(command).ok()? {
        libc::F_GETLK => FcntlArg::F_GETLK(lock),
        libc::F_SETLK => FcntlArg::F_SETLK(lock),
        libc::F_OFD_GETLK => FcntlArg::F_OFD_GETLK(lock),
        libc::F_OFD_SETLK => FcntlArg::F_OFD_SETLK(lock),
        _ => return None,
    })
}
